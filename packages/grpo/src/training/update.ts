import { type GrpoConfig, lossOptionsOf } from "../config/train-config.js";
import { ratioQuantiles } from "../diagnostics/diagnostics.js";
import { GrpoDataError, GrpoNumericError } from "../errors.js";
import { grpoLoss } from "../loss/grpo-loss.js";
import type { LossBatch } from "../loss/loss-batch.js";
import { type LossMetrics, LossTally } from "../loss/loss-metrics.js";
import { lossNormalizers } from "../loss/loss-normalizers.js";
import type { Policy, PolicyItem } from "./policy.js";

/** Rows of one optimizer step. `current` are the log-probabilities at the present parameters, when already known. */
export interface UpdateRows<Prompt> {
  readonly items: readonly PolicyItem<Prompt>[];
  readonly advantages: Float64Array;
  readonly zeroVariance: Uint8Array;
  readonly masks: readonly Uint8Array[];
  readonly oldLogProbs: readonly Float64Array[];
  readonly referenceLogProbs: readonly Float64Array[] | null;
  readonly samplingLogProbs: readonly Float64Array[] | null;
  readonly current: readonly Float64Array[] | null;
}

/** Sums over the micro-batches of one optimizer step. */
export interface AccumulatedUpdate {
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly loss: number;
  readonly policyLoss: number;
  readonly klLoss: number;
  readonly metrics: LossMetrics;
  readonly ratioQuantiles: readonly number[];
  readonly seconds: { logProbs: number; loss: number; gradients: number };
}

/** Seconds a piece of work takes, added to a field. */
export async function timed<Key extends string, T>(
  into: Record<Key, number>,
  key: Key,
  work: () => T | Promise<T>,
): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    into[key] += (performance.now() - start) / 1000;
  }
}

/** Log-probabilities of many items, in micro-batches. @throws GrpoDataError when the policy answers rows of another length */
export async function logProbsInBatches<Prompt>(
  policy: Policy<Prompt>,
  items: readonly PolicyItem<Prompt>[],
  size: number,
  options: { model: "policy" | "reference"; temperature: number; signal?: AbortSignal },
): Promise<Float64Array[]> {
  const rows: Float64Array[] = [];
  for (let start = 0; start < items.length; start += size) {
    options.signal?.throwIfAborted();
    const part = items.slice(start, start + size);
    const found = await policy.logProbs(part, options);
    checkRows(found, part, `logProbs(${options.model})`);
    rows.push(...found);
  }
  return rows;
}

function checkRows<Prompt>(rows: readonly Float64Array[], items: readonly PolicyItem<Prompt>[], what: string): void {
  if (rows.length !== items.length)
    throw new GrpoDataError(`${what} answered ${rows.length} rows for ${items.length} items`);
  rows.forEach((row, index) => {
    const expected = items[index]?.tokenIds.length;
    if (row.length !== expected)
      throw new GrpoDataError(`${what} answered ${row.length} values for item ${index} of ${expected} tokens`);
  });
}

/**
 * Forward, loss and backward over one optimizer step, micro-batch by micro-batch. The denominators are those of the whole
 * step, so how it is cut changes nothing but rounding.
 */
export async function accumulateUpdate<Prompt>(
  policy: Policy<Prompt>,
  rows: UpdateRows<Prompt>,
  config: GrpoConfig,
  signal?: AbortSignal,
): Promise<AccumulatedUpdate> {
  const options = lossOptionsOf(config);
  const { temperature } = config;
  const common = { temperature, ...(signal && { signal }) };
  const size = config.perDeviceTrainBatchSize ?? Math.max(rows.items.length, 1);
  const seconds = { logProbs: 0, loss: 0, gradients: 0 };
  const entropies = options.topEntropyQuantile < 1 ? await entropiesOf(policy, rows.items, common) : undefined;
  const batchOf = (start: number, end: number, logProbs: readonly Float64Array[]): LossBatch => ({
    logProbs,
    oldLogProbs: rows.oldLogProbs.slice(start, end),
    referenceLogProbs: rows.referenceLogProbs?.slice(start, end),
    samplingLogProbs: rows.samplingLogProbs?.slice(start, end),
    entropies: entropies?.slice(start, end),
    advantages: rows.advantages.subarray(start, end),
    zeroVariance: rows.zeroVariance.subarray(start, end),
    masks: rows.masks.slice(start, end),
  });
  // Denominators depend on lengths, masks and entropies only, so the old log-probabilities stand in for the new.
  const normalizers = lossNormalizers(batchOf(0, rows.items.length, rows.oldLogProbs), options);
  const gradients = new Map<string, Float32Array>();
  for (const [name, tensor] of policy.trainableParameters()) gradients.set(name, new Float32Array(tensor.data.length));
  const tally = new LossTally();
  const current: Float64Array[] = [];
  let loss = 0;
  let policyLoss = 0;
  let klLoss = 0;
  for (let start = 0; start < rows.items.length; start += size) {
    signal?.throwIfAborted();
    const end = Math.min(start + size, rows.items.length);
    const items = rows.items.slice(start, end);
    const logProbs = await timed(seconds, "logProbs", async () => {
      if (rows.current) return rows.current.slice(start, end);
      return logProbsInBatches(policy, items, items.length, { model: "policy", ...common });
    });
    const result = await timed(seconds, "loss", () =>
      grpoLoss(batchOf(start, end, logProbs), options, { normalizers }),
    );
    current.push(...logProbs);
    loss += result.loss;
    policyLoss += result.policyLoss;
    klLoss += result.klLoss;
    tally.merge(result.tally);
    if (result.dLossDLogProbs.every((row) => row.every((value) => value === 0))) continue; // nothing to learn here
    await timed(seconds, "gradients", async () => {
      const part = await policy.gradients(items, result.dLossDLogProbs, common);
      addInto(gradients, part);
    });
  }
  return {
    gradients,
    loss,
    policyLoss,
    klLoss,
    metrics: tally.metrics(),
    ratioQuantiles: ratioQuantiles(current, rows.oldLogProbs, rows.masks),
    seconds,
  };
}

async function entropiesOf<Prompt>(
  policy: Policy<Prompt>,
  items: readonly PolicyItem<Prompt>[],
  options: { temperature: number; signal?: AbortSignal },
): Promise<Float64Array[]> {
  if (!policy.entropies)
    throw new GrpoDataError("topEntropyQuantile < 1 needs a policy with an entropies method; this one has none");
  const rows = await policy.entropies(items, options);
  checkRows(rows, items, "entropies");
  return rows;
}

function addInto(sums: ReadonlyMap<string, Float32Array>, part: ReadonlyMap<string, Float32Array>): void {
  for (const [name, values] of part) {
    const sum = sums.get(name);
    if (sum?.length !== values.length)
      throw new GrpoDataError(
        `gradient ${name} has ${values.length} values, expected ${sum?.length ?? "no such tensor"}`,
      );
    for (let i = 0; i < values.length; i++) sum[i] = (sum[i] as number) + (values[i] as number);
  }
}

/** @throws GrpoNumericError when a gradient holds NaN or infinity; the parameters are still untouched then */
export function checkGradientNorm(norm: number, step: number): void {
  if (!Number.isFinite(norm))
    throw new GrpoNumericError(
      `the gradient norm of step ${step} is ${norm}; the parameters were not changed. Look at the log-ratios and at the policy's backward pass`,
    );
}
