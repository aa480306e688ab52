import { z } from "zod";
import { InvalidPlanError } from "../errors.js";
import { requireRgbFrames } from "../model-inputs/resize-pillow.js";
import type { RgbFrames } from "../video/sampled-video.js";

/** Blocks along each side of a frame whose mean colour is kept, for telling a rounding from another picture. */
const BLOCKS = 8;
/** Values kept of a tensor, evenly over its elements. */
const PROBES = 256;

const tensorSchema = z.strictObject({
  dims: z.array(z.number().int().min(0)),
  /** Elements at floor(i * (n - 1) / 255) for i = 0 .. 255, or all of fewer. */
  values: z.array(z.number()).max(PROBES),
});

/** Strict schema of a fingerprint file, version 1. */
export const fingerprintSchema = z.strictObject({
  format: z.literal("video-fingerprint/1"),
  /** Who made it, such as `video-sampler qwen2.5-vl` or `transformers 5.18.0`. */
  loader: z.string(),
  /** `[T, H, W]` of the frames. */
  frames: z.tuple([z.number().int().min(0), z.number().int().min(0), z.number().int().min(0)]),
  /** Time of each frame in seconds. */
  timesSeconds: z.array(z.number()),
  /** SHA-256 of the bytes of each frame, RGB, row-major; hexadecimal. */
  pixelsSha256: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  /** Mean red, green and blue of the 8 x 8 blocks of each frame: `[T][192]`. */
  blockMeans: z.array(z.array(z.number()).length(BLOCKS * BLOCKS * 3)),
  /** Sampled frames per second of video, where the loader says. */
  sampledFrameRate: z.number().nullable(),
  /** Values of each tensor the model is given, by name. */
  tensors: z.record(z.string(), tensorSchema),
  /** The prompt's token ids, or null. */
  promptIds: z.array(z.number().int()).nullable(),
});

/** What a model was given of a video: hashes and probes that two loaders can be compared by. */
export type Fingerprint = z.output<typeof fingerprintSchema>;

/** A video to take the fingerprint of; a `SampledVideo` is one. */
export interface FingerprintSource {
  /** uint8 `[T, H, W, 3]`. */
  readonly frames: RgbFrames;
  /** `[T]` seconds. */
  readonly timestampsSeconds: ArrayLike<number>;
  /** Sampled frames per second of video. */
  readonly sampledFrameRate?: number;
}

/** What else the model is given. */
export interface FingerprintExtras {
  /** Who made it. Default `video-sampler`. */
  readonly loader?: string;
  /** Tensors by the model's own names, such as those of `patchify`. */
  readonly tensors?: Readonly<Record<string, { readonly data: ArrayLike<number>; readonly dims: readonly number[] }>>;
  /** The prompt's token ids. */
  readonly promptIds?: ArrayLike<number>;
}

/**
 * What a training run and a server must agree on: times, pixels, patches and prompt ids of one video, as hashes and probes. Written to
 * JSON on both sides, `compareFingerprints` or `video-sampler parity` tells whether they see the same. `tools/video_fingerprint.py`
 * writes the same from transformers and qwen-vl-utils.
 * @throws InvalidPlanError when times are not one per frame
 */
export async function fingerprint(video: FingerprintSource, extras: FingerprintExtras = {}): Promise<Fingerprint> {
  requireRgbFrames(video.frames);
  const [count, height, width] = video.frames.dims;
  if (video.timestampsSeconds.length !== count)
    throw new InvalidPlanError(`Expected one time per frame, ${count}; got ${video.timestampsSeconds.length}.`);
  const size = height * width * 3;
  const images = Array.from({ length: count }, (_, t) => video.frames.data.subarray(t * size, (t + 1) * size));
  return {
    format: "video-fingerprint/1",
    loader: extras.loader ?? "video-sampler",
    frames: [count, height, width],
    timesSeconds: Array.from(video.timestampsSeconds),
    pixelsSha256: await Promise.all(images.map(sha256)),
    blockMeans: images.map((image) => blockMeans(image, height, width)),
    sampledFrameRate: video.sampledFrameRate ?? null,
    tensors: Object.fromEntries(
      Object.entries(extras.tensors ?? {}).map(([name, { data, dims }]) => [
        name,
        { dims: [...dims], values: probes(data) },
      ]),
    ),
    promptIds: extras.promptIds === undefined ? null : Array.from(extras.promptIds),
  };
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Mean colour of the blocks that rows floor(i H / 8) and columns floor(j W / 8) bound; 0 for empty blocks. */
function blockMeans(image: Uint8Array, height: number, width: number): number[] {
  const means: number[] = [];
  const edge = (i: number, side: number) => Math.floor((i * side) / BLOCKS);
  for (let row = 0; row < BLOCKS; row++)
    for (let column = 0; column < BLOCKS; column++)
      for (let channel = 0; channel < 3; channel++) {
        let [sum, pixels] = [0, 0];
        for (let y = edge(row, height); y < edge(row + 1, height); y++)
          for (let x = edge(column, width); x < edge(column + 1, width); x++, pixels++)
            sum += image[(y * width + x) * 3 + channel] as number;
        means.push(pixels === 0 ? 0 : Number((sum / pixels).toFixed(4)));
      }
  return means;
}

function probes(data: ArrayLike<number>): number[] {
  const kept = Math.min(PROBES, data.length);
  const at = (i: number) => (kept < 2 ? i : Math.floor((i * (data.length - 1)) / (kept - 1)));
  return Array.from({ length: kept }, (_, i) => data[at(i)] as number);
}
