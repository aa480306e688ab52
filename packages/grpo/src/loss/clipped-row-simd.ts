import type { LossConfig } from "../config/loss-config.js";
import { type ClippedLossKernels, clippedLossKernels, growTo } from "../wasm/kernels.js";
import { clippedRow } from "./clipped-row.js";
import type { RowSums, RowTask } from "./row-loop.js";

/** Shorter rows are not worth the trip. */
const FEWEST_TOKENS = 32;
/** Where the kernel's polynomial for exp is accurate. */
const [LEAST, MOST] = [-708, 709];

/** A float64 view of the kernels' memory, made anew when that grew. */
let view = new Float64Array(0);

/**
 * `clippedRow` by WebAssembly SIMD, two float64 tokens at a time: gradients and sums agree to a few roundings (1e-13). Rows that are short, or with
 * log-ratios beyond exp's range, and engines without SIMD take the loop in TypeScript. Which one depends on the counted tokens alone, so padding
 * changes no bit.
 */
export function clippedRowSimd(task: RowTask, config: LossConfig, tokens: number): RowSums {
  const kernels = tokens < FEWEST_TOKENS ? null : clippedLossKernels();
  if (kernels === null) return clippedRow(task, config);
  const paired = tokens - (tokens % 2);
  const stride = paired; // elements
  growTo(kernels, 8 * (3 * stride + 32));
  if (view.buffer !== kernels.memory.buffer) view = new Float64Array(kernels.memory.buffer);
  const places = task.mask?.includes(0) ? countedPlaces(task.mask, tokens) : null;
  copyInto(0, task.logProbs, places, paired);
  copyInto(stride, task.old, places, paired);
  if (task.reference) copyInto(2 * stride, task.reference, places, paired);
  runKernel(kernels, task, config, stride, paired);

  const out = 3 * stride;
  const sum = (k: number): number => (view[out + 2 * k] as number) + (view[out + 2 * k + 1] as number);
  const either = (k: number, choose: (a: number, b: number) => number): number =>
    choose(view[out + 2 * k] as number, view[out + 2 * k + 1] as number);
  const [least, most] = [either(6, Math.min), either(7, Math.max)];
  const exact = task.reference === undefined || either(12, Math.max) <= -LEAST;
  if (!(least >= LEAST && most <= MOST && exact)) return clippedRow(task, config);

  const { gradient, share } = task;
  if (places === null) gradient.set(view.subarray(0, paired));
  else for (let i = 0; i < paired; i++) gradient[places[i] as number] = view[i] as number;
  const counts = new BigInt64Array(view.buffer, 8 * (out + 16), 4);
  const sums: RowSums = {
    adjoint: 0,
    policy: -share * sum(0),
    kl: task.reference ? sum(11) : 0,
    klEstimate: task.reference ? sum(10) : 0,
    gradient: sum(1),
    logProb: sum(2),
    drift: -sum(3),
    ratio: sum(4),
    ratioSquares: sum(5),
    ratioMin: Math.exp(least),
    ratioMax: Math.exp(most),
    clipLow: share === 0 ? 0 : Number((counts[0] as bigint) + (counts[1] as bigint)),
    clipHigh: share === 0 ? 0 : Number((counts[2] as bigint) + (counts[3] as bigint)),
  };
  return paired === tokens ? sums : merged(sums, lastToken(task, config, places?.[tokens - 1] ?? tokens - 1));
}

function runKernel(kernels: ClippedLossKernels, task: RowTask, config: LossConfig, stride: number, paired: number) {
  const { advantage, share, weight, beta, correctKl } = task;
  const low = advantage < 0 ? 1 - config.epsilon : Number.NEGATIVE_INFINITY;
  const high = advantage > 0 ? 1 + (config.epsilonHigh ?? config.epsilon) : Number.POSITIVE_INFINITY;
  if (task.reference === undefined) kernels.clipped(8 * stride, 8 * paired, advantage, share, low, high, weight);
  else {
    const klClamp = config.klLogRatioClamp ?? Number.POSITIVE_INFINITY;
    const correct = correctKl ? 1 : 0;
    kernels.clippedKl(8 * stride, 8 * paired, advantage, share, low, high, weight, beta, klClamp, correct);
  }
}

/** Indices of the counted tokens. */
function countedPlaces(mask: Uint8Array, tokens: number): Int32Array {
  const places = new Int32Array(tokens);
  let next = 0;
  for (let token = 0; token < mask.length; token++) if (mask[token] !== 0) places[next++] = token;
  return places;
}

function copyInto(at: number, row: RowTask["logProbs"], places: Int32Array | null, count: number): void {
  if (places !== null) for (let i = 0; i < count; i++) view[at + i] = row[places[i] as number] as number;
  else view.set(row.length === count ? row : row.subarray(0, count), at);
}

/** An odd token out, by the loop. */
function lastToken(task: RowTask, config: LossConfig, token: number): RowSums {
  const one = <T extends RowTask["logProbs"]>(row: T): T => row.subarray(token, token + 1) as T;
  const { logProbs, old, reference, gradient } = task;
  return clippedRow(
    {
      ...task,
      logProbs: one(logProbs),
      old: one(old),
      reference: reference && one(reference),
      mask: undefined,
      gradient: one(gradient),
    },
    config,
  );
}

function merged(a: RowSums, b: RowSums): RowSums {
  const all = { ...a };
  for (const key of Object.keys(all) as (keyof RowSums)[]) all[key] += b[key];
  return { ...all, ratioMin: Math.min(a.ratioMin, b.ratioMin), ratioMax: Math.max(a.ratioMax, b.ratioMax) };
}
