import { appendFileSync } from "node:fs";
import { grpoPreset } from "@videosafety/grpo";
import { latestCheckpoint, trainGrpo } from "@videosafety/grpo/train";
import { accuracyReward, formatReward } from "@videosafety/rewards";
import type { FeatureCache, PreparedPrompt, VideoLlm } from "@videosafety/video-llm";
import type { ComposedSample } from "sign-world";
import type { TrainingPlace } from "./run-training-node.js";
import { prepareSample } from "./stages.js";
import { completionOf } from "./training-sets.js";

/** What stage 4 depends on. */
export interface GrpoSettings {
  readonly steps: number;
  readonly promptsPerStep: number;
  readonly numGenerations: number;
  readonly maxCompletionLength: number;
  readonly loraRate: number;
}

/** A row of stage 4: the prompt and what the rewards read. */
interface Example {
  readonly prompt: PreparedPrompt;
  readonly solution: string;
  readonly problemType: "free-form-and-choice";
}

/** Stage 4 on the adapters; the reference is the model that stage 3 left. Returns the rewards of the first and last rollout. */
export async function trainGrpoStage(
  context: {
    readonly model: VideoLlm;
    readonly features: FeatureCache;
    readonly folder: string;
    readonly samples: readonly ComposedSample[];
    readonly seed: number;
  },
  settings: GrpoSettings,
  { directory, log, report }: TrainingPlace,
) {
  const { model, samples, seed } = context;
  const data: Example[] = [];
  for (const sample of samples) {
    const solution = completionOf(sample, true);
    const { prompt } = await prepareSample(context, sample, { completion: solution });
    data.push({ prompt, solution, problemType: "free-form-and-choice" });
  }
  // The reference is a copy of the adapters as they are now, so it is taken before a checkpoint is restored.
  const policy = model.policy({ groups: ["lora"], reference: "snapshot" });
  const rewards: number[] = [];
  for await (const event of trainGrpo<PreparedPrompt, Example>({
    policy,
    data,
    rewards: { format: formatReward(), accuracy: accuracyReward({ tokenizer: "unicode" }) },
    config: {
      ...grpoPreset("vsr1"),
      seed,
      maxSteps: settings.steps,
      promptsPerRollout: settings.promptsPerStep,
      numGenerations: settings.numGenerations,
      maxCompletionLength: settings.maxCompletionLength,
      learningRate: settings.loraRate,
      perDeviceTrainBatchSize: settings.numGenerations,
      saveSteps: 2,
    },
    checkpointDirectory: directory,
    resumeFrom: await latestCheckpoint(directory),
    fingerprintOf: (_, row) => samples[row],
  })) {
    if (event.type === "rewards") {
      rewards.push(event.total.mean);
      const { rollout, total, components, zeroVariance } = event;
      const means = Object.fromEntries(Object.entries(components).map(([name, { mean }]) => [name, mean]));
      appendFileSync(log, `${JSON.stringify({ rollout, reward: total.mean, ...means, dead: zeroVariance.total })}\n`);
    }
    if (event.type !== "update") continue;
    appendFileSync(log, `${JSON.stringify({ step: event.step, kl: event.kl })}\n`);
    report(event.step, settings.steps, `reward ${(rewards.at(-1) ?? Number.NaN).toFixed(2)}`);
  }
  return { steps: settings.steps, firstReward: rewards[0] ?? null, lastReward: rewards.at(-1) ?? null };
}
