import { GrpoRolloutError } from "../errors.js";
import type { Completion, GenerateOptions } from "./policy.js";

/** Anything that draws completions: a policy, or an inference server (`vllmRollouts`). */
export interface RolloutSource<Prompt> {
  /** `[P][G]` completions for P prompts. */
  generate(prompts: readonly Prompt[], options: GenerateOptions): Promise<Completion[][]>;
}

/** A scored rollout waiting to be learned from. Plain data, so that a checkpoint can hold it. */
export interface PreparedRollout {
  /** Index, from 0. */
  readonly index: number;
  /** Optimizer steps taken when it was sampled. */
  readonly sampledAtStep: number;
  /** Rows of the training data, one per prompt. */
  readonly exampleIndices: readonly number[];
  /** Completions, group by group. */
  readonly completions: readonly Completion[];
  /** Reward columns by function. */
  readonly rewards: Readonly<Record<string, readonly (number | null)[]>>;
  /** Rewards of the greedy completion of each prompt (ReMax only). */
  readonly greedyRewards: readonly number[] | null;
  /** Log-probabilities under the policy when learning from it began; null = not begun. */
  readonly oldLogProbs: readonly Float64Array[] | null;
  /** The same under the reference; null without KL, or not begun. */
  readonly referenceLogProbs: readonly Float64Array[] | null;
  /** Wall time of generation and of scoring, in seconds. */
  readonly seconds: { readonly generate: number; readonly score: number };
}

/** @throws GrpoRolloutError unless there are G well-formed completions for every prompt */
export function checkCompletions(completions: readonly Completion[][], prompts: number, numGenerations: number): void {
  if (completions.length !== prompts)
    throw new GrpoRolloutError(`the rollout source answered ${completions.length} groups for ${prompts} prompts`);
  completions.forEach((group, prompt) => {
    if (group.length !== numGenerations)
      throw new GrpoRolloutError(`prompt ${prompt} got ${group.length} completions, expected ${numGenerations}`);
    group.forEach((completion, index) => {
      if (completion.logProbs.length !== completion.tokenIds.length)
        throw new GrpoRolloutError(
          `completion ${index} of prompt ${prompt} has ${completion.tokenIds.length} tokens but ${completion.logProbs.length} log-probabilities`,
        );
    });
  });
}
