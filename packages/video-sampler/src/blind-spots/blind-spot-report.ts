import type { FrameIndex } from "../plan/frame-index.js";
import type { FrameRequest } from "../plan/frame-request.js";
import { jitteredCatchProbability } from "../plan/plan-gaps.js";
import type { ResolvedPlan } from "../plan/sample-plan.js";
import type { ImageSize } from "../video/sampled-video.js";
import { findBlindSpots, type UnseenTime } from "./find-blind-spots.js";
import { type PatchVisibility, patchVisibility, type TokenGrid } from "./patch-visibility.js";

/** What a model never sees of a video under a plan. */
export interface BlindSpotReport extends UnseenTime {
  /** Type of the plan. */
  readonly plan: string;
  /** Size of the frames as shown, and as the model gets them. */
  readonly size: { readonly source: ImageSize; readonly resized: ImageSize };
  /** What is left of square patches of the frames that are shown. */
  readonly patches: readonly PatchVisibility[];
  /**
   * For a jittered plan, whose frames change with the seed: the least probability that an insert of a length shows up in at least
   * one frame; `blindSpots` are those of the given seed. Null for other plans.
   */
  readonly catchProbability: readonly { readonly insertSeconds: number; readonly probability: number }[] | null;
}

/** Settings of a report. */
export interface BlindSpotSettings {
  /** Sides of square patches, in pixels of the source. Default 8, 16, 32, 64, 128. */
  readonly patchSides?: readonly number[];
  /** How the model cuts frames into tokens. Default: that of the plan's model; 28 pixels without compression for other plans. */
  readonly tokens?: TokenGrid;
}

const VIDEO_LLAMA3: TokenGrid = { tokenSide: 28, compression: { threshold: 0.1, std: 0.5 } };
const GRIDS: Readonly<Record<string, TokenGrid>> = {
  "videollama3-reference": VIDEO_LLAMA3,
  "videollama3-hf": VIDEO_LLAMA3,
  "qwen3-vl": { tokenSide: 32 },
};
/** Shares of a stretch for which a jittered plan's probability is told. */
const STRETCHES = [0.1, 0.25, 0.5, 1, 1.5, 2];

/** Puts a report together. @throws as {@link findBlindSpots} and {@link patchVisibility} */
export function blindSpotReport(
  plan: ResolvedPlan,
  frames: FrameIndex,
  requests: readonly FrameRequest[],
  size: BlindSpotReport["size"],
  settings: BlindSpotSettings = {},
): BlindSpotReport {
  const unseen = findBlindSpots(
    frames,
    requests.map(({ index }) => index),
  );
  const { patchSides = [8, 16, 32, 64, 128], tokens = GRIDS[plan.type] ?? { tokenSide: 28 } } = settings;
  return {
    plan: plan.type,
    ...unseen,
    size,
    patches: patchVisibility(size.source, size.resized, tokens, patchSides),
    catchProbability: plan.type === "jittered" ? catchProbabilities(plan, unseen.rangeSeconds) : null,
  };
}

function catchProbabilities(
  { frameCount, startSeconds, endSeconds }: Extract<ResolvedPlan, { type: "jittered" }>,
  [first, last]: readonly [number, number],
) {
  const stretch = (Math.min(endSeconds ?? last, last) - Math.max(startSeconds ?? first, first)) / frameCount;
  return STRETCHES.map((share) => ({
    insertSeconds: share * stretch,
    probability: jitteredCatchProbability(share * stretch, stretch),
  }));
}
