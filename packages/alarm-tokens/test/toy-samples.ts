import { createRng } from "@videosafety/random";
import type { SafetyLabel } from "@videosafety/safety-data";
import { findAlarmPositions, placeAlarmTokenIds } from "../src/index.js";

/** Vocabulary: 0 pad, 1 opens a turn, 2 closes one, 3 user, 4 assistant, 5 refuses, 6 answers; alarms are 40 and 41. */
export const VOCABULARY = 40;
export const ALARM = { visual: VOCABULARY, textual: VOCABULARY + 1 };
export const LENGTH = 20;

/** "Frames" 8-15 are safe, 16-23 harmful; "words" 24-31 are safe, 32-39 harmful. */
export interface ToySample {
  readonly ids: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
  readonly labels: { readonly visual: SafetyLabel | null; readonly textual: SafetyLabel | null };
  readonly positions: { readonly visual: number; readonly textual: number };
}

/** n samples over the four cells; refuses where the question is harmful. `noise` words per sample are of the other kind. */
export function toySamples(n: number, seed: number, noise = 1): ToySample[] {
  const rng = createRng(seed);
  return Array.from({ length: n }, (_, i) => {
    const visual = (i % 2) as SafetyLabel;
    const textual = (Math.floor(i / 2) % 2) as SafetyLabel;
    const draw = (base: number, harmful: number, count: number): number[] =>
      Array.from({ length: count }, (_, j) => base + 8 * (j < noise ? 1 - harmful : harmful) + rng.integer(8));
    const frames = draw(8, visual, 3 + rng.integer(3));
    const words = draw(24, textual, 3 + rng.integer(3));
    return toySample(frames, words, { visual, textual });
  });
}

/** One sample. */
export function toySample(frames: readonly number[], words: readonly number[], labels: ToySample["labels"]): ToySample {
  const prompt = [1, 3, ...frames, ...words, 2, 1, 4];
  const placed = placeAlarmTokenIds(prompt, {
    alarm: ALARM,
    visual: Array.from({ length: 16 }, (_, i) => 8 + i),
    userTurnStart: [1, 3],
    endOfTurn: 2,
  });
  const answer = [labels.textual === 1 ? 5 : 6, 2];
  const all = [...placed.tokenIds, ...answer];
  const ids = new Int32Array(LENGTH);
  const targets = new Int32Array(LENGTH);
  const weights = new Float32Array(LENGTH);
  ids.set(all);
  targets.set(all.slice(1).map((id) => Math.min(id, VOCABULARY - 1)));
  weights.fill(1, placed.tokenIds.length - 1, all.length - 1);
  return { ids, targets, weights, labels, positions: findAlarmPositions(ids, ALARM) };
}

/** What `trainAtSft` wants to know of a toy sample. */
export const describeToy = (sample: ToySample) => ({
  assistantTokens: sample.weights.reduce((a, b) => a + b, 0),
  sequenceTokens: sample.ids.findLastIndex((id) => id !== 0) + 1,
  labels: sample.labels,
});
