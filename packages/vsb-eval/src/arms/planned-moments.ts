import { deriveSeed, seedOf } from "@videosafety/random";
import { planFrames, resolvePlan, type SamplePlan } from "@videosafety/video-sampler";
import { steadyFrames } from "../attacks/footage.js";
import { VsbEvalError } from "../errors.js";
import type { EvalVideo, VideoFacts } from "./frame-source.js";

/** A moment that a plan shows, and what the model is told of it. */
export interface PlannedMoment {
  /** When its frame appears. */
  readonly seconds: number;
  /** The time the model is told. */
  readonly labelSeconds: number;
}

/**
 * The moments that a plan shows of a video of steady rate: pure arithmetic.
 *
 * @throws {VsbEvalError} `invalid_input` for a plan that must look at pictures first
 */
export function plannedMoments(
  plan: SamplePlan,
  { durationSeconds, frameRate }: Pick<VideoFacts, "durationSeconds" | "frameRate">,
  frameCount: number | null = null,
): PlannedMoment[] {
  const resolved = resolvePlan(frameCount === null ? plan : { type: "uniform", frameCount });
  if (resolved.type === "scene")
    throw new VsbEvalError(
      "invalid_input",
      'expected a plan that can be reckoned without pictures for attacks on video, found "scene": take max-gap or jittered',
    );
  const frames = steadyFrames(durationSeconds, frameRate);
  const context = { container: "mp4", averageFrameRate: frameRate, streamStartTimeSeconds: 0 };
  return planFrames(resolved, frames, context).map(({ index, labelSeconds }) => ({
    seconds: index / frameRate,
    labelSeconds,
  }));
}

/**
 * The plan of one video: a random one draws anew for each, from its seed and the video's path. One draw for a whole benchmark would be a
 * fixed plan, and its videos no independent trials of it.
 */
export function drawnPlan(plan: SamplePlan, { path }: Pick<EvalVideo, "path">): SamplePlan {
  return plan.type === "jittered" ? { ...plan, seed: deriveSeed(plan.seed, seedOf(path)) % 2_147_483_647 } : plan;
}

/** The moments of a plan as an attacker can know them: of a random one with another draw. */
export function knownPlan(plan: SamplePlan): SamplePlan {
  return plan.type === "jittered" ? { ...plan, seed: (plan.seed + 1) % 2_147_483_647 } : plan;
}
