import { InvalidPlanError } from "../errors.js";
import { npLinspaceIntegers, roundHalfEven } from "../model-inputs/python-rounding.js";
import { endSeconds, type FrameIndex, frameTimeSeconds, lastAtMost } from "./frame-index.js";
import { frameRateOf } from "./frame-rate.js";
import { type FrameRequest, type PlanContext, requireBounded, thin } from "./frame-request.js";
import { jitteredFrames, maxGapIndices } from "./plan-gaps.js";
import { planVideoLlama3Reference } from "./plan-video-llama3-reference.js";
import {
  qwen3VlIndices,
  qwenVlFrameCount,
  qwenVlHfIndices,
  qwenVlIndices,
  requireQwenCount,
  smolVlmIndices,
  videoLlama3HfIndices,
} from "./preset-indices.js";
import type { ResolvedPlan } from "./sample-plan.js";

/** Times given in decimal seconds may fall a rounding error short of a frame's exact time. */
const EPSILON = 1e-6;

/**
 * The display frames that a plan may choose from: those within `[startSeconds, endSeconds)`, the frame on screen at the start
 * included. qwen-vl-utils cuts by frame numbers, rounded inwards, the last one included; its plan does as well.
 * @throws InvalidPlanError when there is none
 */
export function framesInRange(
  plan: ResolvedPlan,
  frames: FrameIndex,
  framesPerSecond: number,
): { readonly from: number; readonly to: number } {
  const count = frames.timeTicks.length;
  const time = (index: number) => frameTimeSeconds(frames, index);
  const end = endSeconds(frames);
  let from = plan.startSeconds === undefined ? 0 : Math.max(0, lastAtMost(count, time, plan.startSeconds + EPSILON));
  let to = plan.endSeconds === undefined ? count : lastAtMost(count, time, plan.endSeconds - EPSILON) + 1;
  if (plan.type === "qwen2.5-vl" && (plan.startSeconds !== undefined || plan.endSeconds !== undefined)) {
    const within = (seconds: number) => Math.max(0, Math.min(seconds, count / framesPerSecond)) * framesPerSecond;
    from = plan.startSeconds === undefined ? 0 : Math.ceil(within(plan.startSeconds));
    to = plan.endSeconds === undefined ? count : Math.min(Math.floor(within(plan.endSeconds)), count - 1) + 1;
  }
  if (to <= from || (plan.startSeconds !== undefined && plan.startSeconds >= end))
    throw new InvalidPlanError(
      `No frame lies within [${plan.startSeconds ?? "start"}, ${plan.endSeconds ?? "end"}) s; the video shows frames from ${time(0).toFixed(3)} to ${end.toFixed(3)} s.`,
    );
  return { from, to };
}

/**
 * Which frames a plan takes from a video: pure arithmetic on the index, the same for every backend and in a browser.
 * @returns requests in the order of the output
 * @throws InvalidPlanError when the range holds no frame, the plan chooses none, or the clip is shorter than asked and
 * `short` is `error`
 */
export function planFrames(plan: ResolvedPlan, frames: FrameIndex, context: PlanContext): FrameRequest[] {
  const requests = chooseFrames(plan, frames, context);
  // VideoLLaMA3's loader gives no frame for some clips, and a caller may ask for that.
  if (requests.length === 0 && !(plan.type === "videollama3-reference" && plan.minFrames === 0))
    throw new InvalidPlanError(
      `The plan "${plan.type}" chooses none of the ${frames.timeTicks.length} frames. Take another plan, such as uniform, or a wider range.`,
    );
  return requests;
}

function chooseFrames(plan: ResolvedPlan, frames: FrameIndex, context: PlanContext): FrameRequest[] {
  const { framesPerSecond } = frameRateOf(frames, context.averageFrameRate);
  const { from, to } = framesInRange(plan, frames, framesPerSecond);
  const byIndex = (index: number): FrameRequest => ({
    index,
    requestedTimeSeconds: null,
    labelSeconds: frameTimeSeconds(frames, index),
  });
  switch (plan.type) {
    case "timestamps":
      return plan.timestampsSeconds.flatMap((seconds) => frameAt(seconds, frames, plan.short));
    case "indices":
      return plan.indices.flatMap((index) => existingIndex(index, frames, plan.short)).map(byIndex);
    case "keyframes":
      return thin(
        range(from, to).filter((index) => frames.keyframe[index] === 1),
        plan.maxFrames,
      ).map(byIndex);
    case "videollama3-hf":
    case "qwen2.5-vl":
    case "qwen2.5-vl-hf":
    case "qwen3-vl":
    case "smolvlm2":
      return presetIndices(plan, to - from, framesPerSecond).map((offset) => byIndex(from + offset));
    case "scene":
      throw new InvalidPlanError(
        "A scene plan depends on the pictures; sampleFrames() resolves it by looking at them.",
      );
    case "uniform": {
      const count = requireEnough(plan, to - from, plan.frameCount);
      return padded(npLinspaceIntegers(from, to - 1, Math.min(count, to - from)), count).map(byIndex);
    }
    case "fps":
      return thin(framesAtRate(plan, frames, from, to), plan.maxFrames);
    case "max-gap":
      return maxGapIndices(frames, from, to, plan.maxGapSeconds).map(byIndex);
    case "jittered":
      return jitteredFrames(plan, frames, from, to);
    case "videollama3-reference":
      return planVideoLlama3Reference(plan, frames, context, from, to);
  }
}

/** The integers of `[from, to)`. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

type Short = "error" | "clamp" | "repeat";

/** How many frames a plan gets of a range that holds `available`. @throws InvalidPlanError when `short` is `error` */
function requireEnough({ short }: { readonly short: Short }, available: number, wanted: number): number {
  if (available >= wanted || short === "repeat") return wanted;
  if (short === "clamp") return available;
  throw new InvalidPlanError(
    `The plan asks for ${wanted} frames, but there are only ${available}. Ask for fewer, or set short to "clamp" or "repeat".`,
  );
}

/** Repeats the last entry up to `count`. */
function padded(entries: readonly number[], count: number): number[] {
  return [...entries, ...Array.from({ length: Math.max(0, count - entries.length) }, () => entries.at(-1) as number)];
}

function existingIndex(index: number, frames: FrameIndex, short: Short): number[] {
  const last = frames.timeTicks.length - 1;
  if (index <= last) return [index];
  if (short !== "error") return short === "clamp" ? [] : [last];
  throw new InvalidPlanError(`The plan asks for frame ${index}, but the video has frames 0 to ${last}.`);
}

function frameAt(seconds: number, frames: FrameIndex, short: Short): FrameRequest[] {
  const end = endSeconds(frames);
  if (seconds > end + EPSILON && short !== "repeat") {
    if (short === "clamp") return [];
    throw new InvalidPlanError(`The plan asks for ${seconds} s, but the last frame ends at ${end.toFixed(3)} s.`);
  }
  const time = (index: number) => frameTimeSeconds(frames, index);
  const index = Math.max(0, lastAtMost(frames.timeTicks.length, time, seconds + EPSILON));
  return [{ index, requestedTimeSeconds: seconds, labelSeconds: time(index) }];
}

type PresetPlan = Extract<
  ResolvedPlan,
  { type: "videollama3-hf" | "qwen2.5-vl" | "qwen2.5-vl-hf" | "qwen3-vl" | "smolvlm2" }
>;

/** Offsets into a range of `total` frames. */
function presetIndices(plan: PresetPlan, total: number, frameRate: number): number[] {
  const source = { total, frameRate };
  if (plan.type === "videollama3-hf") return videoLlama3HfIndices(source, plan.fps, plan.minFrames, plan.maxFrames);
  if (plan.type === "smolvlm2") return smolVlmIndices(source, plan.fps, plan.maxFrames, plan.skipSeconds);
  const wanted = plan.frameCount;
  // Pairs of frames are what the models see; Qwen3-VL's rule takes odd counts and its layout repeats the last frame.
  const pairs = plan.type !== "qwen3-vl";
  const asked = Math.max(2, wanted === undefined ? 2 : pairs ? roundHalfEven(wanted / 2) * 2 : wanted);
  const count = requireEnough(plan, total, asked);
  if (total < asked) return padded(range(0, total), count);
  if (plan.type === "qwen3-vl") return qwen3VlIndices(source, plan);
  const even =
    wanted === undefined
      ? qwenVlFrameCount(source, plan.fps, plan.minFrames, plan.maxFrames)
      : requireQwenCount(roundHalfEven(wanted / 2) * 2, total);
  return plan.type === "qwen2.5-vl" ? qwenVlIndices(0, total - 1, even) : qwenVlHfIndices(total, even);
}

/** The frame on screen at start + k / fps, for every k before the end. */
function framesAtRate(
  plan: Extract<ResolvedPlan, { type: "fps" }>,
  frames: FrameIndex,
  from: number,
  to: number,
): FrameRequest[] {
  const time = (index: number) => frameTimeSeconds(frames, index);
  const start = plan.startSeconds ?? time(from);
  const end = Math.min(plan.endSeconds ?? Number.POSITIVE_INFINITY, endSeconds(frames));
  requireBounded((end - start) * plan.fps);
  const requests: FrameRequest[] = [];
  for (let k = 0; ; k++) {
    const requested = start + k / plan.fps;
    if (k > 0 && requested >= end - EPSILON) return requests;
    const index = Math.min(to - 1, Math.max(from, lastAtMost(frames.timeTicks.length, time, requested + EPSILON)));
    requests.push({ index, requestedTimeSeconds: requested, labelSeconds: time(index) });
  }
}
