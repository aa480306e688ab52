import { createRng } from "@videosafety/random";
import { expect, it } from "vitest";
import type { LossOptions } from "../config/loss-config.js";
import { clippedLossKernels } from "../wasm/kernels.js";
import { grpoLoss } from "./grpo-loss.js";
import type { LossBatch } from "./loss-batch.js";

/** One row of n counted tokens, long enough for the kernel, with or without masked ones between. */
function batchOf(seed: number, n: number, masked: boolean, scale = 0.3): LossBatch {
  const rng = createRng(seed);
  const length = masked ? 2 * n : n;
  const mask = Uint8Array.from({ length }, (_, t) => (masked ? t % 2 : 1));
  const draw = (of: (t: number) => number) =>
    Float64Array.from({ length }, (_, t) => (mask[t] === 1 ? of(t) : Number.NaN)); // padding may hold anything
  const logProbs = draw(() => -3 * rng.uniform());
  return {
    logProbs: [logProbs],
    oldLogProbs: [draw((t) => (logProbs[t] as number) + scale * rng.normal())],
    referenceLogProbs: [draw((t) => (logProbs[t] as number) + scale * rng.normal())],
    advantages: [seed % 5 === 0 ? 0 : rng.normal()],
    masks: [mask],
  };
}

const close = (found: number, expected: number, tolerance = 1e-12): void =>
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));

it("this engine has the kernel that the next tests are about", () => {
  expect(clippedLossKernels()).not.toBeNull();
});

it("property: the kernel gives what the general loop gives, to a few roundings", () => {
  const options: LossOptions[] = [
    { lossType: "grpo" },
    { lossType: "dapo", beta: 0.04, useBiasCorrectionKl: false },
    { lossType: "dr_grpo", beta: 0.04, useBiasCorrectionKl: true, epsilonHigh: 0.05 },
    { lossType: "luspo", beta: 1, klLogRatioClamp: 0.3, epsilon: 0, epsilonHigh: 0 },
    { lossType: "grpo", beta: 0.04, klLogRatioClamp: 10 },
  ];
  for (let seed = 0; seed < 60; seed++)
    for (const option of options) {
      const batch = batchOf(seed, 32 + seed * 3, seed % 3 === 0, seed % 7 === 0 ? 4 : 0.3);
      const [fast, general] = [grpoLoss(batch, option), grpoLoss(batch, option, { terms: true })];
      close(fast.loss, general.loss);
      for (const [name, value] of Object.entries(general.metrics)) {
        const found = (fast.metrics as unknown as Record<string, unknown>)[name];
        if (typeof value === "number") close(found as number, value, 1e-11);
        else if (value !== null)
          for (const [key, part] of Object.entries(value)) close((found as typeof value)[key as never], part as number);
      }
      const expected = general.dLossDLogProbs[0] as Float64Array;
      fast.dLossDLogProbs[0]?.forEach((value, t) => {
        close(value, expected[t] as number, 1e-11); // large ratios and their KL cancel
        if (batch.masks?.[0]?.[t] === 0) expect(value).toBe(0);
      });
    }
});

it("masked tokens change no bit: rows with and without padding give the same numbers", () => {
  const padded = batchOf(4, 101, true);
  const keep = (row: Float64Array) => row.filter((_, t) => t % 2 === 1);
  const only = (rows: LossBatch["logProbs"] | undefined) => rows?.map((row) => keep(row as Float64Array));
  const bare: LossBatch = {
    logProbs: only(padded.logProbs) ?? [],
    oldLogProbs: only(padded.oldLogProbs),
    referenceLogProbs: only(padded.referenceLogProbs),
    advantages: padded.advantages,
  };
  const [a, b] = [grpoLoss(padded, { beta: 0.04 }), grpoLoss(bare, { beta: 0.04 })];
  expect(a.loss).toBe(b.loss);
  expect(keep(a.dLossDLogProbs[0] as Float64Array)).toEqual(b.dLossDLogProbs[0]);
});

it.each<[string, number, string]>([
  ["a log-ratio of 705 is in the kernel's range", 705, ""],
  ["one of 709.5 is left to the loop, which finds the overflow", 709.5, "GRPO_NUMERIC"],
  ["one of 720 overflows", 720, "GRPO_NUMERIC"],
  ["an infinite one is named", Number.POSITIVE_INFINITY, "GRPO_DATA"],
  ["NaN is named", Number.NaN, "GRPO_DATA"],
  ["one of -2000 is a ratio of 0", -2000, ""],
])("%s", (_name, drift, code) => {
  const batch = batchOf(1, 40, false);
  const old = Float64Array.from(batch.oldLogProbs?.[0] ?? []);
  old[7] = (batch.logProbs[0]?.[7] as number) - drift;
  const run = (terms: boolean) => grpoLoss({ ...batch, oldLogProbs: [old], advantages: [-1] }, {}, { terms });
  if (code !== "") expect(() => run(false)).toThrow(expect.objectContaining({ code }));
  else {
    const [fast, general] = [run(false), run(true)];
    close(fast.loss, general.loss);
    close(fast.dLossDLogProbs[0]?.[7] as number, general.dLossDLogProbs[0]?.[7] as number);
  }
});

it("float32 rows, and a memory that must grow", () => {
  const batch = batchOf(2, 40_001, false);
  const float = { ...batch, logProbs: batch.logProbs.map((row) => Float32Array.from(row)) };
  close(grpoLoss(float, { beta: 0.04 }).loss, grpoLoss(float, { beta: 0.04 }, { terms: true }).loss);
});
