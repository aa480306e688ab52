import { PromptError } from "../errors.js";

/** Patches of one video or image, as video-sampler's `patchify` gives them. */
export interface PatchedVideo {
  /** Normalised patches [T h w, C p p] in merge-block order. */
  readonly pixel_values: { readonly data: Float32Array; readonly dims: readonly number[] };
  /** [[T, h, w]] in patches. */
  readonly grid_sizes: { readonly data: ArrayLike<number> };
  /** [m]. */
  readonly merge_sizes: { readonly data: ArrayLike<number> };
  /** One byte a merged token, 1 = kept. */
  readonly compressionMask: Uint8Array;
}

/** A video made ready for the model once, and used for any number of queries. Made by `encodeVideo`. */
export interface VisualFeatures {
  /** Whether frames are labelled with times. */
  readonly kind: "video" | "image";
  /** Time of each frame of the grid, [T] seconds; of a pair, the first one's. */
  readonly timestampsSeconds: Float64Array;
  /** Time of each frame that prompts tell, [T] seconds, where it is another: Qwen3-VL tells the middle of a pair. */
  readonly toldSeconds?: Float64Array;
  /** Squares an image was cut into, in rows, before the whole one (SmolVLM2). */
  readonly tiles?: { readonly rows: number; readonly columns: number };
  /** The patches, kept for training the vision encoder and for encoding again after it changed. */
  readonly patches: PatchedVideo;
  /** Seconds from one frame of the grid (Qwen-VL: pair of frames) to the next; 1 where there is one. */
  readonly secondsPerGrid: number;
  /** Frames (Qwen-VL: pairs of frames), patch rows, patch columns. */
  readonly grid: readonly [number, number, number];
  /** Patches merged into a token along each side. */
  readonly mergeSize: number;
  /** Merged tokens kept by token compression, ascending, [N]. */
  readonly keptTokens: Int32Array;
  /** Kept tokens of each frame, [T]; sums to N. */
  readonly frameTokenCounts: Int32Array;
}

/**
 * Checks patches and lists the tokens that compression keeps.
 *
 * @throws PromptError `empty-video` for zero frames, `visual-count` when sizes contradict each other, `timestamps` for times that
 *   are none.
 */
export function prepareVisual(
  patches: PatchedVideo,
  timestampsSeconds: ArrayLike<number>,
  options: {
    kind?: "video" | "image";
    compress?: boolean;
    secondsPerGrid?: number | undefined;
    toldSeconds?: ArrayLike<number> | undefined;
    tiles?: VisualFeatures["tiles"];
  } = {},
): VisualFeatures {
  const { kind = "video", compress = true, secondsPerGrid = meanStep(timestampsSeconds), toldSeconds, tiles } = options;
  const [frames = 0, rows = 0, columns = 0] = Array.from(patches.grid_sizes.data);
  const mergeSize = patches.merge_sizes.data[0] ?? 1;
  if (frames < 1 || rows < 1 || columns < 1) {
    throw new PromptError(
      "empty-video",
      `expected at least one frame, found a grid of ${frames} x ${rows} x ${columns} patches; sample the video with minFrames: 1`,
    );
  }
  if (timestampsSeconds.length !== frames) {
    throw new PromptError(
      "visual-count",
      `expected ${frames} timestamps, one per frame, found ${timestampsSeconds.length}`,
    );
  }
  checkTimes(timestampsSeconds, "of frames");
  checkTimes(toldSeconds ?? [], "told of frames");
  const tokensPerFrame = (rows * columns) / mergeSize ** 2;
  if (
    patches.pixel_values.dims[0] !== frames * rows * columns ||
    patches.compressionMask.length !== frames * tokensPerFrame
  ) {
    throw new PromptError(
      "visual-count",
      `expected ${frames * rows * columns} patches and ${frames * tokensPerFrame} mask entries for a grid of ${frames} x ${rows} x ${columns}, found ${patches.pixel_values.dims[0]} and ${patches.compressionMask.length}`,
    );
  }
  const kept: number[] = [];
  const frameTokenCounts = new Int32Array(frames);
  for (let token = 0; token < frames * tokensPerFrame; token++) {
    if (compress && frames > 1 && patches.compressionMask[token] === 0) continue;
    kept.push(token);
    const frame = Math.floor(token / tokensPerFrame);
    frameTokenCounts[frame] = (frameTokenCounts[frame] as number) + 1;
  }
  return {
    kind,
    timestampsSeconds: Float64Array.from(timestampsSeconds),
    ...(toldSeconds && { toldSeconds: Float64Array.from(toldSeconds) }),
    ...(tiles && { tiles }),
    patches,
    secondsPerGrid,
    grid: [frames, rows, columns],
    mergeSize,
    keptTokens: Int32Array.from(kept),
    frameTokenCounts,
  };
}

/** Mean seconds from one time to the next; 1 where there is no next. */
export function meanStep(times: ArrayLike<number>): number {
  const step = ((times[times.length - 1] ?? 0) - (times[0] ?? 0)) / (times.length - 1);
  return step > 0 ? step : 1;
}

/** @throws PromptError `timestamps` unless all times are finite and not negative. */
export function checkTimes(seconds: ArrayLike<number>, what: string): void {
  const wrong = Array.from(seconds).find((time) => !(Number.isFinite(time) && time >= 0));
  if (wrong === undefined) return;
  throw new PromptError(
    "timestamps",
    `expected times ${what} in seconds from 0, found ${wrong}; give timestampsSeconds as sampled`,
  );
}
