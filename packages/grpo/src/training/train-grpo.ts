import {
  AdamW,
  clipGradNorm,
  fingerprintRows,
  gradNorm,
  namedSchedule,
  prepareCheckpointDirectory,
  type Schedule,
} from "@videosafety/onnx-autodiff";
import { createRng } from "@videosafety/random";
import { type AdvantageResult, computeAdvantages } from "../advantages/advantages.js";
import { advantageOptionsOf, type GrpoConfig, resolveGrpoConfig } from "../config/train-config.js";
import { CollapseMonitor } from "../diagnostics/collapse-monitor.js";
import { drawRollout } from "./draw-rollout.js";
import type { GrpoEvent, UpdateEvent } from "./events.js";
import type { Policy, PolicyItem } from "./policy.js";
import { promptOrder } from "./prompt-order.js";
import { type GrpoExample, promptOf } from "./rewards.js";
import type { PreparedRollout } from "./rollout.js";
import { observationOf, rewardsEvent, rolloutEvent } from "./rollout-reports.js";
import { resumeRun, saveRun } from "./run-checkpoint-node.js";
import type { RunIdentity } from "./same-run.js";
import { rewardColumns, type TrainGrpoOptions } from "./train-options.js";
import { accumulateUpdate, checkGradientNorm, logProbsInBatches, timed, type UpdateRows } from "./update.js";

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
  const run = new GrpoRun(options, config, rewardColumns(options, config));
  await run.prepare();
  yield* run.events();
}

class GrpoRun<Prompt, Example extends GrpoExample<Prompt>> {
  private readonly policy: Policy<Prompt>;
  private readonly rng;
  private readonly optimizer: AdamW;
  private readonly schedule: Schedule;
  private readonly maxSteps: number;
  private readonly exampleAt: (index: number) => number;
  private readonly weights: number[];
  private readonly monitor: CollapseMonitor;
  /** Advantages of the rollouts in the queue, by index: they are computed once. */
  private readonly advantages = new Map<number, AdvantageResult>();
  private identity: RunIdentity | null = null;
  private step = 0;
  private rollouts = 0;
  private promptsDrawn = 0;
  private queue: PreparedRollout[] = [];
  private updatesOfFirst = 0;

  constructor(
    private readonly options: TrainGrpoOptions<Prompt, Example>,
    private readonly config: GrpoConfig,
    private readonly names: readonly string[],
  ) {
    this.policy = options.policy;
    this.rng = createRng(config.seed);
    this.weights = names.map((name) => config.rewardWeights?.[name] ?? 1);
    this.monitor = new CollapseMonitor(options.alarms);
    this.exampleAt = promptOrder(options.data.length, config.seed, config.shuffleDataset);
    const updatesPerRollout = config.updatesPerRollout * config.numIterations;
    const rollouts = Math.ceil((config.numTrainEpochs * options.data.length) / config.promptsPerRollout);
    this.maxSteps = config.maxSteps ?? rollouts * updatesPerRollout;
    this.schedule = namedSchedule({ ...config, totalSteps: this.maxSteps });
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
  }

  /** Makes the directory ready and goes to where a resumed run stopped. */
  async prepare(): Promise<void> {
    const { checkpointDirectory, resumeFrom, data, fingerprintOf } = this.options;
    if (checkpointDirectory === undefined && resumeFrom === undefined) return;
    const rows = fingerprintRows(fingerprintOf ? data.map(fingerprintOf) : data);
    this.identity = { config: this.config, rewards: this.names, data: rows };
    if (checkpointDirectory !== undefined) await prepareCheckpointDirectory(checkpointDirectory);
    if (resumeFrom === undefined) return;
    const target = { parameters: this.policy.trainableParameters(), optimizer: this.optimizer };
    const saved = await resumeRun(resumeFrom, this.identity, target);
    this.policy.parametersChanged();
    if (saved.rng) this.rng.state = saved.rng;
    this.step = saved.step;
    this.rollouts = saved.rollouts;
    this.promptsDrawn = saved.promptsDrawn;
    this.queue = [...saved.queue];
    this.updatesOfFirst = saved.updatesOfFirst;
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
        yield rolloutEvent(rollout, this.step, this.queue.length - 1);
        yield rewardsEvent(rollout, advantages, this.step, this.weights);
      }
      const rollout = this.queue[0] as PreparedRollout;
      const update = await this.update();
      yield update;
      const observation = observationOf(rollout, this.advantagesOf(rollout), update);
      if (this.queue[0]?.index !== rollout.index) this.advantages.delete(rollout.index);
      for (const alarm of this.monitor.observe(observation)) yield { type: "alarm", ...alarm };
      const last = this.step === this.maxSteps;
      if (options.evaluate && (last || (config.evalSteps && this.step % config.evalSteps === 0))) {
        const clock = { seconds: 0 };
        const evaluate = options.evaluate;
        const metrics = await timed(clock, "seconds", () => evaluate({ step: this.step, ...this.signal() }));
        yield { type: "evaluation", step: this.step, metrics, seconds: clock.seconds };
      }
      if (
        options.checkpointDirectory !== undefined &&
        (last || (config.saveSteps && this.step % config.saveSteps === 0))
      ) {
        const clock = { seconds: 0 };
        const directory = options.checkpointDirectory;
        const path = await timed(clock, "seconds", () => this.save(directory));
        yield { type: "checkpoint", step: this.step, path, seconds: clock.seconds };
      }
    }
    yield { type: "done", step: this.step, seconds: (performance.now() - start) / 1000 };
  }

  /** Samples and scores the next rollout with the policy as it is now. */
  private async draw(): Promise<PreparedRollout> {
    const { config } = this;
    const place = {
      index: this.rollouts,
      step: this.step,
      exampleIndices: Array.from({ length: config.promptsPerRollout }, (_, i) => this.exampleAt(this.promptsDrawn + i)),
    };
    const rollout = await drawRollout(this.options, config, this.rng, this.weights, place);
    this.rollouts++;
    this.promptsDrawn += config.promptsPerRollout;
    return rollout;
  }

  private advantagesOf(rollout: PreparedRollout): AdvantageResult {
    const known = this.advantages.get(rollout.index);
    if (known) return known;
    const { numGenerations } = this.config;
    const result = computeAdvantages(
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
    this.advantages.set(rollout.index, result);
    return result;
  }

  private async items(rollout: PreparedRollout): Promise<PolicyItem<Prompt>[]> {
    const prompts: Prompt[] = [];
    for (const index of rollout.exampleIndices) prompts.push(await promptOf(this.options.data[index] as Example));
    return rollout.completions.map(({ tokenIds }, row) => ({
      prompt: prompts[Math.floor(row / this.config.numGenerations)] as Prompt,
      tokenIds,
    }));
  }

  /** One optimizer step on the oldest rollout. */
  private async update(): Promise<UpdateEvent> {
    const { config, policy } = this;
    const clock = { logProbs: 0, reference: 0, optimizer: 0 };
    let rollout = this.queue[0] as PreparedRollout;
    const items = await this.items(rollout);
    const size = config.perDeviceTrainBatchSize ?? Math.max(items.length, 1);
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

  private save(directory: string): Promise<string> {
    const { policy, optimizer, rng, step, rollouts, promptsDrawn, queue, updatesOfFirst } = this;
    const state = { parameters: policy.trainableParameters(), optimizer, rng: rng.state, step };
    return saveRun(directory, this.identity as RunIdentity, state, { rollouts, promptsDrawn, queue, updatesOfFirst });
  }

  private signal(): { signal?: AbortSignal } {
    return this.options.signal ? { signal: this.options.signal } : {};
  }
}
