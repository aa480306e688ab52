import { GrpoDataError } from "../errors.js";

/** Per-token values of one completion. Rows may differ in length, or be padded with anything where the mask is 0. */
export type TokenRow = Float64Array | Float32Array;

/** Rows of one update, or of one micro-batch of it. All arrays have one entry per completion, in the same order. */
export interface LossBatch {
  /** Log-probabilities of the sampled tokens under the policy being trained. */
  readonly logProbs: readonly TokenRow[];
  /** The same under the policy that was current when the update began; left out = on-policy (the ratio is 1). */
  readonly oldLogProbs?: readonly TokenRow[] | undefined;
  /** The same under the frozen reference; required when `beta > 0`. */
  readonly referenceLogProbs?: readonly TokenRow[] | undefined;
  /** The same as reported by the engine that sampled; NaN = unknown (weight 1). Used by off-policy corrections. */
  readonly samplingLogProbs?: readonly TokenRow[] | undefined;
  /** Token entropies in nats; required by `topEntropyQuantile < 1` and by `entropyCoef`. */
  readonly entropies?: readonly TokenRow[] | undefined;
  /** One advantage a completion. */
  readonly advantages: ArrayLike<number>;
  /** 1 = the token counts, 0 = padding or tool output; left out = every token counts. */
  readonly masks?: readonly Uint8Array[] | undefined;
  /** 1 = the row's group has no reward variance; read by `zeroVarianceGroups`. */
  readonly zeroVariance?: ArrayLike<number> | undefined;
}

/** Throws `GrpoDataError` unless every given array has one row per completion and every row the length of its logProbs. */
export function checkLossBatch(batch: LossBatch): void {
  const rows = batch.logProbs.length;
  const perRow = { advantages: batch.advantages, zeroVariance: batch.zeroVariance };
  for (const [name, values] of Object.entries(perRow)) {
    if (values && values.length !== rows)
      throw new GrpoDataError(`${name} has ${values.length} entries, expected one per completion (${rows})`);
  }
  for (let row = 0; row < rows; row++) {
    if (!Number.isFinite(batch.advantages[row]))
      throw new GrpoDataError(`advantages[${row}] is ${batch.advantages[row]}, expected a finite number`);
  }
  const perToken = {
    oldLogProbs: batch.oldLogProbs,
    referenceLogProbs: batch.referenceLogProbs,
    samplingLogProbs: batch.samplingLogProbs,
    entropies: batch.entropies,
    masks: batch.masks,
  };
  for (const [name, values] of Object.entries(perToken)) {
    if (!values) continue;
    if (values.length !== rows)
      throw new GrpoDataError(`${name} has ${values.length} rows, expected one per completion (${rows})`);
    for (let row = 0; row < rows; row++) {
      const found = (values[row] as { length: number }).length;
      const expected = (batch.logProbs[row] as TokenRow).length;
      if (found !== expected)
        throw new GrpoDataError(`${name}[${row}] has ${found} tokens, expected ${expected} as logProbs[${row}] has`);
    }
  }
}

/** Throws the error that names the first unmasked non-finite value of a row. Called only when the row's sum is not finite. */
export function throwNonFinite(name: string, row: number, values: TokenRow, mask: Uint8Array | undefined): void {
  for (let token = 0; token < values.length; token++) {
    if (mask && mask[token] === 0) continue;
    if (!Number.isFinite(values[token]))
      throw new GrpoDataError(
        `${name}[${row}][${token}] is ${values[token]}, expected a finite log-probability; mask the token or fix its source`,
      );
  }
}
