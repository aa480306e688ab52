import { GrpoDataError } from "../errors.js";
import { kernelMemory, type LogSoftmaxKernels, logSoftmaxKernels } from "../wasm/kernels.js";

/** Settings of `selectiveLogSoftmax`. */
export interface SelectiveLogSoftmaxOptions {
  /** Divides the logits; default 1. */
  readonly temperature?: number;
  /** Also return the entropy of every row. Default false. */
  readonly entropies?: boolean;
  /** "wasm" is float32 SIMD (error below 1e-6), "portable" is float64 and 5 to 10 times slower; default the best at hand. */
  readonly backend?: "wasm" | "portable";
}

/** What the softmax of each row came to. All that a backward pass needs beside the logits. */
export interface SelectiveLogSoftmaxResult {
  /** Log-probability of each row's target. */
  readonly logProbs: Float64Array;
  /** Largest logit of each row, before the temperature. */
  readonly maxima: Float64Array;
  /** log of the sum of exp((x - maximum) / temperature) of each row. */
  readonly logSums: Float64Array;
  /** Entropy of each row in nats, when asked for. */
  readonly entropies?: Float64Array;
}

/**
 * log softmax(logits / temperature) at one target a row, without ever forming the others: no allocation grows with
 * rows x vocabulary, so callers stream as many rows at a time as they like.
 *
 * @param logits row-major [rows, vocabulary] float32; -Infinity marks an impossible token
 * @param targets one id in [0, vocabulary) a row
 * @throws GrpoDataError on sizes that disagree, an id out of range, NaN or +Infinity logits, an impossible target
 */
export function selectiveLogSoftmax(
  logits: Float32Array,
  vocabularySize: number,
  targets: ArrayLike<number>,
  options: SelectiveLogSoftmaxOptions = {},
): SelectiveLogSoftmaxResult {
  const rows = checkSizes(logits, vocabularySize, targets);
  const temperature = options.temperature ?? 1;
  const kernels = chosenKernels(options.backend);
  const row = kernels ? wasmRow(kernels, vocabularySize) : portableRow(vocabularySize);
  const logProbs = new Float64Array(rows);
  const maxima = new Float64Array(rows);
  const logSums = new Float64Array(rows);
  const entropies = options.entropies ? new Float64Array(rows) : undefined;
  for (let r = 0; r < rows; r++) {
    const values = logits.subarray(r * vocabularySize, (r + 1) * vocabularySize);
    const { maximum, sum, weighted } = row(values, 1 / temperature, entropies !== undefined);
    const logSum = Math.log(sum);
    const logProb = ((values[targets[r] as number] as number) - maximum) / temperature - logSum;
    if (!Number.isFinite(logProb)) throw notFinite(values, r, targets[r] as number);
    maxima[r] = maximum;
    logSums[r] = logSum;
    logProbs[r] = logProb;
    if (entropies) entropies[r] = logSum - weighted / sum;
  }
  return { logProbs, maxima, logSums, ...(entropies && { entropies }) };
}

/** Gradients to pull back through `selectiveLogSoftmax`. */
export interface LogitsGradientOptions {
  /** As in the forward pass; default 1. */
  readonly temperature?: number;
  /** dLoss / dEntropies, one per row; needs the forward pass's entropies. */
  readonly dLossDEntropies?: ArrayLike<number>;
  /** As in the forward pass. */
  readonly backend?: "wasm" | "portable";
}

/**
 * dLoss / dLogits from dLoss / dLogProbs, row by row into `out`, which may be `logits` itself.
 *
 * @param out row-major [rows, vocabulary]
 * @param forward result of `selectiveLogSoftmax` on the same logits, targets and temperature
 */
export function logitsGradientInto(
  out: Float32Array,
  logits: Float32Array,
  vocabularySize: number,
  targets: ArrayLike<number>,
  forward: SelectiveLogSoftmaxResult,
  dLossDLogProbs: ArrayLike<number>,
  options: LogitsGradientOptions = {},
): void {
  const rows = checkSizes(logits, vocabularySize, targets);
  if (out.length !== logits.length || dLossDLogProbs.length !== rows)
    throw new GrpoDataError(
      `expected ${logits.length} output values and ${rows} upstream gradients, found ${out.length} and ${dLossDLogProbs.length}`,
    );
  if (options.dLossDEntropies && !forward.entropies)
    throw new GrpoDataError("dLossDEntropies needs a forward pass with entropies: true");
  const scale = 1 / (options.temperature ?? 1);
  const kernels = chosenKernels(options.backend);
  const padded = paddedSize(vocabularySize);
  for (let r = 0; r < rows; r++) {
    const start = r * vocabularySize;
    const values = logits.subarray(start, start + vocabularySize);
    const upstream = (dLossDLogProbs[r] as number) * scale;
    const b = -((options.dLossDEntropies?.[r] as number | undefined) ?? 0) * scale;
    const a = -upstream + b * (forward.entropies?.[r] ?? 0);
    const [maximum, shift] = [forward.maxima[r] as number, forward.logSums[r] as number];
    if (kernels) {
      const memory = kernelMemory(kernels, padded);
      memory.set(values);
      kernels.gradient(0, padded * 4, maximum, scale * Math.LOG2E, shift * Math.LOG2E, a, b * Math.LN2);
      out.set(memory.subarray(0, vocabularySize), start);
    } else {
      for (let v = 0; v < vocabularySize; v++) {
        const logP = ((values[v] as number) - maximum) * scale - shift;
        const p = Math.exp(logP);
        out[start + v] = p === 0 ? 0 : p * (a + b * logP);
      }
    }
    const target = start + (targets[r] as number);
    out[target] = (out[target] as number) + upstream;
  }
}

type RowSums = (
  values: Float32Array,
  scale: number,
  weighted: boolean,
) => { maximum: number; sum: number; weighted: number };

const paddedSize = (vocabularySize: number): number => Math.ceil(vocabularySize / 8) * 8;

function wasmRow(kernels: LogSoftmaxKernels, vocabularySize: number): RowSums {
  const padded = paddedSize(vocabularySize);
  const end = padded * 4;
  const memory = kernelMemory(kernels, padded);
  memory.fill(Number.NEGATIVE_INFINITY, vocabularySize);
  // A padding or impossible lane counts as 2^-126 = 1.2e-38, which float64 sums of at least 1 do not notice.
  return (values, scale, weighted) => {
    memory.set(values);
    const maximum = kernels.maximum(0, end);
    const scale2 = scale * Math.LOG2E; // the kernels count in powers of 2
    const sum = kernels.sumExp(0, end, maximum, scale2);
    return { maximum, sum, weighted: weighted ? kernels.sumWeighted(0, end, maximum, scale2) * Math.LN2 : 0 };
  };
}

function portableRow(vocabularySize: number): RowSums {
  return (values, scale, weighted) => {
    let maximum = Number.NEGATIVE_INFINITY;
    for (let v = 0; v < vocabularySize; v++) if (!((values[v] as number) <= maximum)) maximum = values[v] as number;
    let sum = 0;
    let product = 0;
    for (let v = 0; v < vocabularySize; v++) {
      const z = ((values[v] as number) - maximum) * scale;
      const e = Math.exp(z);
      sum += e;
      if (weighted && e !== 0) product += z * e;
    }
    return { maximum, sum, weighted: product };
  };
}

function chosenKernels(backend: "wasm" | "portable" | undefined): LogSoftmaxKernels | null {
  if (backend === "portable") return null;
  const kernels = logSoftmaxKernels();
  if (backend === "wasm" && !kernels)
    throw new GrpoDataError('this engine has no WebAssembly SIMD: use backend "portable", or leave it out');
  return kernels;
}

function checkSizes(logits: Float32Array, vocabularySize: number, targets: ArrayLike<number>): number {
  if (!Number.isInteger(vocabularySize) || vocabularySize < 1 || logits.length !== vocabularySize * targets.length)
    throw new GrpoDataError(
      `${logits.length} logits are not ${targets.length} rows (one per target) of a vocabulary of ${vocabularySize}`,
    );
  for (let r = 0; r < targets.length; r++) {
    const target = targets[r] as number;
    if (!Number.isInteger(target) || target < 0 || target >= vocabularySize)
      throw new GrpoDataError(`target ${r} is ${target}, expected an id in [0, ${vocabularySize})`);
  }
  return targets.length;
}

function notFinite(values: Float32Array, row: number, target: number): GrpoDataError {
  const bad = values.findIndex((value) => Number.isNaN(value) || value === Number.POSITIVE_INFINITY);
  if (bad >= 0)
    return new GrpoDataError(`logit ${bad} of row ${row} is ${values[bad]}, expected a number below infinity`);
  return new GrpoDataError(
    `target ${target} of row ${row} has logit ${values[target]}: it could not have been sampled`,
  );
}
