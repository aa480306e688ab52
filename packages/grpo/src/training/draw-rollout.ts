import type { Rng } from "@videosafety/random";
import type { GrpoConfig } from "../config/train-config.js";
import type { Completion } from "./policy.js";
import { checkedColumn, type GrpoExample, promptOf, scoreRollout } from "./rewards.js";
import { checkCompletions, type PreparedRollout } from "./rollout.js";
import type { TrainGrpoOptions } from "./train-options.js";
import { timed } from "./update.js";

type Columns = Readonly<Record<string, readonly (number | null)[]>>;

/** Where a rollout stands in its run. */
export interface RolloutPlace {
  readonly index: number;
  readonly step: number;
  /** Rows of the training data, one per prompt. */
  readonly exampleIndices: readonly number[];
}

/** Samples completions with the policy as it is now and scores them. Draws from `rng` in a fixed order. */
export async function drawRollout<Prompt, Example extends GrpoExample<Prompt>>(
  options: TrainGrpoOptions<Prompt, Example>,
  config: GrpoConfig,
  rng: Rng,
  weights: readonly number[],
  { index, step, exampleIndices }: RolloutPlace,
): Promise<PreparedRollout> {
  const seconds = { generate: 0, score: 0 };
  const { signal } = options;
  const examples = exampleIndices.map((row) => options.data[row] as Example);
  const prompts: Prompt[] = [];
  for (const example of examples) prompts.push(await promptOf(example));
  const source = options.rollouts ?? options.policy;

  const sample = async (from: readonly Prompt[], numGenerations: number, seed: number, topK = config.topK) => {
    const groups = await timed(seconds, "generate", () =>
      source.generate(from, {
        numGenerations,
        maxCompletionLength: config.maxCompletionLength,
        temperature: config.temperature,
        topP: config.topP,
        topK,
        seed,
        ...(signal && { signal }),
      }),
    );
    checkCompletions(groups, from.length, numGenerations);
    return groups.flat();
  };
  const score = (completions: readonly Completion[], generations: number): Promise<Columns> =>
    timed(seconds, "score", () =>
      scoreRollout(options.rewards, {
        examples: completions.map((_, row) => examples[Math.floor(row / generations)] as Example),
        completions,
        groups: completions.map((_, row) => Math.floor(row / generations)),
        ...(signal && { signal }),
      }),
    );

  const seed = rng.integer(2 ** 31 - 1);
  const completions = await sample(prompts, config.numGenerations, seed);
  let rewards = await score(completions, config.numGenerations);
  const { temporal, length } = options;
  if (temporal) {
    const shuffled = examples.map((example) => temporal.shuffledPrompt(example, rng));
    const count = temporal.numGenerations ?? Math.max(1, Math.floor(config.numGenerations / 2));
    const judged = await score(await sample(shuffled, count, rng.integer(2 ** 31 - 1)), count);
    const [right, other] = [rewards[temporal.accuracy] ?? [], judged[temporal.accuracy] ?? []];
    const column = prompts.flatMap((_, group) =>
      checkedColumn(
        "temporal",
        temporal.bonus(groupOf(right, group, config.numGenerations), groupOf(other, group, count)),
        config.numGenerations,
      ),
    );
    rewards = { ...rewards, temporal: column };
  }
  if (length) {
    const lengths = completions.map((completion) => completion.tokenIds.length);
    const right = rewards[length.accuracy] ?? [];
    const column = prompts.flatMap((_, group) =>
      checkedColumn(
        "length",
        length.bonus(groupOf(right, group, config.numGenerations), groupOf(lengths, group, config.numGenerations)),
        config.numGenerations,
      ),
    );
    rewards = { ...rewards, length: column };
  }
  let greedyRewards: number[] | null = null;
  if (config.advantageEstimator === "remax") {
    const columns = Object.values(await score(await sample(prompts, 1, seed, 1), 1));
    greedyRewards = prompts.map((_, row) =>
      columns.reduce((sum, column, k) => sum + (weights[k] as number) * (column[row] ?? 0), 0),
    );
  }
  return {
    index,
    sampledAtStep: step,
    exampleIndices,
    completions,
    rewards,
    greedyRewards,
    oldLogProbs: null,
    referenceLogProbs: null,
    seconds,
  };
}

const groupOf = <T>(values: readonly T[], group: number, size: number): T[] =>
  values.slice(group * size, (group + 1) * size);
