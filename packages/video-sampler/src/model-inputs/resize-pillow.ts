import { InvalidPlanError } from "../errors.js";
import type { ImageSize, RgbFrames } from "../video/sampled-video.js";
import { requirePositiveIntegers } from "./video-llama3-image-size.js";

/** Pillow's resampling filters that models use. */
export type PillowFilter = "bilinear" | "bicubic" | "lanczos";

// Weights are fixed-point with 22 fractional bits, as in Pillow's 8-bit path.
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

const FILTERS: Record<PillowFilter, { readonly support: number; readonly weight: (x: number) => number }> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight: (signed) => {
      const a = -0.5;
      const x = Math.abs(signed);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Fixed-point weights of one side. */
export interface ResampleWeights {
  /** First source index of each output index. */
  readonly start: Int32Array;
  /** Number of source samples of each output index. */
  readonly count: Int32Array;
  /** `[output, stride]` fixed-point weights. */
  readonly weights: Int32Array;
  /** Weights per output index. */
  readonly stride: number;
}

/** Pillow's weights for resizing one side, with 22 fractional bits. */
export function resampleWeights(source: number, target: number, filter: PillowFilter): ResampleWeights {
  const { support, weight } = FILTERS[filter];
  const scale = source / target;
  const widening = Math.max(scale, 1);
  const reach = support * widening;
  const stride = Math.ceil(reach) * 2 + 1;
  const start = new Int32Array(target);
  const count = new Int32Array(target);
  const weights = new Int32Array(target * stride);
  const row = new Float64Array(stride);
  const inverse = 1 / widening;
  for (let i = 0; i < target; i++) {
    const center = (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - reach + 0.5));
    const length = Math.min(source, Math.trunc(center + reach + 0.5)) - from;
    let sum = 0;
    for (let k = 0; k < length; k++) sum += row[k] = weight((k + from - center + 0.5) * inverse);
    for (let k = 0; k < length; k++) {
      const value = ((row[k] as number) / (sum || 1)) * 2 ** PRECISION_BITS;
      weights[i * stride + k] = Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
    }
    start[i] = from;
    count[i] = length;
  }
  return { start, count, weights, stride };
}

/** Three interleaved channels, along x. */
function resampleRowsInto(
  target: Uint8ClampedArray,
  source: Uint8Array,
  width: number,
  targetWidth: number,
  w: ResampleWeights,
) {
  const rows = target.length / (targetWidth * 3);
  for (let y = 0; y < rows; y++) {
    const line = y * width * 3;
    let out = y * targetWidth * 3;
    for (let x = 0; x < targetWidth; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let at = line + (w.start[x] as number) * 3;
      const first = x * w.stride;
      const end = first + (w.count[x] as number);
      for (let k = first; k < end; k++) {
        const weight = w.weights[k] as number;
        red += (source[at] as number) * weight;
        green += (source[at + 1] as number) * weight;
        blue += (source[at + 2] as number) * weight;
        at += 3;
      }
      target[out++] = red >> PRECISION_BITS;
      target[out++] = green >> PRECISION_BITS;
      target[out++] = blue >> PRECISION_BITS;
    }
  }
}

function resampleColumnsInto(target: Uint8ClampedArray, source: Uint8Array, lineLength: number, w: ResampleWeights) {
  const sums = new Int32Array(lineLength);
  for (let y = 0; y < w.start.length; y++) {
    sums.fill(HALF);
    for (let k = 0; k < (w.count[y] as number); k++) {
      const weight = w.weights[y * w.stride + k] as number;
      const line = ((w.start[y] as number) + k) * lineLength;
      for (let x = 0; x < lineLength; x++) sums[x] = (sums[x] as number) + (source[line + x] as number) * weight;
    }
    const out = y * lineLength;
    for (let x = 0; x < lineLength; x++) target[out + x] = (sums[x] as number) >> PRECISION_BITS;
  }
}

/** A resize prepared for one pair of sizes: takes `height * width * 3` bytes and returns a new buffer. */
export type PreparedResize = (image: Uint8Array) => Uint8Array;

/**
 * Prepares {@link resizePillow} for many images of one size.
 * @throws InvalidPlanError when a side is not a positive integer
 */
export function prepareResizePillow(
  source: ImageSize,
  target: ImageSize,
  filter: PillowFilter = "bicubic",
): PreparedResize {
  requirePositiveIntegers({ height: source.height, width: source.width });
  requirePositiveIntegers({ targetHeight: target.height, targetWidth: target.width });
  const horizontal = source.width === target.width ? null : resampleWeights(source.width, target.width, filter);
  const vertical = source.height === target.height ? null : resampleWeights(source.height, target.height, filter);
  const lineLength = target.width * 3;
  return (image) => {
    let current = image;
    if (horizontal !== null) {
      const rows = new Uint8ClampedArray(source.height * lineLength);
      resampleRowsInto(rows, image, source.width, target.width, horizontal);
      current = asBytes(rows);
    }
    if (vertical !== null) {
      const columns = new Uint8ClampedArray(target.height * lineLength);
      resampleColumnsInto(columns, current, lineLength, vertical);
      current = asBytes(columns);
    }
    return current === image ? image.slice() : current;
  };
}

function asBytes(clamped: Uint8ClampedArray): Uint8Array {
  return new Uint8Array(clamped.buffer, clamped.byteOffset, clamped.byteLength);
}

/**
 * Resizes RGB frames exactly as Pillow's `Image.resize(..., resample)` does: antialiased, two passes, 8-bit in between.
 * @param frames uint8 `[T, H, W, 3]`
 * @param target size in pixels
 * @param filter default `bicubic` (a = -0.5)
 * @returns new frames, uint8 `[T, target.height, target.width, 3]`
 * @throws InvalidPlanError when the data's length does not match `dims`, or a side is not a positive integer
 */
export function resizePillow(frames: RgbFrames, target: ImageSize, filter: PillowFilter = "bicubic"): RgbFrames {
  const [count, height, width] = frames.dims;
  requireRgbFrames(frames);
  const resize = prepareResizePillow({ height, width }, target, filter);
  const sourceSize = height * width * 3;
  const targetSize = target.height * target.width * 3;
  const data = new Uint8Array(count * targetSize);
  for (let t = 0; t < count; t++)
    data.set(resize(frames.data.subarray(t * sourceSize, (t + 1) * sourceSize)), t * targetSize);
  return { data, dims: [count, target.height, target.width, 3] };
}

/** Throws {@link InvalidPlanError} unless `data` holds exactly what `dims` says. */
export function requireRgbFrames(frames: RgbFrames): void {
  const [count, height, width, channels] = frames.dims;
  if (channels !== 3 || frames.data.length !== count * height * width * 3)
    throw new InvalidPlanError(
      `Expected uint8 RGB frames [T, H, W, 3] with T*H*W*3 bytes; got dims [${frames.dims.join(", ")}] and ${frames.data.length} bytes.`,
    );
}
