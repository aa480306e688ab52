import { latestCheckpoint, trainAtSft } from "@videosafety/alarm-tokens/train";
import { type GrpoExample, type RewardsEvent, trainGrpo } from "@videosafety/grpo/train";
import type { RewardExample } from "@videosafety/rewards";
import type { PreparedPrompt, PreparedSample, VideoLlm } from "@videosafety/video-llm";
import type { RewardRow, RunEvent } from "../progress/run-event.js";
import { type GrpoItem, itemFingerprint, type SftItem } from "../records/training-item.js";
import { decoderGroup, type ResolvedGrpoStage, type ResolvedSftStage } from "../run-file/resolve-stages.js";
import type { RunFile } from "../run-file/run-schema.js";
import { type Preparation, prepareGrpo, prepareSft } from "./prepare-item.js";
import type { StageItems } from "./stage-items.js";
import { openRewards, type StageRewards } from "./stage-rewards-node.js";

/** What training a stage needs. */
export interface StageContext {
  readonly run: RunFile;
  readonly model: VideoLlm;
  readonly preparation: Preparation;
  readonly items: StageItems;
  /** Folder of the stage's checkpoints: it goes on from the newest. */
  readonly checkpoints: string;
  readonly signal: AbortSignal;
  /** Told of every event. */
  readonly push: (event: RunEvent) => void;
  /** Gets the completions of every rollout. */
  readonly samples?: (event: RewardsEvent) => void;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

/** Trains one of the stages 1 to 3. @returns what it did, for a line */
export async function trainSftStage(stage: ResolvedSftStage, context: StageContext): Promise<string> {
  const { model, items, preparation, checkpoints, signal, push } = context;
  const sources = Object.fromEntries(
    Array.from(items.sources, ([name, list]) => [
      name,
      {
        length: list.length,
        get: (index: number) => prepareSft(list[index] as SftItem, preparation),
        fingerprintOf: (index: number) => itemFingerprint(list[index] as SftItem),
      },
    ]),
  );
  const losses: number[] = [];
  let steps = 0;
  for await (const event of trainAtSft<PreparedSample>({
    model,
    data: {
      sources,
      describe: ({ prompt, completionIds, labels }) => ({
        assistantTokens: completionIds.length,
        sequenceTokens: prompt.tokenIds.length + completionIds.length,
        labels,
      }),
    },
    config: stage.config,
    checkpointDirectory: checkpoints,
    resumeFrom: await latestCheckpoint(checkpoints),
    signal,
  })) {
    if (event.type === "done") {
      steps = event.step;
      continue;
    }
    push({ type: "training", stage: stage.name, event });
    if (event.type === "step") losses.push(event.loss);
  }
  // A stage that was stopped after its last checkpoint trains no further step.
  return losses.length === 0
    ? `${steps} steps`
    : `${steps} steps, loss ${mean(losses.slice(-10)).toFixed(4)} over the last ${Math.min(10, losses.length)}`;
}

/** A row of stage 4: a prompt that is made when it is drawn, and what the rewards read. */
interface GrpoRow extends RewardExample, GrpoExample<PreparedPrompt> {
  readonly item: GrpoItem;
}

/** Trains stage 4. @returns what it did, for a line */
export async function trainGrpoStage(stage: ResolvedGrpoStage, context: StageContext): Promise<string> {
  const { run, model, items, preparation, checkpoints, signal, push } = context;
  const rewards = await openRewards<GrpoRow>(run.rewards);
  const { config } = stage;
  const data = [...items.sources.values()].flat().map((item): GrpoRow => {
    const one = item as GrpoItem;
    const prompt = () => prepareGrpo(one, preparation, stage);
    return { item: one, prompt, solution: one.solution, problemType: one.problemType };
  });
  // The reference is a snapshot of the weights as they are now: it is taken before a checkpoint is restored.
  const policy = model.policy({ groups: [decoderGroup(run)], reference: stage.reference });
  const earned: number[] = [];
  let steps = 0;
  for await (const event of trainGrpo<PreparedPrompt, GrpoRow>({
    policy,
    data,
    rewards: rewards.functions,
    config: { ...config, rewardWeights: { ...rewards.weights, ...config.rewardWeights } },
    checkpointDirectory: checkpoints,
    resumeFrom: await latestCheckpoint(checkpoints),
    fingerprintOf: ({ item }) => itemFingerprint(item),
    signal,
  })) {
    if (event.type === "done") {
      steps = event.step;
      continue;
    }
    if (event.type !== "rewards") {
      push({ type: "reinforcing", stage: stage.name, totalSteps: items.totalSteps, event });
      continue;
    }
    earned.push(event.total.mean);
    context.samples?.(event);
    push({ type: "rewards", stage: stage.name, row: rewardRow(event, data, rewards) });
    const { samples: _, ...summary } = event;
    push({ type: "reinforcing", stage: stage.name, totalSteps: items.totalSteps, event: summary });
  }
  return earned.length === 0
    ? `${steps} steps`
    : `${steps} steps, mean reward ${earned[0]?.toFixed(3)} -> ${mean(earned.slice(-3)).toFixed(3)}`;
}

/** The rollout's rewards, with DRA's alpha and the terms it weighs: means over the completions of safety problems. */
function rewardRow(event: RewardsEvent, data: readonly GrpoRow[], rewards: StageRewards<GrpoRow>): RewardRow {
  const scored = event.samples
    .map(({ completion, example }) => rewards.partsOf(completion, data[example] as GrpoRow))
    .filter((parts) => Object.keys(parts).length > 0);
  const names = [...new Set(scored.flatMap((parts) => Object.keys(parts)))];
  return {
    rollout: event.rollout,
    step: event.step,
    reward: event.total.mean,
    components: Object.fromEntries(Object.entries(event.components).map(([name, one]) => [name, one.mean])),
    parts: Object.fromEntries(names.map((name) => [name, mean(scored.map((parts) => parts[name] ?? 0))])),
    deadGroups: event.zeroVariance.total,
  };
}
