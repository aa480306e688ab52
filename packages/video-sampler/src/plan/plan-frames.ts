import { InvalidPlanError } from "../errors.js";
import { npLinspaceIntegers, roundHalfEven } from "../model-inputs/python-rounding.js";
import { endSeconds, type FrameIndex, frameTimeSeconds, lastAtMost } from "./frame-index.js";
import { type FrameRequest, type PlanContext, thin } from "./frame-request.js";
import { planVideoLlama3Reference } from "./plan-video-llama3-reference.js";
import {
  type PresetSource,
  qwenVlFrameCount,
  qwenVlIndices,
  requireQwenCount,
  smolVlmIndices,
  videoLlama3HfIndices,
} from "./preset-indices.js";
import type { ResolvedPlan } from "./sample-plan.js";

/** The display frames within `[startSeconds, endSeconds)`, the frame on screen at the start included. */
function framesInRange(plan: ResolvedPlan, frames: FrameIndex): { from: number; to: number } {
  const count = frames.pts.length;
  const time = (index: number) => frameTimeSeconds(frames, index);
  const from = plan.startSeconds === undefined ? 0 : Math.max(0, lastAtMost(count, time, plan.startSeconds + EPSILON));
  const to = plan.endSeconds === undefined ? count : lastAtMost(count, time, plan.endSeconds - EPSILON) + 1;
  const end = endSeconds(frames);
  if (to <= from || (plan.startSeconds !== undefined && plan.startSeconds >= end))
    throw new InvalidPlanError(
      `No frame lies within [${plan.startSeconds ?? "start"}, ${plan.endSeconds ?? "end"}) s; the video shows frames from ${time(0).toFixed(3)} to ${end.toFixed(3)} s.`,
    );
  return { from, to };
}

/** Times given in decimal seconds may fall a rounding error short of a frame's exact time. */
const EPSILON = 1e-6;

/**
 * Which frames a plan takes from a video: pure arithmetic on the index, the same for every backend and in a browser.
 * @returns requests in the order of the output; display indices never descend
 * @throws InvalidPlanError when the range holds no frame
 */
export function planFrames(plan: ResolvedPlan, frames: FrameIndex, context: PlanContext): FrameRequest[] {
  const { from, to } = framesInRange(plan, frames);
  const byIndex = (index: number): FrameRequest => ({
    index,
    requestedTimeSeconds: null,
    labelSeconds: frameTimeSeconds(frames, index),
  });
  switch (plan.type) {
    case "timestamps":
      return plan.timestampsSeconds.map((seconds) => frameAt(seconds, frames));
    case "indices":
      return plan.indices.map((index) => byIndex(requireIndex(index, frames)));
    case "keyframes":
      return thin(
        range(from, to).filter((index) => frames.keyframe[index] === 1),
        plan.maxFrames,
      ).map(byIndex);
    case "videollama3-hf":
    case "qwen2.5-vl":
    case "smolvlm2":
      return presetIndices(plan, { total: to - from, frameRate: frameRate(frames, context) }).map((offset) =>
        byIndex(from + offset),
      );
    case "scene":
      throw new InvalidPlanError(
        "A scene plan depends on the pictures; sampleFrames() resolves it by looking at them.",
      );
    case "uniform":
      return npLinspaceIntegers(from, to - 1, Math.min(plan.frameCount, to - from)).map(byIndex);
    case "fps":
      return thin(framesAtRate(plan, frames, from, to), plan.maxFrames);
    case "videollama3-reference":
      return planVideoLlama3Reference(plan, frames, context, from, to);
  }
}

/** The integers of `[from, to)`. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Average frames per second: the container's word, else counted. */
function frameRate(frames: FrameIndex, context: PlanContext): number {
  return context.averageFrameRate || frames.pts.length / (endSeconds(frames) - frameTimeSeconds(frames, 0)) || 25;
}

function requireIndex(index: number, frames: FrameIndex): number {
  if (index < frames.pts.length) return index;
  throw new InvalidPlanError(
    `The plan asks for frame ${index}, but the video has frames 0 to ${frames.pts.length - 1}.`,
  );
}

function frameAt(seconds: number, frames: FrameIndex): FrameRequest {
  const end = endSeconds(frames);
  if (seconds > end + EPSILON)
    throw new InvalidPlanError(`The plan asks for ${seconds} s, but the last frame ends at ${end.toFixed(3)} s.`);
  const time = (index: number) => frameTimeSeconds(frames, index);
  const index = Math.max(0, lastAtMost(frames.pts.length, time, seconds + EPSILON));
  return { index, requestedTimeSeconds: seconds, labelSeconds: time(index) };
}

type PresetPlan = Extract<ResolvedPlan, { type: "videollama3-hf" | "qwen2.5-vl" | "smolvlm2" }>;

function presetIndices(plan: PresetPlan, source: PresetSource): number[] {
  if (plan.type === "videollama3-hf") return videoLlama3HfIndices(source, plan.fps, plan.minFrames, plan.maxFrames);
  if (plan.type === "smolvlm2") return smolVlmIndices(source, plan.fps, plan.maxFrames, plan.skipSeconds);
  const count =
    plan.frameCount === undefined
      ? qwenVlFrameCount(source, plan.fps, plan.minFrames, plan.maxFrames)
      : requireQwenCount(roundHalfEven(plan.frameCount / 2) * 2, source.total);
  return qwenVlIndices(0, source.total - 1, count);
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
  const requests: FrameRequest[] = [];
  for (let k = 0; ; k++) {
    const requested = start + k / plan.fps;
    if (k > 0 && requested >= end - EPSILON) return requests;
    const index = Math.min(to - 1, Math.max(from, lastAtMost(frames.pts.length, time, requested + EPSILON)));
    requests.push({ index, requestedTimeSeconds: requested, labelSeconds: time(index) });
  }
}
