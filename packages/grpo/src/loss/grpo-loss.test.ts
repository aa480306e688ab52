import { expect, it } from "vitest";
import type { LossOptions } from "../config/loss-config.js";
import { grpoLoss } from "./grpo-loss.js";

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
