import { InvalidPlanError } from "../errors.js";
import { endSeconds, type FrameIndex, frameTimeSeconds } from "../plan/frame-index.js";

/** A run of frames of which the model is shown none: frames and seconds are half-open, [start, end). */
export interface BlindSpot {
  /** First unseen frame. */
  readonly startFrame: number;
  /** The frame after the last unseen one. */
  readonly endFrame: number;
  /** When the first one appears, in seconds since the start of the file. */
  readonly startSeconds: number;
  /** When the last one ends. */
  readonly endSeconds: number;
}

/** What a sampling leaves out. */
export interface UnseenTime {
  /** Frames in the video. */
  readonly frameCount: number;
  /** Distinct frames that are shown, ascending. */
  readonly shownFrames: readonly number[];
  /** When each of them appears, in seconds since the start of the file. */
  readonly shownSeconds: readonly number[];
  /** When the first frame of the video appears, and when its last one ends. */
  readonly rangeSeconds: readonly [number, number];
  /** All runs of unseen frames, in order; inserts that stay unseen are those that lie within one. */
  readonly blindSpots: readonly BlindSpot[];
  /** Length of all blind spots together, in seconds. */
  readonly unseenSeconds: number;
  /** The longest insert that can stay unseen; null when every frame is shown. Frames and seconds may be of different spots. */
  readonly longestInsert: { readonly frames: number; readonly seconds: number } | null;
}

/**
 * Which seconds of a video a model is never shown, from the file's times and the plan alone.
 *
 * A video is n frames; frame i is on screen from t_i to t_(i+1), the last one until the end of the video. A sampling shows the set
 * S = {s_1 < ... < s_k} of frames and nothing in between: models do not see motion between samples. Replace any frames [a, b) by
 * others: the model's input changes if and only if S meets [a, b). So an insert stays unseen exactly when it fits into one of the
 * k + 1 gaps [s_j + 1, s_(j+1)), with s_0 = -1 and s_(k+1) = n, and the longest insert that can stay unseen is the longest gap: in
 * frames max(s_(j+1) - s_j - 1), in seconds max(t_(s_(j+1)) - t_(s_j + 1)). With a variable frame rate the two maxima may lie in
 * different gaps. For n frames at a steady r per second and evenly spaced samples, one per D seconds, it is D - 1 / r seconds.
 *
 * @param shown display indices, in any order, repetitions allowed
 * @throws InvalidPlanError when an index is no frame of the video
 */
export function findBlindSpots(frames: FrameIndex, shown: Iterable<number>): UnseenTime {
  const frameCount = frames.timeTicks.length;
  const shownFrames = [...new Set(shown)].sort((a, b) => a - b);
  for (const index of shownFrames)
    if (!Number.isSafeInteger(index) || index < 0 || index >= frameCount)
      throw new InvalidPlanError(`Expected frames of the video, 0 to ${frameCount - 1}; got ${index}.`);
  const end = Math.max(endSeconds(frames), frameTimeSeconds(frames, frameCount - 1));
  const time = (index: number) => (index < frameCount ? frameTimeSeconds(frames, index) : end);
  const blindSpots: BlindSpot[] = [];
  let startFrame = 0;
  for (const next of [...shownFrames, frameCount]) {
    if (next > startFrame)
      blindSpots.push({ startFrame, endFrame: next, startSeconds: time(startFrame), endSeconds: time(next) });
    startFrame = next + 1;
  }
  const seconds = blindSpots.map((spot) => spot.endSeconds - spot.startSeconds);
  return {
    frameCount,
    shownFrames,
    shownSeconds: shownFrames.map(time),
    rangeSeconds: [time(0), end],
    blindSpots,
    unseenSeconds: seconds.reduce((sum, length) => sum + length, 0),
    longestInsert:
      blindSpots.length === 0
        ? null
        : {
            frames: Math.max(...blindSpots.map((spot) => spot.endFrame - spot.startFrame)),
            seconds: Math.max(...seconds),
          },
  };
}
