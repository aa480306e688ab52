import { floorTicksTimesRate, toRational } from "../video/rational.js";
import { endSeconds, type FrameIndex, frameTimeSeconds } from "./frame-index.js";
import { type FrameRequest, type PlanContext, requireBounded, thin } from "./frame-request.js";
import type { ResolvedPlan } from "./sample-plan.js";

type ReferencePlan = Extract<ResolvedPlan, { type: "videollama3-reference" }>;

/** Frames per second that the reference assumes for sources it does not read through ffmpeg. */
const ASSUMED_RATES: Readonly<Record<string, number>> = { gif: 25, "image-folder": 3 };

/**
 * VideoLLaMA3's loader: `ffmpeg -vf fps=F:round=down`, output j labelled stream start + j / F, then a linspace cap.
 * Slot k shows the last frame whose slot is at most k, so at 30 fps and F = 1 these are frames 29, 59, 89, ...
 */
export function planVideoLlama3Reference(
  plan: ReferencePlan,
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
  if (ASSUMED_RATES[context.container] !== undefined || short) return segmentMiddles(plan, context, from, to);
  if (plan.fps === null)
    return thin(
      Array.from({ length: to - from }, (_, i) => byIndex(from + i)),
      plan.maxFrames,
    );

  const fps = toRational(plan.fps);
  const origin = plan.startSeconds === undefined ? originTicks : (frames.timeTicks[from] as number);
  const slot = (ticks: number) => floorTicksTimesRate(ticks - origin, timeBase, fps);
  const nextTicks =
    to < frames.timeTicks.length
      ? (frames.timeTicks[to] as number)
      : (frames.timeTicks[to - 1] as number) + frames.lastDuration;
  const endSlot = slot(nextTicks);
  requireBounded(endSlot - slot(frames.timeTicks[from] as number));
  const requests: FrameRequest[] = [];
  const startLabel = context.streamStartTimeSeconds + (plan.startSeconds ?? 0);
  let index = from;
  for (let k = slot(frames.timeTicks[from] as number); k < endSlot; k++) {
    while (index + 1 < to && slot(frames.timeTicks[index + 1] as number) <= k) index++;
    requests.push({
      index,
      requestedTimeSeconds: ((k + 1) * fps.den) / fps.num + ((origin - originTicks) * timeBase.num) / timeBase.den,
      labelSeconds: startLabel + (requests.length * fps.den) / fps.num,
    });
  }
  if (requests.length < plan.minFrames) return [byIndex(to - 1)];
  return thin(requests, plan.maxFrames);
}

/** The reference's path for GIFs (read at 25 fps), image folders (3 fps) and clips under a second: the middle frame of every segment. */
function segmentMiddles(plan: ReferencePlan, context: PlanContext, from: number, to: number): FrameRequest[] {
  const count = to - from;
  const videoRate = ASSUMED_RATES[context.container] ?? (context.averageFrameRate || 25);
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
