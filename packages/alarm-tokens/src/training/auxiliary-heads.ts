import { createRng } from "@videosafety/random";
import type { SafetyLabel } from "@videosafety/safety-data";
import { atcGradients, atcHeadOf, atcLogits } from "../loss/atc-head.js";
import { categoryLoss } from "../loss/category-loss.js";
import { segmentLoss } from "../loss/segment-alarms.js";
import type { TrainableTensor } from "../model/trainable-model.js";

/** What a head computes for one micro-batch. */
export interface AuxiliaryResult {
  /** Sum over samples divided by the normalizer, unweighted by lambda; nats. */
  readonly loss: number;
  /** [R, d] d loss / d hidden. */
  readonly hiddenGradient: Float64Array;
  /** d loss / d parameter of the head, keyed like `parameters`. */
  readonly gradients: ReadonlyMap<string, ArrayLike<number>>;
}

/**
 * Beyond the paper: a head on hidden states that `trainAtSft` trains beside the two alarms, on any model that is a
 * `HiddenStateModel`. Ready ones: `categoryHead`, `alarmSetHead`. Its parameters are its own and live; they are saved with the
 * run's checkpoints and trained at `learningRates.classifiers`.
 */
export interface AuxiliaryHead<Sample> {
  /** Names it in events. */
  readonly name: string;
  /** Weight of its loss. */
  readonly lambda: number;
  /** Its tensors, group "classifiers". */
  readonly parameters: ReadonlyMap<string, TrainableTensor>;
  /** Prompt indices it reads; at least one where the sample is labelled. */
  positions(sample: Sample): readonly number[];
  /** Whether the sample counts: labelled, and in the normalizer. */
  labelled(sample: Sample): boolean;
  /** Loss and derivatives on hidden states [R, d], `counts[i]` rows for the i-th sample. All samples given are labelled. */
  loss(
    samples: readonly Sample[],
    hidden: Float32Array,
    counts: readonly number[],
    normalizer: number,
  ): AuxiliaryResult;
}

/** A fresh Linear(d, C): weight [C, d] of standard deviation 1 / sqrt(d), bias [C] zero. */
function freshLinear(name: string, width: number, outputs: number, seed: number): Map<string, TrainableTensor> {
  const rng = createRng(seed);
  const weight = Float32Array.from({ length: outputs * width }, () => rng.normal() / Math.sqrt(width));
  return new Map([
    [`${name}.weight`, { data: weight, dims: [outputs, width], group: "classifiers" }],
    [`${name}.bias`, { data: new Float32Array(outputs), dims: [outputs], group: "classifiers" }],
  ]);
}

const dataOf = (parameters: ReadonlyMap<string, TrainableTensor>, name: string): Float32Array =>
  (parameters.get(name) as TrainableTensor).data;

/**
 * Names the category of harm: Linear(d, C) on one position (an alarm token), softmax cross-entropy. C = 19 for
 * `VSE_ASSUMED_V1`.
 *
 * @param options `categoryOf` gives [0, C) or null where unknown (no loss); `seed` draws the fresh weights
 */
export function categoryHead<Sample>(options: {
  readonly name: string;
  readonly hiddenSize: number;
  readonly categories: number;
  readonly lambda: number;
  readonly seed: number;
  positionOf(sample: Sample): number;
  categoryOf(sample: Sample): number | null;
}): AuxiliaryHead<Sample> {
  const { name, hiddenSize: d, categories, lambda, seed } = options;
  const parameters = freshLinear(name, d, categories, seed);
  return {
    name,
    lambda,
    parameters,
    positions: (sample) => [options.positionOf(sample)],
    labelled: (sample) => options.categoryOf(sample) !== null,
    loss: (samples, hidden, _counts, normalizer) => {
      const [weight, bias] = [dataOf(parameters, `${name}.weight`), dataOf(parameters, `${name}.bias`)];
      const logits = categoryLogits(hidden, { weight, bias });
      const { loss, gradient } = categoryLoss(logits, samples.map(options.categoryOf), categories, normalizer);
      const hiddenGradient = new Float64Array(hidden.length);
      const weightGradient = new Float64Array(weight.length);
      const biasGradient = new Float64Array(categories);
      for (let i = 0; i < samples.length; i++) {
        for (let c = 0; c < categories; c++) {
          const g = gradient[i * categories + c] as number;
          biasGradient[c] = (biasGradient[c] as number) + g;
          for (let j = 0; j < d; j++) {
            const [at, to] = [i * d + j, c * d + j];
            hiddenGradient[at] = (hiddenGradient[at] as number) + g * (weight[to] as number);
            weightGradient[to] = (weightGradient[to] as number) + g * (hidden[at] as number);
          }
        }
      }
      const gradients = new Map([
        [`${name}.weight`, weightGradient],
        [`${name}.bias`, biasGradient],
      ]);
      return { loss, hiddenGradient, gradients };
    },
  };
}

/** Logits [B, C] of hidden states [B, d] under a linear layer [C, d], summed in float64. */
export function categoryLogits(
  hidden: ArrayLike<number>,
  layer: { readonly weight: ArrayLike<number>; readonly bias: ArrayLike<number> },
): Float64Array {
  const categories = layer.bias.length;
  const d = layer.weight.length / categories;
  return Float64Array.from({ length: (hidden.length / d) * categories }, (_, k) => {
    const [row, c] = [Math.floor(k / categories), k % categories];
    let sum = layer.bias[c] as number;
    for (let j = 0; j < d; j++) sum += (hidden[row * d + j] as number) * (layer.weight[c * d + j] as number);
    return sum;
  });
}

/** Alarm tokens that give one verdict together. */
export interface AlarmSet {
  /** Their places in the prompt, at least one. */
  readonly positions: readonly number[];
  /** Whether one of them has harm before it; null where unknown (no loss). */
  readonly label: SafetyLabel | null;
}

/**
 * One verdict from several alarm tokens: Linear(d, 1) on each of them, pooled by the soft maximum tau log(mean(exp(z /
 * tau))). With one token after each segment of a video this is the time-aware visual alarm, learnt from labels of whole
 * videos (`segmentSpans` then says when); with several tokens at one place it is a wider alarm.
 *
 * In a causal model a late alarm sees the early harm too, and from sets of whole videos alone it learns to remember.
 * Clips spliced from pieces of several videos, with one set for the segments of each piece, teach it to look at what is new.
 *
 * @param options `setsOf` gives a sample's sets, whose losses are averaged; `temperature` tau, default 1
 */
export function alarmSetHead<Sample>(options: {
  readonly name: string;
  readonly hiddenSize: number;
  readonly lambda: number;
  readonly seed: number;
  readonly temperature?: number;
  setsOf(sample: Sample): readonly AlarmSet[];
}): AuxiliaryHead<Sample> {
  const { name, hiddenSize: d, lambda, seed, temperature = 1 } = options;
  const parameters = freshLinear(name, d, 1, seed);
  const labelledSets = (sample: Sample): AlarmSet[] =>
    options.setsOf(sample).filter(({ label, positions }) => label !== null && positions.length > 0);
  return {
    name,
    lambda,
    parameters,
    positions: (sample) => labelledSets(sample).flatMap(({ positions }) => positions),
    labelled: (sample) => labelledSets(sample).length > 0,
    loss: (samples, hidden, _counts, normalizer) => {
      const head = atcHeadOf(parameters, name);
      const logits = atcLogits(hidden, head);
      const logitGradient: number[] = [];
      let total = 0;
      for (const sample of samples) {
        const sets = labelledSets(sample);
        let next = logitGradient.length;
        const perSet = sets.map(({ positions: { length } }) => {
          next += length;
          return logits.subarray(next - length, next);
        });
        const labels = sets.map(({ label }) => label);
        const { loss, gradients } = segmentLoss(perSet, labels, { temperature, normalizer: normalizer * sets.length });
        total += loss;
        for (const gradient of gradients) logitGradient.push(...gradient);
      }
      const back = atcGradients(hidden, head, logitGradient);
      const own = new Map([
        [`${name}.weight`, back.weight],
        [`${name}.bias`, Float64Array.of(back.bias)],
      ]);
      return { loss: total, hiddenGradient: back.hidden, gradients: own };
    },
  };
}
