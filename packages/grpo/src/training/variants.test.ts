import { expect, it } from "vitest";
import { TabularPolicy, targetScore } from "../../test/tabular-policy.js";
import { ADVANTAGE_ESTIMATORS, type GrpoOptions, LOSS_TYPES } from "../index.js";
import type { RewardBatch } from "./rewards.js";
import { trainGrpo } from "./train-grpo.js";

const data = [{ prompt: 0 }, { prompt: 1 }, { prompt: 2 }];
const rewards = {
  target: (batch: RewardBatch<{ prompt: number }>) =>
    batch.completions.map((c, i) => targetScore(batch.examples[i]?.prompt ?? 0, c)),
};
const STEPS = 200;

const losses = LOSS_TYPES.map((lossType): [string, GrpoOptions] => [
  `loss ${lossType}`,
  { lossType, ...(lossType === "cispo" && { epsilonHigh: 5 }) },
]);
const ratios = (["sequence", "sequence_token"] as const).map((importanceSamplingLevel): [string, GrpoOptions] => [
  `grpo ${importanceSamplingLevel}`,
  { lossType: "grpo", importanceSamplingLevel },
]);
const estimators = ADVANTAGE_ESTIMATORS.map((advantageEstimator): [string, GrpoOptions] => [
  `advantage ${advantageEstimator}`,
  { advantageEstimator },
]);
const others: [string, GrpoOptions][] = [
  ["GDPO", { multiObjectiveAggregation: "normalize_then_sum" }],
  ["Dr. GRPO", { lossType: "dr_grpo", scaleRewards: "none", maxCompletionLength: 3 }],
  ["batch std", { scaleRewards: "batch" }],
  ["top 80 % entropy tokens", { topEntropyQuantile: 0.8 }],
  ["one rollout behind, weights truncated", { rolloutLag: 1, vllmImportanceSamplingMode: "token_truncate" }],
];

// Two passes over each rollout, so that ratios leave 1 and clips act.
it.each([...losses, ...ratios, ...estimators, ...others])(
  `%s reaches the optimum in ${STEPS} steps, seeds 1 to 3`,
  async (_name, options) => {
    for (const seed of [1, 2, 3]) {
      const policy = new TabularPolicy(3, 5);
      const config: GrpoOptions = {
        promptsPerRollout: 6,
        numGenerations: 16,
        maxCompletionLength: 3,
        numIterations: 2,
        learningRate: 0.05,
        lrSchedulerType: "constant",
        maxSteps: STEPS,
        seed,
        ...options,
      };
      for await (const event of trainGrpo({ policy, data, rewards, config })) expect(event.type).toBeTypeOf("string");
      // pass@k stops teaching once two samples of a group succeed: its optimum is a best of 16, not a mean.
      const passAtK = options.advantageEstimator === "pass_at_k";
      expect(await policy.expected(targetScore, 3, passAtK ? { best: true, count: 16 } : {})).toBeGreaterThan(0.9);
    }
  },
);
