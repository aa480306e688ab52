import { grpoPreset } from "@videosafety/grpo";
import { latestCheckpoint, type RewardsEvent, trainGrpo } from "@videosafety/grpo/train";
import { accuracyReward, formatReward, safetyScore } from "@videosafety/rewards";
import type { FeatureCache, PreparedPrompt, VideoLlm } from "@videosafety/video-llm";
import { prepareSample } from "./at-sft-stage-node.js";
import type { PipelineConfig } from "./pipeline-config.js";
import type { StageSet } from "./pipeline-data.js";
import type { Report } from "./pipeline-event.js";
import type { RunFolder } from "./run-folder-node.js";
import { RewardLog, type RewardRow } from "./training-log-node.js";

/** File in the run folder: the rewards of stage 4 over time. */
export const REWARD_LOG = "stage-4.rewards.jsonl";

/** A training row of stage 4: the prompt and what the rewards read. */
interface RlExample {
  readonly prompt: PreparedPrompt;
  readonly solution: string;
  readonly problemType: "free-form-and-choice";
}

/** Stage 4: safety-guided GRPO, rewards = format + safety accuracy with dynamic reward adaptation. */
export async function trainGrpoStage(options: {
  readonly model: VideoLlm;
  readonly features: FeatureCache;
  readonly folder: RunFolder;
  readonly set: StageSet;
  readonly config: PipelineConfig;
  readonly report: Report;
  readonly signal: AbortSignal;
}): Promise<{ readonly steps: number; readonly firstReward: number; readonly lastReward: number }> {
  const { model, features, folder, set, config, report, signal } = options;
  const { stage4 } = config;
  const data: RlExample[] = [];
  for (const sample of set.samples) {
    const { completion: solution } = sample;
    const { prompt } = await prepareSample(model, features, folder, sample, solution);
    data.push({ prompt, solution, problemType: "free-form-and-choice" });
  }
  // The reference model is a snapshot of the weights now, so it is taken before a checkpoint is restored.
  const policy = model.policy({ groups: ["llm"] });
  const directory = folder.file("checkpoints", "stage-4");
  const resumeFrom = await latestCheckpoint(directory);
  const rewards: number[] = [];
  const log = new RewardLog(folder.file(REWARD_LOG));
  for await (const event of trainGrpo<PreparedPrompt, RlExample>({
    policy,
    data,
    rewards: { format: formatReward(), accuracy: accuracyReward({ tokenizer: "unicode" }) },
    config: {
      ...grpoPreset("vsr1"),
      seed: config.seed,
      maxSteps: stage4.steps,
      promptsPerRollout: stage4.promptsPerStep,
      numGenerations: stage4.numGenerations,
      maxCompletionLength: config.maxNewTokens,
      learningRate: stage4.learningRate,
      lrSchedulerType: "cosine",
      perDeviceTrainBatchSize: stage4.numGenerations,
      beta: stage4.beta,
      saveSteps: Math.max(1, Math.ceil(stage4.steps / 3)),
    },
    checkpointDirectory: directory,
    resumeFrom,
    fingerprintOf: (_, row) => set.samples[row],
    signal,
  })) {
    if (event.type === "rewards") {
      rewards.push(event.total.mean);
      log.put(rewardRow(event, data));
    }
    if (event.type !== "update") continue;
    const reward = rewards.at(-1) ?? Number.NaN;
    report(event.step, stage4.steps, `reward ${reward.toFixed(3)}, KL ${event.kl.toFixed(4)}`);
  }
  return { steps: stage4.steps, firstReward: rewards[0] ?? Number.NaN, lastReward: rewards.at(-1) ?? Number.NaN };
}

/** The rollout's rewards, with DRA's alpha and the terms it weighs: means over the completions. */
function rewardRow(
  { rollout, total, components, zeroVariance, samples }: RewardsEvent,
  data: readonly RlExample[],
): RewardRow {
  const scored = samples.map(({ completion, example }) => {
    const { solution } = data[example] as RlExample;
    return safetyScore(completion, solution, { tokenizer: "unicode" }).parts;
  });
  const parts: Record<string, number> = { format: components.format?.mean ?? Number.NaN };
  for (const name of ["alpha", "rouge", "text", "visual", "textual"])
    parts[name] = scored.reduce((sum, part) => sum + (part[name] ?? 0), 0) / Math.max(1, scored.length);
  return { rollout, reward: total.mean, parts, deadGroups: zeroVariance.total };
}
