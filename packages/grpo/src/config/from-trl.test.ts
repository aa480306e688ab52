import { expect, it } from "vitest";
import { grpoOptionsFromTrl } from "./from-trl.js";

it("a recipe of TRL in our words", () => {
  const found = grpoOptionsFromTrl(
    {
      output_dir: "out",
      bf16: true,
      learning_rate: 1e-6,
      lr_scheduler_type: "constant_with_warmup",
      warmup_ratio: 0.03,
      max_steps: -1,
      num_generations: 6,
      per_device_train_batch_size: 6,
      gradient_accumulation_steps: 2,
      steps_per_generation: 4,
      num_iterations: 2,
      max_completion_length: 768,
      adam_beta2: 0.95,
      max_grad_norm: 5,
      beta: 0.04,
      epsilon_high: 0.28,
      loss_type: "dr_grpo",
      scale_rewards: "none",
      vllm_importance_sampling_mode: "token_truncate",
      reward_weights: [1, 0.5],
    },
    { devices: 4, rewards: ["accuracy", "format"] },
  );
  expect(found).toEqual({
    ...{ learningRate: 1e-6, lrSchedulerType: "constant", warmupRatio: 0.03, maxSteps: null },
    ...{ numGenerations: 6, numIterations: 2, maxCompletionLength: 768, adamBeta2: 0.95, maxGradNorm: 5, beta: 0.04 },
    ...{ epsilonHigh: 0.28, lossType: "dr_grpo", scaleRewards: "none", vllmImportanceSamplingMode: "token_truncate" },
    rewardWeights: { accuracy: 1, format: 0.5 },
    // 6 * 4 * 4 = 96 completions at a time, 48 an update, 24 a pass.
    ...{ promptsPerRollout: 16, updatesPerRollout: 2, perDeviceTrainBatchSize: 24 },
  });
});

it("nothing said is nothing set", () => {
  expect(grpoOptionsFromTrl({})).toEqual({});
});

it.each<[string, Record<string, unknown>, RegExp]>([
  ["an option that changes learning", { sync_ref_model: true, top_k: 5 }, /no counterpart here: sync_ref_model;/],
  ["a name of ours in TRL's spelling that is none", { prototype: 1, constructor: 2 }, /constructor, prototype/],
  ["a value out of range", { temperature: -1 }, /temperature/],
  ["a scheduler that is not here", { lr_scheduler_type: "polynomial" }, /lrSchedulerType/],
  ["batches that do not divide", { per_device_train_batch_size: 5 }, /5 completions are generated at a time/],
  ["a batch of nothing", { gradient_accumulation_steps: 0 }, /gradient_accumulation_steps is 0/],
  ["weights without names", { reward_weights: [1] }, /needs the names of as many rewards/],
])("%s is refused by name", (_name, args, message) => {
  expect(() => grpoOptionsFromTrl(args)).toThrow(message);
});
