import { epochPlan, mixtureCounts } from "@videosafety/alarm-tokens/train";
import { promptOrder } from "@videosafety/grpo/train";
import { createRng } from "@videosafety/random";
import { DefenseError } from "../errors.js";
import type { ReadSource } from "../records/read-source-node.js";
import { type GrpoItem, placeText, type SftItem, type TrainingItem } from "../records/training-item.js";
import type { ResolvedGrpoStage, ResolvedSftStage, ResolvedStage } from "../run-file/resolve-stages.js";

/** What a stage learns from. */
export interface StageItems {
  /** Items by source, in the order of the run file. */
  readonly sources: ReadonlyMap<string, readonly TrainingItem[]>;
  /** Optimizer steps. */
  readonly totalSteps: number;
  /** Items that are drawn at least once, in the order of their first draw. */
  readonly drawn: readonly TrainingItem[];
}

const all = (sources: ReadonlyMap<string, readonly TrainingItem[]>): TrainingItem[] => [...sources.values()].flat();

/**
 * The sources of a stage: those it names, else all of the layout that it reads.
 *
 * @throws DefenseError `invalid-run-file` for a name that is none, a source of the other layout, or none at all
 */
export function sourcesOf(stage: ResolvedStage, read: readonly ReadSource[]): ReadSource[] {
  const format = stage.stage === 4 ? "grpo" : "sft";
  const wanted = stage.sources ?? read.filter((one) => one.format === format).map(({ name }) => name);
  if (wanted.length === 0)
    throw new DefenseError(
      "invalid-run-file",
      `${stage.name}: expected a source of layout ${format} in data, found ${read.map((one) => `${one.name} (${one.format})`).join(", ") || "none"}`,
    );
  return wanted.map((name) => {
    const found = read.find((one) => one.name === name);
    if (found?.format === format) return found;
    const what =
      found === undefined
        ? `known: ${read.map((one) => one.name).join(", ") || "none"}`
        : `it has the layout ${found.format}`;
    throw new DefenseError(
      "invalid-run-file",
      `${stage.name}: expected a source of layout ${format} named ${name}: ${what}`,
    );
  });
}

/**
 * Which items a stage draws, and in how many steps: as its trainer will.
 *
 * @throws DefenseError `labels-missing` where an alarm classification loss meets an item without labels; AlarmTrainingConfigError for
 *   a mixture of other names
 */
export function stageItems(stage: ResolvedStage, read: readonly ReadSource[]): StageItems {
  const sources = new Map(sourcesOf(stage, read).map(({ name, items }) => [name, items]));
  const planned = stage.stage === 4 ? grpoDraws(stage, sources) : sftDraws(stage, sources);
  if (stage.stage !== 4 && stage.config.lambdaVisual + stage.config.lambdaTextual > 0)
    checkLabels(stage, planned.drawn);
  return { sources, ...planned };
}

function sftDraws({ config }: ResolvedSftStage, sources: StageItems["sources"]): Omit<StageItems, "sources"> {
  const lengths = new Map(Array.from(sources, ([name, items]) => [name, items.length]));
  const counts = mixtureCounts(lengths, config.mixture ?? undefined);
  const perEpoch = [...counts.values()].reduce((a, b) => a + b, 0);
  const stepsPerEpoch = Math.ceil(perEpoch / config.batchSize);
  const totalSteps = Math.min(config.maxSteps ?? Infinity, Math.ceil(config.numTrainEpochs * stepsPerEpoch));
  const drawn = new Set<TrainingItem>();
  for (let epoch = 0; epoch * stepsPerEpoch < totalSteps && drawn.size < all(sources).length; epoch++) {
    const draws = epochPlan({ lengths, counts, epoch, seed: config.seed, createRng });
    const steps = Math.min(stepsPerEpoch, totalSteps - epoch * stepsPerEpoch);
    for (const { source, index } of draws.slice(0, steps * config.batchSize))
      drawn.add(sources.get(source)?.[index] as SftItem);
  }
  return { totalSteps, drawn: [...drawn] };
}

function grpoDraws({ config }: ResolvedGrpoStage, sources: StageItems["sources"]): Omit<StageItems, "sources"> {
  const items = all(sources);
  const perRollout = config.updatesPerRollout * config.numIterations;
  const rollouts = Math.ceil((config.numTrainEpochs * items.length) / config.promptsPerRollout);
  const totalSteps = config.maxSteps ?? rollouts * perRollout;
  const exampleAt = promptOrder(items.length, config.seed, config.shuffleDataset);
  const prompts = (Math.ceil(totalSteps / perRollout) + config.rolloutLag) * config.promptsPerRollout;
  const drawn = new Set<TrainingItem>();
  for (let i = 0; i < Math.min(prompts, 2 * items.length); i++) drawn.add(items[exampleAt(i)] as GrpoItem);
  return { totalSteps, drawn: [...drawn] };
}

function checkLabels({ name }: ResolvedSftStage, drawn: readonly TrainingItem[]): void {
  const unlabelled = drawn.filter(({ labels }) => labels === null);
  const [first] = unlabelled;
  if (first === undefined) return;
  throw new DefenseError(
    "labels-missing",
    `${name}: ${placeText(first.place)}: expected safety labels for the alarm heads, found none (${unlabelled.length} of ${drawn.length} items); add safety_labels, or set data.${first.place.source}.missingLabels: safe for general data`,
  );
}
