import { expect, it } from "vitest";
import { type LintContext, lintGrpoConfig } from "./lint-config.js";
import { GRPO_PRESETS } from "./presets.js";
import { type GrpoOptions, resolveGrpoConfig } from "./train-config.js";

const rules = (options: GrpoOptions, context?: LintContext) =>
  lintGrpoConfig(resolveGrpoConfig(options), context).map((finding) => finding.rule);
const dra = { gammaVisual: 0.3, gammaTextual: 1, alphaMin: 0.1, alphaMax: 0.5 };

it.each<[string, GrpoOptions, GrpoOptions, LintContext?]>([
  ["cispo-epsilon-high", { lossType: "cispo" }, { lossType: "cispo", epsilonHigh: 5 }],
  ["group-too-small", { numGenerations: 1 }, { numGenerations: 1, advantageEstimator: "remax" }],
  ["truncated-sampling", { topP: 0.9, numIterations: 2 }, { topP: 0.9 }],
  ["kl-on-dead-groups", { beta: 0.04 }, { beta: 0.04, zeroVarianceGroups: "maskAll" }],
  [
    "zero-variance-without-groups",
    { advantageEstimator: "remax", zeroVarianceGroups: "maskAll" },
    { advantageEstimator: "rloo", zeroVarianceGroups: "maskAll" },
  ],
  ["fixed-length-divisor", { lossType: "dr_grpo" }, { lossType: "dr_grpo", scaleRewards: "none" }],
  ["gmpo-clip", { lossType: "gmpo" }, { lossType: "gmpo", epsilon: 0.4 }],
  ["luspo-level", { lossType: "luspo" }, { lossType: "luspo", importanceSamplingLevel: "sequence" }],
  ["delta-below-clip", { delta: 1.1 }, { delta: 2 }],
  ["ratio-overflow", { rolloutLag: 1 }, { rolloutLag: 1, logRatioClamp: 20 }],
  ["no-update", { learningRate: 0 }, { learningRate: 0, learningRates: { lora: 1e-4 } }],
])("%s is found, and not where it does not apply", (rule, bad, good) => {
  expect(rules(bad)).toContain(rule);
  expect(rules(good)).not.toContain(rule);
});

it("finds a dynamic reward adaptation that inverts", () => {
  expect(rules({}, { dynamicRewardAdaptation: dra })).toContain("dra-inversion");
  expect(rules({}, { dynamicRewardAdaptation: { ...dra, gammaVisual: 1 } })).toEqual([]);
});

it("has nothing to say about TRL's defaults, and only the dead-group KL about vsr1", () => {
  expect(rules(GRPO_PRESETS.trl)).toEqual([]);
  expect(rules(GRPO_PRESETS.vsr1)).toEqual(["kl-on-dead-groups"]);
});
