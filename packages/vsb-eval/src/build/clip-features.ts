import type { SampledVideo } from "@videosafety/video-sampler";
import { frameView } from "../arms/frame-edits.js";

/** A feature vector of a frame, e.g. from DINOv2: decides whether a clip moves by meaning and not by pixels. */
export type FrameFeatures = (frame: Uint8Array, width: number, height: number) => Promise<Float32Array>;

/** Mean absolute difference of neighbouring frames in grey levels, averaged over the clip; 0 for fewer than 2 frames. */
export function meanFrameDifference(video: SampledVideo): number {
  const [count] = video.frames.dims;
  if (count < 2) return 0;
  let total = 0;
  for (let t = 1; t < count; t++) {
    const before = frameView(video, t - 1);
    const now = frameView(video, t);
    let sum = 0;
    for (let i = 0; i < now.length; i++) sum += Math.abs((now[i] as number) - (before[i] as number));
    total += sum / now.length;
  }
  return total / (count - 1);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += (a[i] as number) * (b[i] as number);
    aa += (a[i] as number) ** 2;
    bb += (b[i] as number) ** 2;
  }
  return aa === 0 || bb === 0 ? 1 : dot / Math.sqrt(aa * bb);
}

/** Mean cosine similarity of neighbouring frames' features; 1 for fewer than 2 frames. */
export async function meanFeatureSimilarity(video: SampledVideo, features: FrameFeatures): Promise<number> {
  const [count, height, width] = video.frames.dims;
  if (count < 2) return 1;
  const vectors: Float32Array[] = [];
  for (let t = 0; t < count; t++) vectors.push(await features(frameView(video, t), width, height));
  let total = 0;
  for (let t = 1; t < count; t++) total += cosine(vectors[t - 1] as Float32Array, vectors[t] as Float32Array);
  return total / (count - 1);
}

/** When a clip is static and leaves the benchmark. */
export interface StaticRule {
  /** Static below this mean difference in grey levels; default 1.5 (assumed: the paper gives no threshold). */
  readonly minDifference?: number;
  /** Features, with which clips above `maxSimilarity` (default 0.98, assumed) are static too. */
  readonly features?: FrameFeatures;
  /** See `features`. */
  readonly maxSimilarity?: number;
}

/** Whether a clip hardly changes, so that a single image would do. The paper filters on DINOv2 features. */
export async function isStaticClip(video: SampledVideo, rule: StaticRule = {}): Promise<boolean> {
  if (meanFrameDifference(video) < (rule.minDifference ?? 1.5)) return true;
  if (rule.features === undefined) return false;
  return (await meanFeatureSimilarity(video, rule.features)) > (rule.maxSimilarity ?? 0.98);
}

/**
 * A 64-bit difference hash of the middle frame: bit (y, x) says whether grey cell x + 1 is brighter than cell x in row y
 * of an 8 x 9 grid. Re-encoded copies differ in a few bits.
 */
export function clipHash(video: SampledVideo): bigint {
  const [count, height, width] = video.frames.dims;
  const frame = frameView(video, count >> 1);
  const cell = (row: number, column: number): number => {
    const [top, bottom] = [Math.floor((row * height) / 8), Math.max(Math.floor(((row + 1) * height) / 8), 1)];
    const [left, right] = [Math.floor((column * width) / 9), Math.max(Math.floor(((column + 1) * width) / 9), 1)];
    let sum = 0;
    let n = 0;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const at = 3 * (y * width + x);
        sum += 0.299 * (frame[at] as number) + 0.587 * (frame[at + 1] as number) + 0.114 * (frame[at + 2] as number);
        n++;
      }
    }
    return n === 0 ? 0 : sum / n;
  };
  let hash = 0n;
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++)
      hash = (hash << 1n) | (cell(row, column + 1) > cell(row, column) ? 1n : 0n);
  }
  return hash;
}

/** Bits in which two hashes differ. */
export function hashDistance(a: bigint, b: bigint): number {
  let difference = a ^ b;
  let bits = 0;
  for (; difference > 0n; difference &= difference - 1n) bits++;
  return bits;
}
