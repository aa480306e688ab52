import { patchify, type RgbFrames, resizePillow, roundHalfEven } from "@videosafety/video-sampler";
import type { VideoLlmConfig } from "../config/config.js";
import { PromptError } from "../errors.js";
import type { PreprocessorConfig, VideoTokenLimits } from "./preprocessor-config.js";
import { CONTEXT_SHARE, videoLimits } from "./qwen-vl-published.js";
import type { PatchedVideo } from "./visual-features.js";

/**
 * Frames to the patches of Qwen-VL: resized as `qwenVlSize`, normalised, and merged over `temporalPatchSize` frames: rows
 * are channel, frame, row, column. An odd last frame is repeated; an image is one frame, repeated likewise.
 *
 * @param frames uint8 [T, H, W, 3], T >= 1
 * @throws PromptError `visual-count` for an image of several frames, `frame-shape` for a side ratio over 200.
 * @see transformers 5.18 `Qwen2VLVideoProcessor.patchify`, `Qwen2VLImageProcessor`
 */
export function qwenVlPatches(
  frames: RgbFrames,
  kind: "video" | "image",
  config: VideoLlmConfig,
  preprocessor: PreprocessorConfig,
): PatchedVideo {
  const [count, height, width] = frames.dims;
  if (kind === "image" && count !== 1) {
    throw new PromptError(
      "visual-count",
      `expected one frame in an image, found ${count}; encode each image by itself`,
    );
  }
  const { patchSize, temporalPatchSize: span } = config.vision;
  const size = qwenVlSize({ height, width }, count, kind, config, preprocessor);
  const resized = size.height === height && size.width === width ? frames : resizePillow(frames, size, "bicubic");
  const triple = (values: readonly number[]) => values as unknown as readonly [number, number, number];
  const single = patchify(resized, {
    patchSize,
    mergeSize: config.mergeSize,
    mean: triple(preprocessor.imageMean),
    std: triple(preprocessor.imageStd),
    compression: false,
  });
  const groups = Math.ceil(count / span);
  const area = patchSize ** 2;
  const { channels } = config.vision;
  const patches = single.pixel_values.dims[0] / count;
  const source = single.pixel_values.data;
  const data = new Float32Array(groups * patches * channels * span * area);
  let to = 0;
  for (let group = 0; group < groups; group++) {
    for (let patch = 0; patch < patches; patch++) {
      for (let channel = 0; channel < channels; channel++) {
        for (let time = 0; time < span; time++, to += area) {
          const frame = Math.min(count - 1, group * span + time);
          const from = ((frame * patches + patch) * channels + channel) * area;
          data.set(source.subarray(from, from + area), to);
        }
      }
    }
  }
  const [, rows, columns] = single.grid_sizes.data as unknown as [number, number, number];
  return {
    pixel_values: { data, dims: [groups * patches, channels * span * area] },
    grid_sizes: { data: Int32Array.of(groups, rows, columns) },
    merge_sizes: single.merge_sizes,
    compressionMask: new Uint8Array((groups * patches) / config.mergeSize ** 2).fill(1),
  };
}

/**
 * The size an image or a frame is resized to: multiples of patch times merge, between two limits of its area, the ratio
 * kept as far as that goes. The frames of a video share a budget.
 *
 * @see transformers 5.18 `smart_resize`; qwen-vl-utils for the budget of a video
 */
export function qwenVlSize(
  { height, width }: { readonly height: number; readonly width: number },
  frameCount: number,
  kind: "video" | "image",
  config: VideoLlmConfig,
  preprocessor: PreprocessorConfig,
): { height: number; width: number } {
  const ratio = Math.max(height, width) / Math.min(height, width);
  if (ratio > 200) {
    throw new PromptError(
      "frame-shape",
      `expected frames whose sides differ at most 200 times, found ${height} x ${width}; crop them`,
    );
  }
  const factor = config.vision.patchSize * config.mergeSize;
  if (kind === "video" && preprocessor.video?.wholeVideo)
    return wholeVideoSize({ height, width }, frameCount, factor, config, preprocessor.video);
  const limits = kind === "image" ? preprocessor : videoLimits(preprocessor);
  const least = limits.minTokens * factor ** 2;
  let most = limits.maxTokens * factor ** 2;
  if ("contextTokens" in limits) {
    const budget = Math.trunc(limits.contextTokens * factor ** 2 * CONTEXT_SHARE) * config.vision.temporalPatchSize;
    most = Math.max(Math.min(most, Math.floor(budget / frameCount)), Math.trunc(least * 1.05));
  }
  const toFactor = (side: number, round: (x: number) => number): number => round(side / factor) * factor;
  const size = { height: toFactor(height, roundHalfEven), width: toFactor(width, roundHalfEven) };
  if (size.height * size.width > most) {
    const shrink = Math.sqrt((height * width) / most);
    const down = (side: number): number => Math.max(factor, toFactor(side / shrink, Math.floor));
    return { height: down(height), width: down(width) };
  }
  if (size.height * size.width < least) {
    const grow = Math.sqrt(least / (height * width));
    return { height: toFactor(height * grow, Math.ceil), width: toFactor(width * grow, Math.ceil) };
  }
  return size;
}

/** Qwen3-VL: all frames of a video together stay between the limits. @see transformers 5.18 `Qwen3VLVideoProcessor` */
function wholeVideoSize(
  source: { readonly height: number; readonly width: number },
  frameCount: number,
  factor: number,
  { vision }: VideoLlmConfig,
  limits: VideoTokenLimits,
): { height: number; width: number } {
  const span = vision.temporalPatchSize;
  const smallest = Math.min(source.height, source.width);
  const grow = smallest < factor ? factor / smallest : 1;
  const [height, width] = [source.height, source.width].map((side) => Math.trunc(side * grow)) as [number, number];
  // A video of one frame is repeated to fill its pair.
  const frames = Math.max(frameCount, span);
  const rounded = Math.max(span, roundHalfEven(frames / span) * span);
  const [least, most] = [limits.minTokens * factor ** 2, limits.maxTokens * factor ** 2];
  const size = { height: roundHalfEven(height / factor) * factor, width: roundHalfEven(width / factor) * factor };
  if (rounded * size.height * size.width > most) {
    const shrink = Math.sqrt((frames * height * width) / most);
    const down = (side: number): number => Math.max(factor, Math.floor(side / shrink / factor) * factor);
    return { height: down(height), width: down(width) };
  }
  if (rounded * size.height * size.width < least) {
    const enlarge = Math.sqrt(least / (frames * height * width));
    const up = (side: number): number => Math.ceil((side * enlarge) / factor) * factor;
    return { height: up(height), width: up(width) };
  }
  return size;
}
