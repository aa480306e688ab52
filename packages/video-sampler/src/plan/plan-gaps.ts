import { createRng } from "@videosafety/random";
import { endSeconds, type FrameIndex, frameTimeSeconds, lastAtMost } from "./frame-index.js";
import type { FrameRequest } from "./frame-request.js";
import type { ResolvedPlan } from "./sample-plan.js";

/** Times are compared with this tolerance, in seconds. */
const EPSILON = 1e-6;

/**
 * The fewest frames of `[from, to)` that leave no run of unseen frames longer than `maxGapSeconds`. Greedy: each next frame is the
 * last one that still keeps the run before it short enough, which no other choice can beat. A single frame that stays on screen
 * longer than that is always taken, for there is nothing finer.
 * @returns display indices, ascending
 */
export function maxGapIndices(frames: FrameIndex, from: number, to: number, maxGapSeconds: number): number[] {
  const time = (index: number) => (index < to ? frameTimeSeconds(frames, index) : rangeEnd(frames, to));
  const indices: number[] = [];
  for (let first = from; first < to; ) {
    // Unseen frames would be [first, next); they last time(next) - time(first).
    const limit = time(first) + maxGapSeconds + EPSILON;
    if (rangeEnd(frames, to) <= limit && indices.length > 0) return indices;
    const next = Math.min(
      to - 1,
      Math.max(
        first,
        lastAtMost(to, (i) => (i < from ? Number.NEGATIVE_INFINITY : time(i)), limit),
      ),
    );
    indices.push(next);
    first = next + 1;
  }
  return indices;
}

/**
 * Stratified sampling in time: the range is cut into equal stretches, and from each the frame on screen at a random moment is
 * taken. Whatever lasts L seconds is caught with the probability that {@link jitteredCatchProbability} gives.
 */
export function jitteredFrames(
  plan: Extract<ResolvedPlan, { type: "jittered" }>,
  frames: FrameIndex,
  from: number,
  to: number,
): FrameRequest[] {
  const rng = createRng(plan.seed);
  const time = (index: number) => frameTimeSeconds(frames, index);
  const start = Math.max(plan.startSeconds ?? time(from), time(from));
  const stretch = (rangeEnd(frames, to) - start) / plan.frameCount;
  return Array.from({ length: plan.frameCount }, (_, k) => {
    const requested = start + (k + rng.uniform()) * stretch;
    const index = Math.min(to - 1, Math.max(from, lastAtMost(frames.timeTicks.length, time, requested)));
    return { index, requestedTimeSeconds: requested, labelSeconds: time(index) };
  });
}

/**
 * The probability that a jittered plan shows at least one frame of an insert, where whoever places the insert knows everything but
 * the seed and places it as badly for us as possible. With stretches of D seconds and one independent uniform moment in each, an
 * insert that overlaps stretch k by o_k is missed with probability product(1 - o_k / D). For an insert of L < 2 D the product is
 * largest where it lies across a boundary, half on each side, so it is caught with at least
 *
 *     1 - (1 - L / (2 D))^2
 *
 * and from 2 D on always, for it then covers a whole stretch. An insert placed without knowing the boundaries is caught with about L / D.
 * @param insertSeconds L
 * @param stretchSeconds D: the length of the range over `frameCount`
 */
export function jitteredCatchProbability(insertSeconds: number, stretchSeconds: number): number {
  return insertSeconds >= 2 * stretchSeconds ? 1 : 1 - (1 - Math.max(0, insertSeconds) / (2 * stretchSeconds)) ** 2;
}

/** When the frames before `to` end, in seconds since the start of the file. */
function rangeEnd(frames: FrameIndex, to: number): number {
  return to < frames.timeTicks.length ? frameTimeSeconds(frames, to) : endSeconds(frames);
}
