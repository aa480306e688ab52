import { AlarmTrainingConfigError } from "./training-errors.js";

/** What fits in one forward and backward pass. */
export interface MicroBatchLimits {
  /** Most samples. */
  readonly maxSamples: number;
  /** Most tokens after padding (longest sample times number of samples); a single longer sample still gets a batch of its own. */
  readonly maxTokens?: number | undefined;
  /** The model packs sequences: `maxTokens` counts the tokens of the samples, without padding. Default false. */
  readonly packing?: boolean | undefined;
}

/**
 * Splits a batch into micro-batches of samples of similar length (longest first), so that little is padded and an
 * out-of-memory shows at once.
 *
 * @returns indices into `lengths`; every index occurs once.
 */
export function groupMicroBatches(lengths: readonly number[], limits: MicroBatchLimits): number[][] {
  if (!(Number.isInteger(limits.maxSamples) && limits.maxSamples >= 1)) {
    throw new AlarmTrainingConfigError(`expected at least one sample per micro-batch, found ${limits.maxSamples}`);
  }
  const byLength = lengths.map((_, i) => i).sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b);
  const groups: number[][] = [];
  let group: number[] = [];
  let tokens = 0;
  for (const index of byLength) {
    const length = lengths[index] as number;
    const padded = (group.length + 1) * (lengths[group[0] ?? index] as number);
    const size = limits.packing ? tokens + length : padded;
    const full = group.length === limits.maxSamples || size > (limits.maxTokens ?? Infinity);
    if (group.length > 0 && full) {
      groups.push(group);
      group = [];
      tokens = 0;
    }
    group.push(index);
    tokens += length;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
