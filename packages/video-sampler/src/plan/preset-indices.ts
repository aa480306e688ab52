import { InvalidPlanError } from "../errors.js";
import { npLinspaceIntegers, roundHalfEven } from "../model-inputs/python-rounding.js";

/** What the index rules of model presets are given. */
export interface PresetSource {
  /** Frames in the video (or range). */
  readonly total: number;
  /** Average frames per second of the video. */
  readonly frameRate: number;
}

/**
 * transformers' `VideoLlama3VideoProcessor.sample_frames`: n = clamp(total / frameRate * fps, minFrames, min(maxFrames,
 * total)), then `torch.arange(0, total, total / n).int()` in float32.
 */
export function videoLlama3HfIndices(
  { total, frameRate }: PresetSource,
  fps: number,
  minFrames: number,
  maxFrames: number,
): number[] {
  const wanted = (total / frameRate) * fps;
  const count = Math.floor(Math.min(Math.max(wanted, minFrames), Math.min(maxFrames, total)));
  return torchArangeIndices(total, count);
}

/**
 * How many frames qwen-vl-utils takes at `fps`: an even number, between `minFrames` and `maxFrames` and within the video.
 * @throws InvalidPlanError when the video has fewer than 2 frames
 */
export function qwenVlFrameCount(
  { total, frameRate }: PresetSource,
  fps: number,
  minFrames: number,
  maxFrames: number,
): number {
  const floorEven = (value: number) => Math.floor(value / 2) * 2;
  const least = Math.ceil(minFrames / 2) * 2;
  const most = floorEven(Math.min(maxFrames, total));
  const count = floorEven(Math.min(Math.min(Math.max((total / frameRate) * fps, least), most), total));
  return requireQwenCount(count, total);
}

/** @throws InvalidPlanError unless 2 <= count <= total */
export function requireQwenCount(count: number, total: number): number {
  if (count >= 2 && count <= total) return count;
  throw new InvalidPlanError(
    `Qwen2.5-VL takes between 2 and all ${total} frames of the video; the plan asks for ${count}. Ask for fewer, or set short to "clamp" or "repeat".`,
  );
}

/**
 * transformers' `Qwen2VLVideoProcessor.sample_frames` at a rate: a count as qwen-vl-utils has it, then `torch.arange(0, total, total
 * / count).int()` in float32. 354 of 400 random cases differ from {@link qwenVlIndices}.
 * @throws InvalidPlanError when the video has fewer than 2 frames
 */
export function qwenVlHfIndices(total: number, count: number): number[] {
  requireQwenCount(count, total);
  return torchArangeIndices(total, count);
}

/** transformers' `Qwen3VLVideoProcessor.sample_frames`: `numpy.linspace(0, total - 1, count).round()`, at least `minFrames` where there are. */
export function qwen3VlIndices(
  { total, frameRate }: PresetSource,
  plan: {
    readonly fps: number;
    readonly minFrames: number;
    readonly maxFrames: number;
    readonly frameCount?: number | undefined;
  },
): number[] {
  const atRate = Math.trunc((total / frameRate) * plan.fps);
  const count = plan.frameCount ?? Math.min(Math.max(atRate, plan.minFrames), plan.maxFrames, total);
  const step = (total - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? total - 1 : roundHalfEven(i * step || 0)));
}

/** `torch.arange(0, total, total / count).int()`: rounding may give one element more than `count`. */
function torchArangeIndices(total: number, count: number): number[] {
  const step = total / count;
  return Array.from({ length: Math.ceil(total / step) }, (_, i) => Math.trunc(Math.fround(i * step)));
}

/**
 * `torch.linspace(start, end, count).round().long()` as qwen-vl-utils samples: float32, the first half counted from the
 * start and the second backwards from the end, ties to even.
 */
export function qwenVlIndices(start: number, end: number, count: number): number[] {
  if (count === 1) return [start];
  const step = Math.fround((end - start) / (count - 1));
  const half = Math.floor(count / 2);
  return Array.from({ length: count }, (_, i) => {
    // One rounding per element: torch's kernel multiplies and adds in a fused operation.
    const value = i < half ? start + step * i : end - step * (count - 1 - i);
    return roundHalfEven(Math.fround(value));
  });
}

/** transformers' `SmolVLMVideoProcessor.sample_frames`: a second is skipped at each end of long videos. */
export function smolVlmIndices(
  { total, frameRate }: PresetSource,
  fps: number,
  maxFrames: number,
  skipSeconds = 1,
): number[] {
  const duration = total / frameRate;
  const count = Math.max(1, Math.min(roundHalfEven(fps * duration), maxFrames));
  let start = 0;
  let end = total - 1;
  if (skipSeconds > 0 && duration - 2 * skipSeconds > maxFrames * fps) {
    start = Math.max(0, Math.trunc(skipSeconds * frameRate));
    end = Math.min(total - 1, Math.trunc(total - skipSeconds * frameRate));
  }
  if (start >= end) [start, end] = [0, total - 1];
  return [...new Set(npLinspaceIntegers(start, end, count))].sort((a, b) => a - b);
}
