import { describe, expect, it } from "vitest";
import type { LossOptions } from "../config/loss-config.js";
import { grpoLoss } from "./grpo-loss.js";
import type { LossBatch } from "./loss-batch.js";

// The anchor case of docs/paper/grpo.md: two rows, the second padded with NaN.
const row = (...values: number[]) => Float64Array.from(values);
const batch = {
  logProbs: [row(-1, -0.5, -2, -0.1), row(-0.7, -1.2, Number.NaN, Number.NaN)],
  oldLogProbs: [row(-1.2, -0.6, -1.5, -0.1), row(-0.5, -1.2, Number.NaN, Number.NaN)],
  referenceLogProbs: [row(-1.1, -0.4, -2.2, -0.3), row(-0.7, -1, Number.NaN, Number.NaN)],
  advantages: [1, -1],
  masks: [Uint8Array.of(1, 1, 1, 1), Uint8Array.of(1, 1, 0, 0)],
};
const base: LossOptions = { epsilon: 0.2, maxCompletionLength: 4, useBiasCorrectionKl: false };

it.each<[string, LossOptions, number, number?]>([
  ["grpo", { lossType: "grpo" }, -0.034280009, -0.033828632],
  ["dapo", { lossType: "dapo" }, -0.348828471],
  ["dr_grpo", { lossType: "dr_grpo" }, -0.261621353],
  ["gspo", { lossType: "grpo", importanceSamplingLevel: "sequence" }, -0.023196003],
  ["sapo", { lossType: "sapo" }, -0.084938354],
  ["cispo", { lossType: "cispo", epsilonHigh: 5 }, 0.218989668],
  ["vespo", { lossType: "vespo" }, 0.443065294],
  ["luspo", { lossType: "luspo", importanceSamplingLevel: "sequence" }, -0.997621431, -0.996243979],
])("anchor case: %s", (_name, options, expected, withKl) => {
  expect(grpoLoss(batch, { ...base, ...options }).loss).toBeCloseTo(expected, 8);
  if (withKl !== undefined) expect(grpoLoss(batch, { ...base, ...options, beta: 0.04 }).loss).toBeCloseTo(withKl, 8);
});

describe("zeroVarianceGroups", () => {
  const batch: LossBatch = {
    logProbs: [row(-1, -2), row(-0.5)],
    oldLogProbs: [row(-1.1, -2), row(-0.4)],
    referenceLogProbs: [row(-0.9, -2.2), row(-0.6)],
    advantages: [1, 0],
    zeroVariance: [0, 1],
  };
  const run = (zeroVarianceGroups: "keep" | "maskPolicy" | "maskAll" | "dropFromDenominator") =>
    grpoLoss(batch, { lossType: "grpo", beta: 0.1, zeroVarianceGroups });
  it("keep and maskPolicy leave the KL of a dead group in, maskAll and dropFromDenominator take it out", () => {
    expect(run("keep").dLossDLogProbs[1]?.[0]).not.toBe(0);
    expect(run("maskPolicy").dLossDLogProbs).toEqual(run("keep").dLossDLogProbs);
    expect(run("maskAll").dLossDLogProbs[1]?.[0]).toBe(0);
    expect(run("dropFromDenominator").dLossDLogProbs[1]?.[0]).toBe(0);
  });
  it("only dropFromDenominator rescales the living rows", () => {
    const first = (result: ReturnType<typeof run>) => result.dLossDLogProbs[0]?.[0] as number;
    expect(first(run("maskAll"))).toBe(first(run("keep")));
    expect(first(run("dropFromDenominator"))).toBeCloseTo(2 * first(run("keep")), 12);
  });
});

describe("bad input", () => {
  const good: LossBatch = { logProbs: [row(-1, -2)], oldLogProbs: [row(-1, -2)], advantages: [1] };
  it.each<[string, Partial<LossBatch>, LossOptions, string]>([
    ["a missing reference", {}, { beta: 0.1 }, "GRPO_DATA"],
    ["a NaN log-probability", { logProbs: [row(-1, Number.NaN)] }, {}, "GRPO_DATA"],
    ["an infinite old log-probability", { oldLogProbs: [row(-1, Number.NEGATIVE_INFINITY)] }, {}, "GRPO_DATA"],
    ["a non-finite advantage", { advantages: [Number.NaN] }, {}, "GRPO_DATA"],
    ["too few advantages", { advantages: [] }, {}, "GRPO_DATA"],
    ["a row of another length", { oldLogProbs: [row(-1)] }, {}, "GRPO_DATA"],
    ["missing entropies", {}, { topEntropyQuantile: 0.5 }, "GRPO_DATA"],
    ["an overflow", { logProbs: [row(-1, 0)], oldLogProbs: [row(-1, -800)], advantages: [-1] }, {}, "GRPO_NUMERIC"],
    ["an unknown option", {}, { epsilonLow: 0.1 } as LossOptions, "GRPO_CONFIG"],
    ["a negative epsilon", {}, { epsilon: -1 }, "GRPO_CONFIG"],
  ])("%s", (_name, change, options, code) => {
    expect(() => grpoLoss({ ...good, ...change }, options)).toThrow(expect.objectContaining({ code }));
  });
  it("nothing, or nothing that counts, is a loss of 0 with gradients of 0", () => {
    expect(grpoLoss({ logProbs: [], advantages: [] }).loss).toBe(0);
    const masked = grpoLoss({ ...good, masks: [Uint8Array.of(0, 0)] }, { lossType: "dapo" });
    expect([masked.loss, ...(masked.dLossDLogProbs[0] as Float64Array)]).toEqual([0, 0, 0]);
  });
  it("logRatioClamp survives a log-ratio of 100, with no gradient beyond the clamp", () => {
    const far: LossBatch = { logProbs: [row(-0.1)], oldLogProbs: [row(-100.1)], advantages: [-1] };
    const { loss, dLossDLogProbs } = grpoLoss(far, { logRatioClamp: 20 });
    expect(loss).toBeCloseTo(Math.exp(20), 3);
    expect(dLossDLogProbs[0]?.[0]).toBe(0);
  });
});
