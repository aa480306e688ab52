import {
  AdamW,
  clipGradNorm,
  constantSchedule,
  cosineSchedule,
  createRng,
  gradNorm,
  linearSchedule,
  type Schedule,
} from "@videosafety/onnx-autodiff";
import { type AdvantageResult, computeAdvantages } from "../advantages.js";
import { CollapseMonitor, type CollapseMonitorOptions, type RunObservation } from "../collapse-monitor.js";
import { correlation, rewardVarianceShares, zeroVarianceCauses } from "../diagnostics.js";
import { GrpoConfigError, GrpoDataError } from "../errors.js";
import {
  type LengthRewardOptions,
  lengthRewards,
  type TemporalRewardOptions,
  temporalRewards,
} from "../extra-rewards.js";
import { rewardStatistics } from "../group-statistics.js";
import type { Completion, Policy, PolicyItem } from "../policy.js";
import { advantageOptionsOf, type GrpoConfig, type GrpoOptions, resolveGrpoConfig } from "../train-config.js";
import { type CheckpointStore, checkSameConfig, type GrpoCheckpoint, restoreParameters } from "./checkpoint.js";
import type { GrpoEvent, RewardSummary, RewardsEvent, RolloutEvent, UpdateEvent } from "./events.js";
import { promptOrder } from "./prompt-order.js";
import { type GrpoExample, type RewardFunctions, scoreRollout } from "./rewards.js";
import { checkCompletions, type PreparedRollout, type RolloutSource } from "./rollout.js";
import { accumulateUpdate, checkGradientNorm, logProbsInBatches, timed, type UpdateRows } from "./update.js";

/** How the temporal reward is had: the same question about shuffled frames, judged by one of the rewards. */
export interface TemporalRewards<Prompt, Example> extends TemporalRewardOptions {
  /** The prompt with its frames in another order. */
  readonly shuffledPrompt: (example: Example, rng: { integer(n: number): number }) => Prompt;
  /** Name of the reward that says whether an answer is right. */
  readonly accuracy: string;
  /** Completions drawn for the shuffled prompt; default half of numGenerations, at least 1. */
  readonly numGenerations?: number;
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
  /** Receives a checkpoint every `saveSteps` and at the end. */
  readonly checkpoints?: CheckpointStore;
  /** Goes on from a checkpoint. The run then repeats, bit by bit, what the uninterrupted one would have done. */
  readonly resumeFrom?: GrpoCheckpoint;
  /** Adds T-GRPO's temporal reward as a column of its own, "temporal". */
  readonly temporal?: TemporalRewards<Prompt, Example>;
  /** Adds Video-R1's length reward as a column of its own, "length". */
  readonly length?: LengthRewardOptions & { readonly accuracy: string };
  /** Thresholds of the alarms; their window starts anew when a run is resumed. */
  readonly alarms?: CollapseMonitorOptions;
  /** Aborting makes the iteration throw the signal's reason; parameters stay at the last finished step. */
  readonly signal?: AbortSignal;
}

/**
 * Group relative policy optimization as an async iterable of events. Nothing happens between two `next()` calls; leaving
 * the loop early stops the run at a step boundary.
 *
 * ```ts
 * for await (const event of trainGrpo({ policy, data, rewards, config: { ...grpoPreset("vsr1"), maxSteps: 100 } })) {
 *   if (event.type === "update") console.error(event.step, event.loss, event.kl);
 * }
 * ```
 *
 * @throws GrpoConfigError, GrpoDataError, GrpoRolloutError, GrpoNumericError, GrpoCheckpointError
 */
export async function* trainGrpo<Prompt, Example extends GrpoExample<Prompt>>(
  options: TrainGrpoOptions<Prompt, Example>,
): AsyncGenerator<GrpoEvent, void, undefined> {
  const config = resolveGrpoConfig(options.config);
  if (options.data.length === 0) throw new GrpoDataError("there is no training data: pass at least one example");
  const functions = Object.keys(options.rewards);
  const extra = [...(options.temporal ? ["temporal"] : []), ...(options.length ? ["length"] : [])];
  const names = [...functions, ...extra];
  for (const name of extra)
    if (functions.includes(name))
      throw new GrpoConfigError(`the reward name "${name}" is taken by the option of that name`);
  for (const accuracy of [options.temporal?.accuracy, options.length?.accuracy])
    if (accuracy !== undefined && !functions.includes(accuracy))
      throw new GrpoConfigError(
        `there is no reward "${accuracy}" to judge right answers by; the rewards are ${functions.join(", ")}`,
      );
  if (functions.length === 0) throw new GrpoConfigError("there are no rewards: pass at least one reward function");
  for (const name of Object.keys(config.rewardWeights ?? {}))
    if (!names.includes(name))
      throw new GrpoConfigError(`rewardWeights names "${name}"; the rewards are ${names.join(", ")}`);
  if (config.updatesPerRollout > config.promptsPerRollout)
    throw new GrpoConfigError(
      `updatesPerRollout (${config.updatesPerRollout}) exceeds promptsPerRollout (${config.promptsPerRollout}): an update needs a whole prompt`,
    );
  yield* new GrpoRun(options, config, names).events();
}

class GrpoRun<Prompt, Example extends GrpoExample<Prompt>> {
  private readonly policy: Policy<Prompt>;
  private readonly source: RolloutSource<Prompt>;
  private readonly rng;
  private readonly optimizer: AdamW;
  private readonly schedule: Schedule;
  private readonly maxSteps: number;
  private readonly exampleAt: (index: number) => number;
  private readonly weights: number[];
  private readonly monitor: CollapseMonitor;
  private step = 0;
  private rollouts = 0;
  private promptsDrawn = 0;
  private queue: PreparedRollout[] = [];
  private updatesOfFirst = 0;

  constructor(
    private readonly options: TrainGrpoOptions<Prompt, Example>,
    private readonly config: GrpoConfig,
    names: readonly string[],
  ) {
    this.policy = options.policy;
    this.source = options.rollouts ?? options.policy;
    this.rng = createRng(config.seed);
    this.weights = names.map((name) => config.rewardWeights?.[name] ?? 1);
    this.monitor = new CollapseMonitor(options.alarms);
    this.exampleAt = promptOrder(options.data.length, config.seed, config.shuffleDataset);
    const updatesPerRollout = config.updatesPerRollout * config.numIterations;
    const rollouts = Math.ceil((config.numTrainEpochs * options.data.length) / config.promptsPerRollout);
    this.maxSteps = config.maxSteps ?? rollouts * updatesPerRollout;
    this.schedule = scheduleOf(config, this.maxSteps);
    this.optimizer = new AdamW(this.policy.trainableParameters(), {
      learningRate: config.learningRate,
      beta1: config.adamBeta1,
      beta2: config.adamBeta2,
      epsilon: config.adamEpsilon,
      weightDecay: config.weightDecay,
      groups: Object.fromEntries(
        Object.entries(config.learningRates).map(([group, learningRate]) => [group, { learningRate }]),
      ),
    });
    if (options.resumeFrom) this.restore(options.resumeFrom);
  }

  async *events(): AsyncGenerator<GrpoEvent, void, undefined> {
    const start = performance.now();
    const { config, options } = this;
    while (this.step < this.maxSteps) {
      options.signal?.throwIfAborted();
      while (this.queue.length <= config.rolloutLag) {
        const rollout = await this.draw();
        this.queue.push(rollout);
        const advantages = this.advantagesOf(rollout);
        yield this.rolloutEvent(rollout);
        yield this.rewardsEvent(rollout, advantages);
      }
      const rollout = this.queue[0] as PreparedRollout;
      const update = await this.update();
      yield update;
      for (const alarm of this.monitor.observe(this.observation(rollout, update))) yield { type: "alarm", ...alarm };
      const last = this.step === this.maxSteps;
      if (options.evaluate && (last || (config.evalSteps && this.step % config.evalSteps === 0))) {
        const clock = { seconds: 0 };
        const evaluate = options.evaluate;
        const metrics = await timed(clock, "seconds", () => evaluate({ step: this.step, ...this.signal() }));
        yield { type: "evaluation", step: this.step, metrics, seconds: clock.seconds };
      }
      if (options.checkpoints && (last || (config.saveSteps && this.step % config.saveSteps === 0))) {
        const clock = { seconds: 0 };
        const store = options.checkpoints;
        await timed(clock, "seconds", () => store.save(this.checkpoint()));
        yield { type: "checkpoint", step: this.step, seconds: clock.seconds };
      }
    }
    yield { type: "done", step: this.step, seconds: (performance.now() - start) / 1000 };
  }

  /** Samples and scores the next rollout with the policy as it is now. */
  private async draw(): Promise<PreparedRollout> {
    const { config, options } = this;
    const clock = { generate: 0, score: 0 };
    const exampleIndices = Array.from({ length: config.promptsPerRollout }, (_, i) =>
      this.exampleAt(this.promptsDrawn + i),
    );
    const examples = exampleIndices.map((index) => options.data[index] as Example);
    const prompts = examples.map((example) => example.prompt);
    const generation = {
      maxCompletionLength: config.maxCompletionLength,
      temperature: config.temperature,
      topP: config.topP,
      topK: config.topK,
      ...this.signal(),
    };
    const seed = this.rng.integer(2 ** 31 - 1);
    const groups = await timed(clock, "generate", () =>
      this.source.generate(prompts, { ...generation, numGenerations: config.numGenerations, seed }),
    );
    checkCompletions(groups, prompts.length, config.numGenerations);
    const completions = groups.flat();
    let rewards = await timed(clock, "score", () => this.score(examples, completions, config.numGenerations));
    if (options.temporal) {
      const temporal = options.temporal;
      const shuffledPrompts = examples.map((example) => temporal.shuffledPrompt(example, this.rng));
      const count = temporal.numGenerations ?? Math.max(1, Math.floor(config.numGenerations / 2));
      const shuffled = await timed(clock, "generate", () =>
        this.source.generate(shuffledPrompts, {
          ...generation,
          numGenerations: count,
          seed: this.rng.integer(2 ** 31 - 1),
        }),
      );
      checkCompletions(shuffled, prompts.length, count);
      const judged = await timed(clock, "score", () => this.score(examples, shuffled.flat(), count));
      rewards = { ...rewards, temporal: this.temporalColumn(rewards, judged, count) };
    }
    if (options.length) {
      const accuracies = rewards[options.length.accuracy] ?? [];
      const lengths = completions.map((completion) => completion.tokenIds.length);
      const length = prompts.flatMap((_, prompt) => {
        const [start, end] = [prompt * config.numGenerations, (prompt + 1) * config.numGenerations];
        return lengthRewards(accuracies.slice(start, end), lengths.slice(start, end), options.length);
      });
      rewards = { ...rewards, length };
    }
    let greedyRewards: number[] | null = null;
    if (config.advantageEstimator === "remax") {
      const greedy = await timed(clock, "generate", () =>
        this.source.generate(prompts, { ...generation, topK: 1, numGenerations: 1, seed }),
      );
      checkCompletions(greedy, prompts.length, 1);
      const columns = await timed(clock, "score", () => this.score(examples, greedy.flat(), 1));
      greedyRewards = prompts.map((_, row) => this.total(columns, row));
    }
    this.promptsDrawn += prompts.length;
    return {
      index: this.rollouts++,
      sampledAtStep: this.step,
      exampleIndices,
      completions,
      rewards,
      greedyRewards,
      oldLogProbs: null,
      referenceLogProbs: null,
      seconds: clock,
    };
  }

  private temporalColumn(
    ordered: Readonly<Record<string, readonly (number | null)[]>>,
    shuffled: Readonly<Record<string, readonly (number | null)[]>>,
    count: number,
  ): number[] {
    const { temporal } = this.options;
    if (!temporal) return [];
    const [right, other] = [ordered[temporal.accuracy] ?? [], shuffled[temporal.accuracy] ?? []];
    const { numGenerations, promptsPerRollout } = this.config;
    return Array.from({ length: promptsPerRollout }, (_, prompt) =>
      temporalRewards(
        right.slice(prompt * numGenerations, (prompt + 1) * numGenerations),
        other.slice(prompt * count, (prompt + 1) * count),
        temporal,
      ),
    ).flat();
  }

  private score(examples: readonly Example[], completions: readonly Completion[], generations: number) {
    return scoreRollout(this.options.rewards, {
      examples: completions.map((_, row) => examples[Math.floor(row / generations)] as Example),
      completions,
      groups: completions.map((_, row) => Math.floor(row / generations)),
      ...this.signal(),
    });
  }

  private total(columns: Readonly<Record<string, readonly (number | null)[]>>, row: number): number {
    return Object.values(columns).reduce((sum, column, k) => sum + (this.weights[k] as number) * (column[row] ?? 0), 0);
  }

  private advantagesOf(rollout: PreparedRollout): AdvantageResult {
    const { numGenerations } = this.config;
    return computeAdvantages(
      {
        rewards: Object.values(rollout.rewards),
        rewardWeights: this.weights,
        groups: numGenerations,
        lengths: rollout.completions.map((completion) => completion.tokenIds.length),
        greedyRewards: rollout.greedyRewards
          ? rollout.completions.map((_, row) => rollout.greedyRewards?.[Math.floor(row / numGenerations)] as number)
          : undefined,
      },
      advantageOptionsOf(this.config),
    );
  }

  private items(rollout: PreparedRollout): PolicyItem<Prompt>[] {
    return rollout.completions.map((completion, row) => {
      const index = rollout.exampleIndices[Math.floor(row / this.config.numGenerations)] as number;
      return { prompt: (this.options.data[index] as Example).prompt, tokenIds: completion.tokenIds };
    });
  }

  /** One optimizer step on the oldest rollout. */
  private async update(): Promise<UpdateEvent> {
    const { config, policy } = this;
    const clock = { logProbs: 0, reference: 0, optimizer: 0 };
    let rollout = this.queue[0] as PreparedRollout;
    const items = this.items(rollout);
    const size = config.microBatchSize ?? Math.max(items.length, 1);
    const common = { temperature: config.temperature, ...this.signal() };
    const fresh = rollout.oldLogProbs === null;
    if (fresh) {
      const oldLogProbs = await timed(clock, "logProbs", () =>
        logProbsInBatches(policy, items, size, { model: "policy", ...common }),
      );
      const referenceLogProbs =
        config.beta === 0
          ? null
          : await timed(clock, "reference", () =>
              logProbsInBatches(policy, items, size, { model: "reference", ...common }),
            );
      rollout = { ...rollout, oldLogProbs, referenceLogProbs };
      this.queue[0] = rollout;
    }
    const slice = this.updatesOfFirst % config.updatesPerRollout;
    const iteration = Math.floor(this.updatesOfFirst / config.updatesPerRollout);
    const rows = this.rowsOf(rollout, items, slice, fresh);
    const update = await accumulateUpdate(policy, rows, config, this.options.signal);
    const norm = gradNorm(update.gradients);
    checkGradientNorm(norm, this.step + 1);
    const scale = config.maxGradNorm === null ? 1 : clipGradNorm(update.gradients, config.maxGradNorm).scale;
    const learningRateScale = this.schedule(this.step);
    await timed(clock, "optimizer", () => {
      this.optimizer.step(update.gradients, { learningRateScale, gradientScale: scale });
      policy.parametersChanged();
    });
    this.step++;
    this.updatesOfFirst++;
    if (this.updatesOfFirst === config.updatesPerRollout * config.numIterations) {
      this.queue.shift();
      this.updatesOfFirst = 0;
    }
    const { metrics } = update;
    return {
      type: "update",
      step: this.step,
      rollout: rollout.index,
      iteration,
      loss: update.loss,
      policyLoss: update.policyLoss,
      klLoss: update.klLoss,
      kl: metrics.kl,
      entropyEstimate: metrics.entropyEstimate,
      gradientNorm: norm,
      clipFraction: metrics.clipFraction,
      ratioQuantiles: update.ratioQuantiles,
      learningRate: config.learningRate * learningRateScale,
      metrics,
      seconds: {
        logProbs: clock.logProbs + update.seconds.logProbs,
        reference: clock.reference,
        loss: update.seconds.loss,
        gradients: update.seconds.gradients,
        optimizer: clock.optimizer,
      },
    };
  }

  /** The rows of one of the optimizer steps a rollout is cut into: whole prompts, as evenly as they divide. */
  private rowsOf(
    rollout: PreparedRollout,
    items: readonly PolicyItem<Prompt>[],
    slice: number,
    fresh: boolean,
  ): UpdateRows<Prompt> {
    const { config } = this;
    const prompts = rollout.exampleIndices.length;
    const edge = (part: number) => Math.floor((part * prompts) / config.updatesPerRollout) * config.numGenerations;
    const [start, end] = [edge(slice), edge(slice + 1)];
    const { advantages, zeroVariance } = this.advantagesOf(rollout);
    const completions = rollout.completions.slice(start, end);
    const oldLogProbs = (rollout.oldLogProbs as readonly Float64Array[]).slice(start, end);
    const offPolicy = this.options.rollouts !== undefined || rollout.sampledAtStep !== this.step - this.updatesOfFirst;
    return {
      items: items.slice(start, end),
      advantages: advantages.slice(start, end),
      zeroVariance: zeroVariance.slice(start, end),
      masks: completions.map(({ tokenIds, finishReason }) =>
        new Uint8Array(tokenIds.length).fill(config.maskTruncatedCompletions && finishReason === "length" ? 0 : 1),
      ),
      oldLogProbs,
      referenceLogProbs: rollout.referenceLogProbs?.slice(start, end) ?? null,
      samplingLogProbs: offPolicy ? completions.map(({ logProbs }) => logProbs) : null,
      current: fresh ? oldLogProbs : null,
    };
  }

  private rolloutEvent(rollout: PreparedRollout): RolloutEvent {
    const lengths = rollout.completions.map((completion) => completion.tokenIds.length);
    const truncated = rollout.completions.filter((completion) => completion.finishReason === "length").length;
    return {
      type: "rollout",
      step: this.step,
      rollout: rollout.index,
      prompts: rollout.exampleIndices.length,
      completions: rollout.completions.length,
      lengths: {
        mean: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
        min: Math.min(...lengths),
        max: Math.max(...lengths),
      },
      truncated: truncated / lengths.length,
      lag: this.queue.length - 1,
      seconds: rollout.seconds.generate,
    };
  }

  private rewardsEvent(rollout: PreparedRollout, result: AdvantageResult): RewardsEvent {
    const { numGenerations } = this.config;
    const names = Object.keys(rollout.rewards);
    const shares = rewardVarianceShares(Object.values(rollout.rewards), this.weights);
    return {
      type: "rewards",
      step: this.step,
      rollout: rollout.index,
      components: Object.fromEntries(names.map((name) => [name, summary(rollout.rewards[name] ?? [])])),
      total: summary([...result.rewards].map((reward) => (Number.isNaN(reward) ? null : reward))),
      zeroVariance: zeroVarianceCauses(result.groups),
      varianceShares: Object.fromEntries(names.map((name, k) => [name, shares[k] as number])),
      rewardLengthCorrelation: lengthCorrelation(rollout, result),
      samples: rollout.completions.map((completion, row) => ({
        step: this.step,
        rollout: rollout.index,
        example: rollout.exampleIndices[Math.floor(row / numGenerations)] as number,
        generation: row % numGenerations,
        completion: completion.text,
        tokens: completion.tokenIds.length,
        finishReason: completion.finishReason,
        rewards: Object.fromEntries(names.map((name) => [name, rollout.rewards[name]?.[row] ?? null])),
        total: Number.isNaN(result.rewards[row]) ? null : (result.rewards[row] as number),
        advantage: result.advantages[row] as number,
      })),
      seconds: rollout.seconds.score,
    };
  }

  private observation(rollout: PreparedRollout, update: UpdateEvent): RunObservation {
    const result = this.advantagesOf(rollout);
    const { lengths, truncated } = this.rolloutEvent(rollout);
    return {
      step: update.step,
      reward: rewardStatistics(result.rewards.filter((reward) => !Number.isNaN(reward))).mean,
      zeroVariance: zeroVarianceCauses(result.groups).total,
      rewardLengthCorrelation: lengthCorrelation(rollout, result),
      meanLength: lengths.mean,
      truncated,
      kl: update.kl,
      entropyEstimate: update.entropyEstimate,
      effectiveSampleSize: update.metrics.effectiveSampleSize,
      clipFraction: update.clipFraction,
    };
  }

  private checkpoint(): GrpoCheckpoint {
    const copy = (tensors: Iterable<readonly [string, { data: Float32Array } | Float32Array]>) =>
      new Map([...tensors].map(([name, t]) => [name, (t instanceof Float32Array ? t : t.data).slice()]));
    const { step, slots } = this.optimizer.state();
    return {
      version: 1,
      config: this.config,
      step: this.step,
      rollouts: this.rollouts,
      promptsDrawn: this.promptsDrawn,
      rng: this.rng.state,
      parameters: copy(this.policy.trainableParameters()),
      optimizer: { step, slots: copy(slots) },
      queue: [...this.queue],
      updatesOfFirst: this.updatesOfFirst,
    };
  }

  private restore(checkpoint: GrpoCheckpoint): void {
    checkSameConfig(checkpoint.config, this.config);
    restoreParameters(this.policy.trainableParameters(), checkpoint.parameters);
    this.policy.parametersChanged();
    this.optimizer.loadState(checkpoint.optimizer);
    this.rng.state = checkpoint.rng;
    this.step = checkpoint.step;
    this.rollouts = checkpoint.rollouts;
    this.promptsDrawn = checkpoint.promptsDrawn;
    this.queue = [...checkpoint.queue];
    this.updatesOfFirst = checkpoint.updatesOfFirst;
  }

  private signal(): { signal?: AbortSignal } {
    return this.options.signal ? { signal: this.options.signal } : {};
  }
}

function lengthCorrelation(rollout: PreparedRollout, result: AdvantageResult): number {
  return correlation(
    result.rewards,
    rollout.completions.map((completion) => completion.tokenIds.length),
  );
}

function summary(column: readonly (number | null)[]): RewardSummary {
  const { count, mean, std } = rewardStatistics(column.filter((reward) => reward !== null));
  return { mean: count === 0 ? Number.NaN : mean, std, unscorable: 1 - count / Math.max(column.length, 1) };
}

function scheduleOf(config: GrpoConfig, totalSteps: number): Schedule {
  const warmupSteps = config.warmupSteps || Math.ceil(config.warmupRatio * totalSteps);
  if (config.lrSchedulerType === "constant") return constantSchedule({ warmupSteps });
  const shape = config.lrSchedulerType === "cosine" ? cosineSchedule : linearSchedule;
  return shape({ totalSteps, warmupSteps });
}
