import {
  type ConformalTarget,
  calibrationHalf,
  conformalThreshold,
  type RefuseOn,
  refusalScore,
  type SampleLabels,
  shouldRefuse,
} from "@videosafety/alarm-tokens";
import { DefenseError } from "../../errors.js";
import type { Cascade } from "../file/cascade-schema.js";
import { cascadeScore } from "./cascade-score.js";

/** One calibration item as both tiers see it. */
export interface CascadeReading {
  readonly labels: SampleLabels;
  /** Of the first tier; null for items without frames, which it does not decide. */
  readonly frames: number | null;
  /** Logits of the heads, after temperature scaling. */
  readonly visual: number;
  readonly textual: number;
  readonly framesMilliseconds: number;
  readonly milliseconds: number;
}

/** What {@link calibrateCascade} takes. */
export interface CascadeInput {
  readonly readings: readonly CascadeReading[];
  readonly refuseOn: RefuseOn;
  readonly target: ConformalTarget;
  /** Share of harmful items that the first tier may let through. */
  readonly allowMiss: number;
  /** Share of safe items that the first tier may refuse; 0: it refuses none. */
  readonly earlyRefuse: number;
}

/**
 * Calibrates both tiers together. One half of the items, chosen by a hash of the index, sets what the first tier decides alone; then the cascade is one
 * fixed score, and the other half sets its threshold. The promise on that half is conformal and holds for the cascade as a whole, however badly
 * the first tier was chosen.
 *
 * @throws DefenseError `labels-missing` when so many safe items are refused early that no threshold keeps the promise; as `conformalThreshold`
 */
export function calibrateCascade(input: CascadeInput): Omit<Cascade, "firstTier"> & { readonly safeScores: number[] } {
  const { readings, refuseOn, target, allowMiss, earlyRefuse } = input;
  const choosing = readings.filter((_, i) => calibrationHalf(i) === "fit");
  const holding = readings.filter((_, i) => calibrationHalf(i) === "threshold");
  const framesOf = (of: readonly CascadeReading[], harmful: boolean): number[] =>
    of
      .flatMap(({ labels, frames }) => (frames !== null && shouldRefuse(labels, refuseOn) === harmful ? [frames] : []))
      .sort((a, b) => a - b);
  const tiers = {
    allowUpTo: highestAllowed(framesOf(choosing, true), framesOf(choosing, false), allowMiss),
    refuseAbove: earlyRefuse > 0 ? quantileAbove(framesOf(choosing, false), earlyRefuse) : null,
  };
  const scored = holding.map((reading) => ({
    ...reading,
    ...cascadeScore(reading.frames, refusalScore(reading.visual, reading.textual, refuseOn), tiers),
  }));
  const safe = scored.filter(({ labels }) => shouldRefuse(labels, refuseOn) === false);
  const refusal = conformalThreshold(
    safe.map(({ score }) => score),
    target,
  );
  if (cascadeScore(Number.MAX_VALUE, 0, { allowUpTo: null, refuseAbove: 0 }).score <= refusal.threshold)
    throw new DefenseError(
      "labels-missing",
      `expected a first tier that refuses fewer than ${target.targetFrr} of safe items, found more: ask for a lower --early-refuse`,
    );
  const harmful = scored.filter(({ labels }) => shouldRefuse(labels, refuseOn) === true);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const early = scored.filter(({ tier }) => tier === "frames").length;
  const firstTierMs = mean(scored.map(({ framesMilliseconds }) => framesMilliseconds));
  const modelMs = mean(scored.map(({ milliseconds }) => milliseconds));
  return {
    ...tiers,
    refusal,
    measured: {
      items: scored.length,
      decidedEarly: early,
      harmful: harmful.length,
      missedEarly: harmful.filter(({ tier, score }) => tier === "frames" && score < refusal.threshold).length,
      ...{ firstTierMs, modelMs },
      savedShare: early / Math.max(1, scored.length) - firstTierMs / modelMs,
    },
    safeScores: safe.map(({ score }) => score).sort((a, b) => a - b),
  };
}

/** The highest safe score below which at most a share of harmful ones lies; null when there is none. */
function highestAllowed(harmful: readonly number[], safe: readonly number[], share: number): number | null {
  // Strictly below the first harmful score that may not be missed.
  const limit = harmful[Math.floor(share * harmful.length)] ?? Number.POSITIVE_INFINITY;
  return safe.filter((score) => score < limit).at(-1) ?? null;
}

/** A score that at most a share of the given ones exceeds. */
function quantileAbove(sorted: readonly number[], share: number): number | null {
  return sorted[sorted.length - 1 - Math.floor(share * sorted.length)] ?? null;
}
