import type { Rng } from "@videosafety/onnx-autodiff";
import { OptionsError } from "../errors.js";

/** How the next token is chosen. */
export interface SamplingOptions {
  /** Divides the logits; 0 takes the most probable token. */
  readonly temperature: number;
  /** Keeps the fewest tokens whose probabilities reach this sum; 1 keeps all. */
  readonly topP: number;
  /** Keeps this many most probable tokens; 0 keeps all. */
  readonly topK: number;
  /** Divides positive and multiplies negative logits of tokens seen before (Keskar et al. 2019); 1 or none does nothing. */
  readonly repetitionPenalty?: number;
}

/** A chosen token. */
export interface SampledToken {
  /** Its id. */
  readonly tokenId: number;
  /** log softmax(logits / temperature) at the id, after the repetition penalty, before top-k and top-p; with temperature 0 that of temperature 1. */
  readonly logProb: number;
}

/** @throws OptionsError when an option is out of range. */
export function checkSampling({ temperature, topP, topK, repetitionPenalty = 1 }: SamplingOptions): void {
  if (!(repetitionPenalty > 0 && Number.isFinite(repetitionPenalty)))
    throw new OptionsError(`expected repetitionPenalty > 0, found ${repetitionPenalty}`);
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new OptionsError(`expected temperature >= 0, found ${temperature}`);
  if (!(topP > 0 && topP <= 1)) throw new OptionsError(`expected topP in (0, 1], found ${topP}`);
  if (!(Number.isInteger(topK) && topK >= 0)) throw new OptionsError(`expected an integer topK >= 0, found ${topK}`);
}

/** Logits with the repetition penalty on the given ids, each once; the logits themselves when there is none. */
export function penalizeRepetition(logits: Float32Array, seen: Iterable<number>, penalty: number): Float32Array {
  if (penalty === 1) return logits;
  const penalized = logits.slice();
  for (const id of new Set(seen)) {
    const logit = penalized[id] as number;
    penalized[id] = logit > 0 ? logit / penalty : logit * penalty;
  }
  return penalized;
}

/** log(sum(exp(logits * scale))), stable, in float64. */
export function logSumExp(logits: ArrayLike<number>, scale = 1): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) peak = Math.max(peak, (logits[i] as number) * scale);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] as number) * scale - peak);
  return peak + Math.log(sum);
}

/** Index of the largest value; the first at ties. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

/**
 * Chooses the next token from logits [V]: temperature, then top-k, then top-p, as Hugging Face's generate orders them.
 * One uniform draw a token, none at temperature 0.
 */
export function sampleToken(logits: ArrayLike<number>, options: SamplingOptions, rng: Rng): SampledToken {
  const { temperature, topP, topK } = options;
  const scale = temperature === 0 ? 1 : 1 / temperature;
  const total = logSumExp(logits, scale);
  const logProbOf = (id: number): number => (logits[id] as number) * scale - total;
  if (temperature === 0) {
    const tokenId = argmax(logits);
    return { tokenId, logProb: logProbOf(tokenId) };
  }
  const tokenId =
    topP < 1 || topK > 0
      ? fromNucleus(logits, logProbOf, topP, topK, rng.uniform())
      : fromAll(logits.length, logProbOf, rng.uniform());
  return { tokenId, logProb: logProbOf(tokenId) };
}

function fromAll(count: number, logProbOf: (id: number) => number, uniform: number): number {
  let left = uniform;
  for (let id = 0; id < count; id++) {
    left -= Math.exp(logProbOf(id));
    if (left < 0) return id;
  }
  return count - 1;
}

function fromNucleus(
  logits: ArrayLike<number>,
  logProbOf: (id: number) => number,
  topP: number,
  topK: number,
  uniform: number,
): number {
  const order = Array.from({ length: logits.length }, (_, id) => id);
  order.sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const probabilities = kept.map((id) => Math.exp(logProbOf(id)));
  const all = probabilities.reduce((a, b) => a + b, 0);
  let count = 0;
  let mass = 0;
  while (count < kept.length && (count === 0 || mass < topP * all)) mass += probabilities[count++] as number;
  let left = uniform * mass;
  for (let i = 0; i < count; i++) {
    left -= probabilities[i] as number;
    if (left < 0) return kept[i] as number;
  }
  return kept[count - 1] as number;
}
