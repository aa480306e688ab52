import { firstNonFinite } from "@videosafety/onnx-autodiff";
import { describeLocation } from "../labels/record-location.js";
import { atSftScale } from "../loss/at-sft-scale.js";
import type { HiddenStateModel } from "../model/hidden-state-model.js";
import type { ParameterGroup, TrainableModel } from "../model/trainable-model.js";
import type { AtSftConfig } from "./at-sft-config.js";
import type { AuxiliaryHead } from "./auxiliary-heads.js";
import { groupMicroBatches } from "./micro-batches.js";
import { batchCounts, type SampleDescription } from "./training-data.js";
import { TrainingDivergedError } from "./training-errors.js";

/** Loss terms and summed gradients of a whole batch. */
export interface BatchResult {
  readonly loss: number;
  readonly lossLm: number;
  readonly lossVisual: number;
  readonly lossTextual: number;
  /** Of each auxiliary head, unweighted, by name. */
  readonly lossAuxiliary: Readonly<Record<string, number>>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** A sample beside what the trainer knows of it. */
export interface DescribedSample<Sample> {
  readonly sample: Sample;
  readonly description: SampleDescription;
}

/**
 * Gradients of one batch, accumulated over micro-batches under the batch's own normalizers: the result is that of one
 * large batch, up to float32 rounding.
 *
 * @throws TrainingDivergedError naming the records of the micro-batch where NaN or infinity appeared.
 */
export async function batchGradients<Sample>(
  model: TrainableModel<Sample>,
  batch: readonly DescribedSample<Sample>[],
  groups: readonly ParameterGroup[],
  config: AtSftConfig,
  step: number,
  signal: AbortSignal | undefined,
  auxiliary: Auxiliary<Sample> | null = null,
): Promise<BatchResult> {
  const descriptions = batch.map(({ description }) => description);
  const { normalizers, lambdaVisual, lambdaTextual } = atSftScale(batchCounts(descriptions), config, config.compat);
  const microBatches = groupMicroBatches(
    descriptions.map((description) => description.sequenceTokens),
    {
      maxSamples: config.perDeviceTrainBatchSize,
      maxTokens: config.microBatchTokens ?? undefined,
      packing: config.packing,
    },
  );
  const total = { loss: 0, lossLm: 0, lossVisual: 0, lossTextual: 0, gradients: new Map<string, Float32Array>() };
  const lossAuxiliary = Object.fromEntries(auxiliary?.heads.map(({ name }) => [name, 0]) ?? []);
  for (const indices of microBatches) {
    signal?.throwIfAborted();
    const members = indices.map((index) => batch[index] as DescribedSample<Sample>);
    const result = await model
      .atSftGradients(
        members.map(({ sample }) => sample),
        { groups, lambdaVisual, lambdaTextual, normalizers, ...(signal && { signal }) },
      )
      .catch((cause) => {
        // A model may refuse numbers that are none by itself: it says which, the step and the records are known here.
        if ((cause as { code?: unknown } | null)?.code !== "non-finite") throw cause;
        throw diverged((cause as Error).message.split(";")[0] as string, step, members, cause);
      });
    const culprit = nonFiniteName(result.loss, result.gradients);
    if (culprit !== null) throw diverged(`${NOT_FINITE} ${culprit}`, step, members);
    total.loss += result.loss;
    total.lossLm += result.lossLm;
    total.lossVisual += result.lossVisual;
    total.lossTextual += result.lossTextual;
    accumulateInto(total.gradients, result.gradients);
    for (const head of auxiliary?.heads ?? []) {
      const samples = members.map(({ sample }) => sample).filter((sample) => head.labelled(sample));
      if (samples.length === 0) continue;
      const normalizer = batch.filter(({ sample }) => head.labelled(sample)).length;
      const { model: source } = auxiliary as Auxiliary<Sample>;
      const { loss, gradients } = await auxiliaryGradients(source, head, samples, normalizer, groups, signal);
      const wrong = nonFiniteName(loss, gradients);
      if (wrong !== null) throw diverged(`${NOT_FINITE} ${wrong} of head ${head.name}`, step, members);
      lossAuxiliary[head.name] = (lossAuxiliary[head.name] as number) + loss;
      total.loss += head.lambda * loss;
      accumulateInto(total.gradients, gradients);
    }
  }
  return { ...total, lossAuxiliary };
}

/** Heads beyond the paper's two, and the model that gives them hidden states. */
export interface Auxiliary<Sample> {
  readonly heads: readonly AuxiliaryHead<Sample>[];
  readonly model: HiddenStateModel<Sample>;
}

/** Loss (unweighted) and gradients (weighted by lambda) of one head: a pass forward, the head, a pass forward and back. */
async function auxiliaryGradients<Sample>(
  model: HiddenStateModel<Sample>,
  head: AuxiliaryHead<Sample>,
  samples: readonly Sample[],
  normalizer: number,
  groups: readonly ParameterGroup[],
  signal: AbortSignal | undefined,
): Promise<{ loss: number; gradients: Map<string, Float32Array> }> {
  const positions = samples.map((sample) => head.positions(sample));
  const counts = positions.map(({ length }) => length);
  const stop = signal ? { signal } : {};
  const hidden = (await model.hiddenStates(samples, { positions, ...stop })).get(model.layerCount) as Float32Array;
  const result = head.loss(samples, hidden, counts, normalizer);
  const weighted = (values: ArrayLike<number>): Float32Array =>
    Float32Array.from(values, (value) => head.lambda * value);
  const gradients = new Map<string, Float32Array>();
  const back = await model.hiddenGradients(samples, weighted(result.hiddenGradient), { positions, groups, ...stop });
  accumulateInto(gradients, back);
  for (const [name, gradient] of result.gradients) gradients.set(name, weighted(gradient));
  return { loss: result.loss, gradients };
}

function accumulateInto(total: Map<string, Float32Array>, gradients: ReadonlyMap<string, Float32Array>): void {
  for (const [name, gradient] of gradients) {
    const sum = total.get(name);
    if (sum === undefined) total.set(name, gradient.slice());
    else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (gradient[i] as number);
  }
}

function nonFiniteName(loss: number, gradients: ReadonlyMap<string, Float32Array>): string | null {
  if (!Number.isFinite(loss)) return "the loss";
  for (const [name, gradient] of gradients) if (firstNonFinite(gradient) >= 0) return `the gradient of ${name}`;
  return null;
}

const NOT_FINITE = "expected finite numbers, found NaN or infinity in";

function diverged(
  problem: string,
  step: number,
  members: readonly DescribedSample<unknown>[],
  cause?: unknown,
): TrainingDivergedError {
  const records = members
    .map(({ description }) => describeLocation(description.location))
    .filter((place) => place !== "");
  const where = records.length === 0 ? "" : ` on ${records.join(", ")}`;
  return new TrainingDivergedError(
    `${problem} at step ${step}${where}; lower the learning rate or inspect the records`,
    step,
    cause,
  );
}
