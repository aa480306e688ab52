import { firstNonFinite } from "@videosafety/onnx-autodiff";
import type { AtSftConfig } from "./at-sft-config.js";
import { groupMicroBatches } from "./micro-batches.js";
import { describeLocation } from "./record-location.js";
import type { ParameterGroup, TrainableModel } from "./trainable-model.js";
import { batchNormalizers, type SampleDescription } from "./training-data.js";
import { TrainingDivergedError } from "./training-errors.js";

/** Loss terms and summed gradients of a whole batch. */
export interface BatchResult {
  readonly loss: number;
  readonly lossLm: number;
  readonly lossVisual: number;
  readonly lossTextual: number;
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
): Promise<BatchResult> {
  const descriptions = batch.map(({ description }) => description);
  const normalizers = batchNormalizers(descriptions);
  const microBatches = groupMicroBatches(
    descriptions.map((description) => description.sequenceTokens),
    { maxSamples: config.microBatchSamples, maxTokens: config.microBatchTokens ?? undefined },
  );
  const total = { loss: 0, lossLm: 0, lossVisual: 0, lossTextual: 0, gradients: new Map<string, Float32Array>() };
  for (const indices of microBatches) {
    signal?.throwIfAborted();
    const members = indices.map((index) => batch[index] as DescribedSample<Sample>);
    const result = await model.atSftGradients(
      members.map(({ sample }) => sample),
      {
        groups,
        lambdaVisual: config.lambdaVisual,
        lambdaTextual: config.lambdaTextual,
        normalizers,
        ...(signal && { signal }),
      },
    );
    const culprit = nonFiniteName(result.loss, result.gradients);
    if (culprit !== null) throw diverged(culprit, step, members);
    total.loss += result.loss;
    total.lossLm += result.lossLm;
    total.lossVisual += result.lossVisual;
    total.lossTextual += result.lossTextual;
    accumulateInto(total.gradients, result.gradients);
  }
  return total;
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

function diverged(culprit: string, step: number, members: readonly DescribedSample<unknown>[]): TrainingDivergedError {
  const records = members
    .map(({ description }) => describeLocation(description.location))
    .filter((place) => place !== "");
  const where = records.length === 0 ? "" : ` on ${records.join(", ")}`;
  return new TrainingDivergedError(
    `expected finite numbers, found NaN or infinity in ${culprit} at step ${step}${where}; lower the learning rate or inspect the records`,
    step,
  );
}
