import { InvalidPlanError } from "./errors.js";
import { type FrameIndex, frameTimeSeconds, lastAtMost } from "./frame-index.js";
import { npLinspaceIntegers } from "./python-rounding.js";
import { floorTicksTimesRate, toRational } from "./rational.js";
import type { ResolvedPlan } from "./sample-plan.js";

/** One frame a plan asks for. The same frame may be asked for several times. */
export interface FrameRequest {
  /** Position in display order. */
  readonly index: number;
  /** The time asked for, in seconds since the start of the file; null when the plan names frames. */
  readonly requestedTimeSeconds: number | null;
  /** The time the model is told. */
  readonly labelSeconds: number;
}

/** What planning needs beside the frame index. */
export interface PlanContext {
  /** Demuxer name; `gif` takes another path in some presets. */
  readonly container: string;
  /** The container's average frame rate; 0 when unknown. */
  readonly averageFrameRate: number;
  /** Start of the stream on the container's clock, in seconds. */
  readonly streamStartTimeSeconds: number;
}

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

/** When the last frame ends, in seconds since the start of the file. */
export function endSeconds(frames: FrameIndex): number {
  const { num, den } = frames.timeBase;
  return frameTimeSeconds(frames, frames.pts.length - 1) + (frames.lastDuration * num) / den;
}

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
    case "uniform":
      return npLinspaceIntegers(from, to - 1, Math.min(plan.frameCount, to - from)).map(byIndex);
    case "fps":
      return thin(framesAtRate(plan, frames, from, to), plan.maxFrames ?? Number.POSITIVE_INFINITY);
    case "videollama3-reference":
      return videoLlama3Frames(plan, frames, context, from, to);
  }
}

/** At most `limit` of the entries, evenly by linspace. */
function thin<T>(entries: readonly T[], limit: number): T[] {
  if (entries.length <= limit) return [...entries];
  return npLinspaceIntegers(0, entries.length - 1, limit).map((i) => entries[i] as T);
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

/**
 * VideoLLaMA3's loader: `ffmpeg -vf fps=F:round=down`, output j labelled stream start + j / F, then a linspace cap.
 * Slot k shows the last frame whose slot is at most k, so at 30 fps and F = 1 these are frames 29, 59, 89, ...
 */
function videoLlama3Frames(
  plan: Extract<ResolvedPlan, { type: "videollama3-reference" }>,
  frames: FrameIndex,
  context: PlanContext,
  from: number,
  to: number,
): FrameRequest[] {
  const { timeBase, originTicks } = frames;
  const byIndex = (index: number): FrameRequest => ({
    index,
    requestedTimeSeconds: null,
    labelSeconds: context.streamStartTimeSeconds + frameTimeSeconds(frames, index) - frameTimeSeconds(frames, 0),
  });
  const short = endSeconds(frames) - frameTimeSeconds(frames, 0) < 1;
  if (context.container === "gif" || short) return segmentMiddles(plan, context, from, to);
  if (plan.fps === null)
    return thin(
      Array.from({ length: to - from }, (_, i) => byIndex(from + i)),
      plan.maxFrames,
    );

  const fps = toRational(plan.fps);
  const origin = plan.startSeconds === undefined ? originTicks : (frames.pts[from] as number);
  const slot = (ticks: number) => floorTicksTimesRate(ticks - origin, timeBase, fps);
  const nextTicks =
    to < frames.pts.length ? (frames.pts[to] as number) : (frames.pts[to - 1] as number) + frames.lastDuration;
  const endSlot = slot(nextTicks);
  const requests: FrameRequest[] = [];
  const startLabel = context.streamStartTimeSeconds + (plan.startSeconds ?? 0);
  let index = from;
  for (let k = slot(frames.pts[from] as number); k < endSlot; k++) {
    while (index + 1 < to && slot(frames.pts[index + 1] as number) <= k) index++;
    requests.push({
      index,
      requestedTimeSeconds: ((k + 1) * fps.den) / fps.num + ((origin - originTicks) * timeBase.num) / timeBase.den,
      labelSeconds: startLabel + (requests.length * fps.den) / fps.num,
    });
  }
  if (requests.length < plan.minFrames) return [byIndex(to - 1)];
  return thin(requests, plan.maxFrames);
}

/** The reference's path for GIFs (read at 25 fps) and clips under a second: the middle frame of every segment. */
function segmentMiddles(
  plan: Extract<ResolvedPlan, { type: "videollama3-reference" }>,
  context: PlanContext,
  from: number,
  to: number,
): FrameRequest[] {
  const count = to - from;
  const videoRate = context.container === "gif" ? 25 : context.averageFrameRate || 25;
  let offsets = Array.from({ length: count }, (_, i) => i);
  if (plan.fps !== null && count / videoRate < plan.maxFrames) {
    const segment = Math.max(1, Math.min(Math.floor(videoRate / plan.fps), count));
    offsets = offsets.filter((i) => i >= Math.floor(segment / 2) && (i - Math.floor(segment / 2)) % segment === 0);
  }
  return thin(offsets, plan.maxFrames).map((offset) => ({
    index: from + offset,
    requestedTimeSeconds: null,
    labelSeconds: offset / videoRate,
  }));
}
