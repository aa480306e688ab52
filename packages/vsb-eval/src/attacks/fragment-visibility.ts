import { jitteredCatchProbability, type SamplePlan } from "@videosafety/video-sampler";
import { contentSpans, type Footage, unseenOf } from "./footage.js";

/** What can be said of an attacked video before any model looks at it. */
export interface FragmentVisibility {
  /** Seconds in which the item's content is on screen. */
  readonly contentSeconds: number;
  /** Longest insert that these moments can hide, in seconds (video-sampler's blind-spot bound); 0 when every frame is shown. */
  readonly longestGapSeconds: number;
  /** Moments shown while the content is on screen. */
  readonly shown: number;
  /** Moments shown. */
  readonly of: number;
  /**
   * Least probability that the plan shows the content, whoever placed it: 1 or 0 for a fixed plan; for a jittered one the bound that
   * holds against an attacker who knows all but the seed.
   */
  readonly catchProbability: number;
}

/**
 * How much of an attacked video's content a sampling can show: the blind-spot bound, before any model looks.
 *
 * @param seconds the moments that are shown; @param plan the plan that chose them, where it is known
 */
export function fragmentVisibility(
  footage: Footage,
  seconds: readonly number[],
  plan?: SamplePlan,
): FragmentVisibility {
  const { durationSeconds, frameRate } = footage;
  const spans = contentSpans(footage);
  // A frame is on screen until the next one: a span's first frame may have begun before it.
  const tick = 1 / frameRate;
  const within = (at: number): boolean =>
    spans.some(([start, end]) => at >= start - 1e-6 && at < Math.max(end, start + tick * 0.5) - 1e-6);
  const shown = seconds.filter(within).length;
  const contentSeconds = spans.reduce((sum, [start, end]) => sum + end - start, 0);
  const longest = spans.reduce((most, [start, end]) => Math.max(most, end - start), 0);
  const { longestInsert } = unseenOf(durationSeconds, frameRate, seconds);
  return {
    contentSeconds,
    longestGapSeconds: longestInsert?.seconds ?? 0,
    shown,
    of: seconds.length,
    catchProbability:
      plan?.type === "jittered"
        ? jitteredCatchProbability(longest, durationSeconds / plan.frameCount)
        : shown > 0
          ? 1
          : 0,
  };
}
