import { resampleWeights } from "../model-inputs/resize-pillow.js";
import { requirePositiveIntegers } from "../model-inputs/video-llama3-image-size.js";
import type { ImageSize } from "../video/sampled-video.js";

/** How a model cuts resized frames into tokens. */
export interface TokenGrid {
  /** Side of the square of resized pixels that one token stands for, such as 28. */
  readonly tokenSide: number;
  /** Token compression that drops tokens which differ too little from the sampled frame before; absent: none. */
  readonly compression?: {
    /** Least mean difference, on pixels divided by the standard deviation (VideoLLaMA3: 0.1). */
    readonly threshold: number;
    /** Standard deviation (VideoLLaMA3: 0.5). */
    readonly std: number;
  };
}

/** The most and the least over all places where something may stand. */
export interface Extremes {
  /** Where it shows best. */
  readonly best: number;
  /** Where it shows worst. */
  readonly worst: number;
}

/** What is left of a square patch of a frame that is shown. */
export interface PatchVisibility {
  /** Side of the patch in pixels of the source. */
  readonly sidePixels: number;
  /** Its size after resizing, in pixels. */
  readonly resized: ImageSize;
  /** By what its difference to the surroundings is multiplied at its strongest resized pixel; 1 or more: fully there. */
  readonly contrast: Extremes;
  /** Largest share of one token that it makes up (the change of the token's mean over the patch's own). */
  readonly tokenShare: Extremes;
  /**
   * Least difference to the frame before, in grey levels over the whole patch, from which token compression keeps a token that
   * shows it; null without compression. Above 255 no patch of this size is ever kept there.
   */
  readonly keptFromGreyLevels: Extremes | null;
}

/**
 * How much of a patch survives resizing and token compression, by the resize's own weights.
 *
 * Pillow's bicubic resize is separable: a patch of ones over zeros, rows [y, y + p) and columns [x, x + p), becomes the outer
 * product of two responses u_i = sum of the weights of output row i within the patch, and v_j likewise. Its strongest pixel is max u *
 * max v, and the mean over a token of s x s pixels is (sum of u over the token's rows / s) * (sum of v over its columns / s), largest
 * over the tokens. Both factors are taken over every position of the patch along their side, so best and worst are exact but for the
 * rounding to bytes. A token is kept when |difference| * share / std exceeds the threshold, hence from threshold * std / share on.
 *
 * @param source size of the frame as shown
 * @param target size it is resized to
 * @param sides sides of the patches in source pixels; larger ones than the frame are cut to it
 * @throws InvalidPlanError when a size or side is not a positive integer
 */
export function patchVisibility(
  source: ImageSize,
  target: ImageSize,
  grid: TokenGrid,
  sides: readonly number[],
): PatchVisibility[] {
  requirePositiveIntegers({ height: source.height, width: source.width, tokenSide: grid.tokenSide });
  requirePositiveIntegers({ targetHeight: target.height, targetWidth: target.width });
  return sides.map((sidePixels) => {
    requirePositiveIntegers({ sidePixels });
    const rows = responsesAlong(source.height, target.height, grid.tokenSide, sidePixels);
    const columns = responsesAlong(source.width, target.width, grid.tokenSide, sidePixels);
    const product = (pick: (along: AxisResponse) => Extremes): Extremes => ({
      best: pick(rows).best * pick(columns).best,
      worst: pick(rows).worst * pick(columns).worst,
    });
    const tokenShare = product(({ share }) => share);
    const { compression } = grid;
    const least = (share: number) =>
      compression === undefined || share <= 0
        ? Number.POSITIVE_INFINITY
        : (compression.threshold * compression.std) / share;
    return {
      sidePixels,
      resized: {
        height: (Math.min(sidePixels, source.height) * target.height) / source.height,
        width: (Math.min(sidePixels, source.width) * target.width) / source.width,
      },
      contrast: product(({ peak }) => peak),
      tokenShare,
      keptFromGreyLevels:
        compression === undefined ? null : { best: least(tokenShare.best), worst: least(tokenShare.worst) },
    };
  });
}

interface AxisResponse {
  readonly peak: Extremes;
  readonly share: Extremes;
}

/** Strongest response, and largest share of a token, of a stretch of `side` pixels at every position along one side. */
function responsesAlong(source: number, target: number, tokenSide: number, side: number): AxisResponse {
  const { start, count, weights, stride } = resampleWeights(source, target, "bicubic");
  const length = Math.min(side, source);
  // Sums of weights up to each source pixel, so that a response is a difference.
  const sums = new Float64Array(target * (stride + 1));
  for (let i = 0; i < target; i++)
    for (let k = 0; k < (count[i] as number); k++)
      sums[i * (stride + 1) + k + 1] =
        (sums[i * (stride + 1) + k] as number) + (weights[i * stride + k] as number) / 2 ** 22;
  const upTo = (i: number, pixel: number) =>
    sums[i * (stride + 1) + Math.max(0, Math.min(count[i] as number, pixel - (start[i] as number)))] as number;
  const peaks: number[] = [];
  const shares: number[] = [];
  for (let position = 0; position + length <= source; position++) {
    // Only output pixels whose reach touches the stretch respond.
    const from = Math.max(0, Math.floor((position * target) / source) - 3);
    const to = Math.min(target, Math.ceil(((position + length) * target) / source) + 3);
    let peak = 0;
    const tokens = new Map<number, number>();
    for (let i = from; i < to; i++) {
      const response = upTo(i, position + length) - upTo(i, position);
      peak = Math.max(peak, response);
      const token = Math.floor(i / tokenSide);
      tokens.set(token, (tokens.get(token) ?? 0) + response);
    }
    peaks.push(peak);
    shares.push(Math.max(...tokens.values()) / tokenSide);
  }
  return { peak: extremes(peaks), share: extremes(shares) };
}

function extremes(values: readonly number[]): Extremes {
  let [best, worst] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const value of values) {
    best = Math.max(best, value);
    worst = Math.min(worst, value);
  }
  return { best, worst };
}
