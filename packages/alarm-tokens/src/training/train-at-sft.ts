import { AdamW, clipGradNorm, gradNorm, namedSchedule, prepareCheckpointDirectory } from "@videosafety/onnx-autodiff";
import { createRng } from "@videosafety/random";
import { evaluateAlarms, shouldRefuse } from "../analysis/evaluate-alarms.js";
import { EmptyClassError } from "../errors.js";
import { hasHiddenStates } from "../model/hidden-state-model.js";
import type { ParameterGroup, TrainableModel, TrainableTensor } from "../model/trainable-model.js";
import { type AtSftConfig, type AtSftConfigInput, parseAtSftConfig } from "./at-sft-config.js";
import type { AuxiliaryHead } from "./auxiliary-heads.js";
import { DataIdentity } from "./data-identity.js";
import { type Draw, epochPlan, mixtureCounts } from "./mixture.js";
import { resumeRun, saveRun, type TrainingProgress } from "./run-checkpoint-node.js";
import { describeChecked, sampleOf, type TrainingData } from "./training-data.js";
import { AlarmTrainingConfigError } from "./training-errors.js";
import type { DoneEvent, EvaluationEvent, StepEvent, TrainingEvent } from "./training-events.js";
import { type Auxiliary, batchGradients, type DescribedSample } from "./training-step.js";

/** What `trainAtSft` takes. */
export interface TrainAtSftOptions<Sample> {
  /** Trained in place. */
  readonly model: TrainableModel<Sample>;
  /** Where samples come from. */
  readonly data: TrainingData<Sample>;
  /** A stage preset, changed as needed; defaults are filled in. */
  readonly config: AtSftConfigInput;
  /** Heads beyond the paper's two (`categoryHead`, `alarmSetHead`); the model must be a `HiddenStateModel`. Default none. */
  readonly auxiliary?: readonly AuxiliaryHead<Sample>[];
  /** Gets a checkpoint every `saveSteps` and at the end; none are written without it. One run per directory. */
  readonly checkpointDirectory?: string;
  /**
   * A checkpoint to continue from, as `latestCheckpoint(directory)` finds it; undefined starts afresh. The run goes on bit for bit
   * as if it had not stopped.
   */
  readonly resumeFrom?: string | undefined;
  /** Stops the run with the signal's reason; the model keeps the last whole step. */
  readonly signal?: AbortSignal;
}

/**
 * Trains one of the stages 1-3 and yields an event per optimizer step, evaluation and checkpoint. Leaving the loop early
 * stops the run between steps.
 *
 * Learning rates follow transformers' schedules, so the first step of a warm-up has rate 0. One seed and one machine
 * give one result, however often the run was interrupted.
 *
 * @throws AlarmTrainingConfigError, CheckpointMismatchError, EmptyClassError (early stopping without both classes to evaluate on)
 *   before the first step; TrainingDivergedError, SafetyLabelError and what the model throws, later.
 */
export async function* trainAtSft<Sample>(
  options: TrainAtSftOptions<Sample>,
): AsyncGenerator<TrainingEvent, void, void> {
  const { model, data, checkpointDirectory, signal } = options;
  const config = parseAtSftConfig(options.config);
  const groups = trainedGroups(config);
  const auxiliary = auxiliaryOf(options, groups);
  const parameters = withHeads(model.trainableParameters(groups), auxiliary);
  checkGroups(parameters, groups);
  const optimizer = new AdamW(parameters, {
    beta1: config.adamBeta1,
    beta2: config.adamBeta2,
    epsilon: config.adamEpsilon,
    weightDecay: config.weightDecay,
    groups: Object.fromEntries(groups.map((group) => [group, { learningRate: config.learningRates[group] as number }])),
  });
  const order = sampleOrder(data, config);
  const schedule = namedSchedule({ ...config, totalSteps: order.totalSteps });
  const identity = new DataIdentity(data);
  if (checkpointDirectory !== undefined) await prepareCheckpointDirectory(checkpointDirectory);
  let progress: TrainingProgress = { step: 0, config, best: null, evaluationsWithoutImprovement: 0 };
  if (options.resumeFrom !== undefined) {
    progress = await resumeRun(options.resumeFrom, { parameters, optimizer }, config, identity);
    model.parametersChanged();
  }
  checkEarlyStopping(data, config);
  while (progress.step < order.totalSteps && !exhausted(progress)) {
    signal?.throwIfAborted();
    const started = performance.now();
    const batch: DescribedSample<Sample>[] = [];
    for (const { source, index } of order.batch(progress.step)) {
      const sample = await sampleOf(data.sources[source] as (typeof data.sources)[string], index);
      identity.drawn(source, index, sample);
      batch.push({ sample, description: describeChecked(data, sample) });
    }
    const step = progress.step + 1;
    const result = await batchGradients(model, batch, groups, config, step, signal, auxiliary);
    const { norm, scale } =
      config.maxGradNorm === null
        ? { norm: gradNorm(result.gradients), scale: 1 }
        : clipGradNorm(result.gradients, config.maxGradNorm);
    const learningRateScale = schedule(progress.step);
    optimizer.step(result.gradients, { learningRateScale, gradientScale: scale });
    model.parametersChanged();
    progress = { ...progress, step };
    const { gradients: _, ...losses } = result;
    const count = (tokens: "assistantTokens" | "sequenceTokens"): number =>
      batch.reduce((sum, { description }) => sum + description[tokens], 0);
    const seconds = (performance.now() - started) / 1000;
    yield {
      type: "step",
      step,
      totalSteps: order.totalSteps,
      epoch: step / order.stepsPerEpoch,
      ...losses,
      gradientNorm: norm,
      learningRates: Object.fromEntries(
        groups.map((group) => [group, (config.learningRates[group] as number) * learningRateScale]),
      ),
      assistantTokens: count("assistantTokens"),
      sequenceTokens: count("sequenceTokens"),
      seconds,
      tokensPerSecond: count("sequenceTokens") / seconds,
    } satisfies StepEvent;

    const last = step === order.totalSteps;
    if (isDue(step, config.evalSteps, last) && (data.evaluation?.length ?? 0) > 0) {
      const event = await evaluate(model, data, config, progress, signal);
      progress = noteEvaluation(progress, event);
      yield event;
    }
    if (checkpointDirectory !== undefined && isDue(step, config.saveSteps, last || exhausted(progress))) {
      const path = await saveRun(checkpointDirectory, { parameters, optimizer }, progress, identity);
      yield { type: "checkpoint", step, path };
    }
  }
  yield {
    type: "done",
    step: progress.step,
    reason: progress.step < order.totalSteps ? "early-stopping" : "completed",
    best: progress.best,
  } satisfies DoneEvent;
}

const isDue = (step: number, every: number | null, last: boolean): boolean =>
  last || (every !== null && step % every === 0);

const exhausted = ({ config, evaluationsWithoutImprovement }: TrainingProgress): boolean =>
  config.earlyStopping !== null && evaluationsWithoutImprovement >= config.earlyStopping.patience;

function trainedGroups(config: AtSftConfig): ParameterGroup[] {
  return (Object.keys(config.learningRates) as ParameterGroup[]).filter(
    (group) => config.learningRates[group] !== undefined,
  );
}

function auxiliaryOf<Sample>(
  { model, auxiliary = [] }: TrainAtSftOptions<Sample>,
  groups: readonly ParameterGroup[],
): Auxiliary<Sample> | null {
  if (auxiliary.length === 0) return null;
  if (!hasHiddenStates<Sample>(model)) {
    throw new AlarmTrainingConfigError(
      "expected a model with hiddenStates and hiddenGradients for auxiliary heads, found one without; implement HiddenStateModel or leave the heads out",
    );
  }
  if (!groups.includes("classifiers")) {
    throw new AlarmTrainingConfigError(
      "expected learningRates.classifiers, the rate of auxiliary heads, found none; add it or leave the heads out",
    );
  }
  return { heads: auxiliary, model };
}

function withHeads<Sample>(
  parameters: ReadonlyMap<string, TrainableTensor>,
  auxiliary: Auxiliary<Sample> | null,
): ReadonlyMap<string, TrainableTensor> {
  const all = new Map(parameters);
  for (const head of auxiliary?.heads ?? []) {
    for (const [name, tensor] of head.parameters) {
      if (all.has(name))
        throw new AlarmTrainingConfigError(`expected names of their own for auxiliary heads, found ${name} twice`);
      all.set(name, tensor);
    }
  }
  return all;
}

function checkGroups(parameters: ReadonlyMap<string, TrainableTensor>, groups: readonly ParameterGroup[]): void {
  const found = new Set([...parameters.values()].map(({ group }) => group));
  for (const group of groups) {
    if (found.has(group)) continue;
    throw new AlarmTrainingConfigError(
      `expected the model to have parameters in group ${group}, found [${[...found]}]; leave it out of learningRates`,
    );
  }
}

/** A rule that could never stop the run is a mistake. @throws AlarmTrainingConfigError, EmptyClassError */
function checkEarlyStopping<Sample>(data: TrainingData<Sample>, config: AtSftConfig): void {
  if (config.earlyStopping === null) return;
  if (config.evalSteps === null) {
    throw new AlarmTrainingConfigError(
      "expected evalSteps beside earlyStopping, found null; set how often the false refusal rate is read",
    );
  }
  const classes = new Set(
    (data.evaluation ?? []).map((sample) => shouldRefuse(describeChecked(data, sample).labels, config.refuseOn)),
  );
  if (classes.has(true) && classes.has(false)) return;
  throw new EmptyClassError(
    `expected evaluation samples to refuse and to answer for earlyStopping, found ${classes.has(true) ? "none to answer" : classes.has(false) ? "none to refuse" : "no labelled ones"}; add them to data.evaluation or leave earlyStopping out`,
  );
}

function sampleOrder<Sample>(data: TrainingData<Sample>, config: AtSftConfig) {
  const lengths = new Map(Object.entries(data.sources).map(([name, source]) => [name, source.length]));
  const counts = mixtureCounts(lengths, config.mixture ?? undefined);
  const samplesPerEpoch = [...counts.values()].reduce((a, b) => a + b, 0);
  if (samplesPerEpoch === 0) throw new AlarmTrainingConfigError("expected samples to train on, found none");
  const stepsPerEpoch = Math.ceil(samplesPerEpoch / config.batchSize);
  const totalSteps = Math.min(config.maxSteps ?? Infinity, Math.ceil(config.numTrainEpochs * stepsPerEpoch));
  let plan: { epoch: number; draws: Draw[] } = { epoch: -1, draws: [] };
  /** Draws of the step after `step` steps were made. */
  const batch = (step: number): Draw[] => {
    const epoch = Math.floor(step / stepsPerEpoch);
    if (plan.epoch !== epoch) {
      plan = { epoch, draws: epochPlan({ lengths, counts, epoch, seed: config.seed, createRng }) };
    }
    const start = (step % stepsPerEpoch) * config.batchSize;
    return plan.draws.slice(start, start + config.batchSize);
  };
  return { lengths, stepsPerEpoch, totalSteps, batch };
}

async function evaluate<Sample>(
  model: TrainableModel<Sample>,
  data: TrainingData<Sample>,
  config: AtSftConfig,
  progress: TrainingProgress,
  signal: AbortSignal | undefined,
): Promise<EvaluationEvent> {
  const metrics = await evaluateAlarms(model, data.evaluation ?? [], (sample) => describeChecked(data, sample).labels, {
    batchSize: config.perDeviceTrainBatchSize,
    refuseOn: config.refuseOn,
    locationOf: (sample) => data.describe(sample).location,
    dsr: config.evaluationDsr,
    signal,
  });
  const frr = metrics.frrAtDsr?.frr;
  const required = config.earlyStopping?.minimumImprovement ?? 0;
  const improved = frr !== undefined && (progress.best === null || frr < progress.best.frr - required);
  return { type: "evaluation", step: progress.step, metrics, improved };
}

function noteEvaluation(progress: TrainingProgress, event: EvaluationEvent): TrainingProgress {
  const frr = event.metrics.frrAtDsr?.frr;
  if (frr === undefined) return progress;
  if (event.improved) return { ...progress, best: { step: event.step, frr }, evaluationsWithoutImprovement: 0 };
  return { ...progress, evaluationsWithoutImprovement: progress.evaluationsWithoutImprovement + 1 };
}
