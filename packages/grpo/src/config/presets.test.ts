import { namedSchedule } from "@videosafety/onnx-autodiff";
import { expect, it } from "vitest";
import { grpoPreset } from "./presets.js";
import { resolveGrpoConfig } from "./train-config.js";

// Literals from the authors' stage4_grpo.sh and grpo_trainer.py (Emiya-syw/VideoSafety-R1 at 7589dea), not from ours.
it("vsr1 is stage 4 as the authors run it", () => {
  expect(resolveGrpoConfig(grpoPreset("vsr1"))).toMatchObject({
    ...{ numGenerations: 6, epsilon: 0.2, epsilonHigh: null, beta: 0.04, klEstimator: "k3", klLogRatioClamp: 10 },
    ...{ maxCompletionLength: 768, temperature: 1, topP: 0.95, topK: 50 },
    ...{ learningRate: 1e-6, lrSchedulerType: "cosine", warmupRatio: 0.03, warmupSteps: 0 },
    ...{ weightDecay: 0.01, maxGradNorm: 5, adamBeta1: 0.9, adamBeta2: 0.999, adamEpsilon: 1e-8 },
    ...{ numTrainEpochs: 1, numIterations: 1, updatesPerRollout: 1, promptsPerRollout: 8, saveSteps: 200, seed: 42 },
    ...{ lossType: "grpo", aggregation: null, scaleRewards: "group", scaleEpsilon: 1e-4, useBiasCorrectionKl: false },
  });
});

it("its learning rate over the 3,125 steps of 25,000 prompts: 94 steps up, half a cosine down, as transformers counts", () => {
  const schedule = namedSchedule({ ...resolveGrpoConfig(grpoPreset("vsr1")), totalSteps: 25_000 / 8 });
  expect([0, 47, 94, 3124].map((step) => schedule(step).toFixed(6))).toEqual([
    "0.000000",
    "0.500000",
    "1.000000",
    "0.000000",
  ]);
  expect(schedule(94 + (3125 - 94) / 2)).toBeCloseTo(0.5, 10);
});

it("an unknown preset is refused by name", () => {
  expect(() => grpoPreset("trll" as "trl")).toThrow(/no preset "trll"; known: trl, verl, openrlhf, vsr1/);
  expect(() => grpoPreset("constructor" as "trl")).toThrow(/no preset "constructor"/);
});
