import type { GrpoConfig, GrpoOptions } from "../config/train-config.js";
import type { CollapseMonitorOptions } from "../diagnostics/collapse-monitor.js";
import { GrpoConfigError, GrpoDataError } from "../errors.js";
import type { Policy } from "./policy.js";
import type { GrpoExample, RewardFunctions } from "./rewards.js";
import type { RolloutSource } from "./rollout.js";

/** The temporal reward: the same question is asked about shuffled frames, and answers judged by one of the rewards. */
export interface TemporalReward<Prompt, Example> {
  /** The prompt with its frames in another order. */
  readonly shuffledPrompt: (example: Example, rng: { integer(n: number): number }) => Prompt;
  /** Name of the reward that says whether an answer is right. */
  readonly accuracy: string;
  /** Completions drawn for the shuffled prompt; default half of numGenerations, at least 1. */
  readonly numGenerations?: number;
  /**
   * What each completion of a group gains, from the accuracies on the frames in order and on shuffled ones (null = unscorable):
   * `temporalBonus` of @videosafety/rewards is the rule of T-GRPO and of the authors' code.
   */
  readonly bonus: (accuracies: readonly (number | null)[], shuffledAccuracies: readonly (number | null)[]) => number[];
}

/** A reward for the length of right answers. */
export interface LengthReward {
  /** Name of the reward that says whether an answer is right. */
  readonly accuracy: string;
  /**
   * What each completion of a group gains, from its accuracies (null = unscorable) and lengths in tokens: `lengthBonus` of
   * @videosafety/rewards is the rule of the authors' code.
   */
  readonly bonus: (accuracies: readonly (number | null)[], completionTokens: readonly number[]) => number[];
}

/** What a run is made of. */
export interface TrainGrpoOptions<Prompt, Example extends GrpoExample<Prompt>> {
  /** The model being trained; its parameters are updated in place. */
  readonly policy: Policy<Prompt>;
  /** Training rows: a prompt and whatever the rewards read. */
  readonly data: readonly Example[];
  /** Reward functions by name; their weighted sum is maximised. */
  readonly rewards: RewardFunctions<Example>;
  /** Options, strict; spread a preset first: `{ ...grpoPreset("vsr1"), maxSteps: 100 }`. */
  readonly config?: GrpoOptions;
  /** Where completions come from; default the policy itself. */
  readonly rollouts?: RolloutSource<Prompt>;
  /** Called every `evalSteps` and at the end; its numbers come back as an event. */
  readonly evaluate?: (context: { step: number; signal?: AbortSignal }) => Promise<Readonly<Record<string, number>>>;
  /** Gets a checkpoint every `saveSteps` and at the end; none are written without it. One run per directory. */
  readonly checkpointDirectory?: string;
  /**
   * A checkpoint to continue from, as `latestCheckpoint(directory)` finds it; undefined starts afresh. The run then repeats, bit
   * by bit, what the uninterrupted one would have done.
   */
  readonly resumeFrom?: string | undefined;
  /**
   * What tells one training row from another when a run is resumed; default the whole row. Pass something smaller where rows
   * hold tensors that another machine would round differently, an id for example. Rows whose prompt is a function need it: two
   * functions look alike.
   */
  readonly fingerprintOf?: (example: Example, row: number) => unknown;
  /** Adds a temporal reward as a column of its own, "temporal". */
  readonly temporal?: TemporalReward<Prompt, Example>;
  /** Adds a length reward as a column of its own, "length". */
  readonly length?: LengthReward;
  /** Thresholds of the alarms; their window starts anew when a run is resumed. */
  readonly alarms?: CollapseMonitorOptions;
  /** Aborting makes the iteration throw the signal's reason; parameters stay at the last finished step. */
  readonly signal?: AbortSignal;
}

/**
 * Checks what types cannot, and lists the reward columns of the run: the functions, then "temporal" and "length".
 *
 * @throws GrpoConfigError, GrpoDataError
 */
export function rewardColumns<Prompt, Example extends GrpoExample<Prompt>>(
  options: TrainGrpoOptions<Prompt, Example>,
  config: GrpoConfig,
): string[] {
  if (options.data.length === 0) throw new GrpoDataError("there is no training data: pass at least one example");
  const functions = Object.keys(options.rewards);
  if (functions.length === 0) throw new GrpoConfigError("there are no rewards: pass at least one reward function");
  const resumable = options.checkpointDirectory !== undefined || options.resumeFrom !== undefined;
  if (resumable && !options.fingerprintOf && options.data.some(({ prompt }) => typeof prompt === "function"))
    throw new GrpoConfigError(
      "a prompt is a function, which does not tell one row from another when the run is resumed: pass fingerprintOf, such as an id",
    );
  const extra = [...(options.temporal ? ["temporal"] : []), ...(options.length ? ["length"] : [])];
  const columns = [...functions, ...extra];
  for (const name of extra)
    if (functions.includes(name))
      throw new GrpoConfigError(`the reward name "${name}" is taken by the option of that name`);
  for (const accuracy of [options.temporal?.accuracy, options.length?.accuracy])
    if (accuracy !== undefined && !functions.includes(accuracy))
      throw new GrpoConfigError(
        `there is no reward "${accuracy}" to judge right answers by; the rewards are ${functions.join(", ")}`,
      );
  for (const name of Object.keys(config.rewardWeights ?? {}))
    if (!columns.includes(name))
      throw new GrpoConfigError(`rewardWeights names "${name}"; the rewards are ${columns.join(", ")}`);
  if (config.entropyCoef !== 0)
    throw new GrpoConfigError(
      "entropyCoef is not 0, but a Policy takes gradients of log-probabilities only: use grpoLoss and its dLossDEntropies in a loop of your own",
    );
  if (config.updatesPerRollout > config.promptsPerRollout)
    throw new GrpoConfigError(
      `updatesPerRollout (${config.updatesPerRollout}) exceeds promptsPerRollout (${config.promptsPerRollout}): an update needs a whole prompt`,
    );
  return columns;
}
