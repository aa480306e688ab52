import type { FrameIndex } from "./frame-index.js";

/** A video's frames per second, and where the number is from. */
export interface FrameRate {
  /** Frames per second; positive. */
  readonly framesPerSecond: number;
  /** What the container declares, when the frames themselves show that it is wrong by more than 1 %; else null. */
  readonly corrected: number | null;
}

/** How far a declared rate may be off before the frames are believed instead, where they are not evenly spaced. */
const TOLERANCE = 0.01;

/**
 * Average frames per second: what the container declares, held against the frames. Index rules of the models' processors multiply
 * by it, so a declared rate that is wrong (variable frame rate, dropped frames, a last frame of odd length) would sample other
 * frames than the true one.
 * @param declared frames per second; 0 when unknown, two decimals when a program printed it
 */
export function frameRateOf(frames: FrameIndex, declared: number): FrameRate {
  const { timeTicks, timeBase } = frames;
  const count = timeTicks.length;
  const seconds = (ticks: number) => (ticks * timeBase.num) / timeBase.den;
  const spanTicks = (timeTicks[count - 1] as number) - (timeTicks[0] as number);
  const lastSeconds = seconds(frames.lastDuration);
  if (count < 2 || !(spanTicks > 0))
    return { framesPerSecond: declared || (lastSeconds > 0 ? count / lastSeconds : 25), corrected: null };
  // The rate between the first and the last frame does not depend on how long the last one lasts.
  const between = (count - 1) / seconds(spanTicks);
  const even = evenlySpaced(timeTicks);
  const counted = even ? between : count / (seconds(spanTicks) + (lastSeconds || 1 / between));
  const off = Math.min(Math.abs(between / declared - 1), Math.abs(counted / declared - 1));
  // Of evenly spaced frames the times say the rate to a tick or two, which tells 24000/1001 from 24.
  if (off <= (even ? 2 / spanTicks : TOLERANCE)) return { framesPerSecond: declared, corrected: null };
  return { framesPerSecond: counted, corrected: declared > 0 && off > TOLERANCE ? declared : null };
}

/** Whether all frames stay on screen equally long, to the tick. */
function evenlySpaced(timeTicks: Float64Array): boolean {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 1; i < timeTicks.length; i++) {
    const gap = (timeTicks[i] as number) - (timeTicks[i - 1] as number);
    least = Math.min(least, gap);
    most = Math.max(most, gap);
  }
  return most - least <= 1;
}
