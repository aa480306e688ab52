import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KL_ESTIMATORS, LOSS_TYPES, type LossOptions, lossConfigSchema } from "../config/loss-config.js";
import { grpoLoss } from "./grpo-loss.js";
import type { LossBatch, TokenRow } from "./loss-batch.js";
import { lossNormalizers } from "./loss-normalizers.js";

type Full = { [Key in keyof Required<LossBatch>]: NonNullable<LossBatch[Key]> };

/** Batches of 1-4 rows of 0-5 tokens whose log-ratios stay off the clip bounds by more than the probe's step. */
const batches: fc.Arbitrary<Full> = fc
  .array(
    fc.record({
      advantage: fc.integer({ min: -20, max: 20 }).map((x) => x / 8),
      dead: fc.boolean(),
      tokens: fc.array(
        fc.record({
          logProb: fc.double({ min: -3, max: -0.1, noNaN: true }),
          drift: fc.integer({ min: -8, max: 8 }).map((x) => 0.0913 * x + 0.011),
          reference: fc.integer({ min: -9, max: 9 }).map((x) => 0.087 * x + 0.013),
          sampling: fc.integer({ min: -4, max: 4 }).map((x) => 0.05 * x + 0.007),
          entropy: fc.integer({ min: 1, max: 300 }).map((x) => x / 100),
          counted: fc.boolean(),
        }),
        { maxLength: 5 },
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((rows) => {
    const column = (pick: (token: (typeof rows)[0]["tokens"][0]) => number) =>
      rows.map((row) => Float64Array.from(row.tokens, pick));
    return {
      logProbs: column((t) => t.logProb),
      oldLogProbs: column((t) => t.logProb - t.drift),
      referenceLogProbs: column((t) => t.logProb + t.reference),
      samplingLogProbs: column((t) => t.logProb - t.drift + t.sampling),
      entropies: column((t) => t.entropy),
      advantages: rows.map((row) => row.advantage),
      zeroVariance: rows.map((row) => (row.dead ? 1 : 0)),
      masks: rows.map((row) => Uint8Array.from(row.tokens, (t) => (t.counted ? 1 : 0))),
    };
  });

const optionSets: fc.Arbitrary<LossOptions> = fc.record({
  lossType: fc.constantFrom(...LOSS_TYPES),
  importanceSamplingLevel: fc.constantFrom("token" as const, "sequence" as const, "sequence_token" as const),
  beta: fc.constantFrom(0, 0.04, 0.5),
  klEstimator: fc.constantFrom(...KL_ESTIMATORS),
  useBiasCorrectionKl: fc.boolean(),
  epsilonHigh: fc.constantFrom(null, 0.28),
  delta: fc.constantFrom(null, 1.6),
  dualClip: fc.constantFrom(null, 1.9),
  klLogRatioClamp: fc.constantFrom(null, 0.5),
  logRatioClamp: fc.constantFrom(null, 0.6),
  topEntropyQuantile: fc.constantFrom(1, 0.6),
  offPolicyMaskThreshold: fc.constantFrom(null, 0.1),
  zeroVarianceGroups: fc.constantFrom(
    "keep" as const,
    "maskPolicy" as const,
    "maskAll" as const,
    "dropFromDenominator" as const,
  ),
  vllmImportanceSamplingMode: fc.constantFrom("token_truncate" as const, "sequence_mask" as const),
  entropyCoef: fc.constantFrom(0, 0.01),
});

const nudge = (rows: readonly TokenRow[], row: number, token: number, by: number) =>
  rows.map((values, i) => (i === row ? Float64Array.from(values, (v, t) => (t === token ? v + by : v)) : values));

const close = (found: number, expected: number) =>
  expect(Math.abs(found - expected)).toBeLessThan(2e-6 * Math.max(1, Math.abs(expected)));

describe("gradients against central differences, float64", () => {
  // Losses whose ratio is detached are differentiated along (logp, old, sampling) together, which leaves every ratio as it
  // is. Detached in another way are sequence_token, k3+ and the bias-corrected KL of detached losses: torch pins those.
  const detached: ReadonlySet<string> = new Set(["cispo", "vespo", "gpg", "dppo_tv", "dppo_kl"]);
  it.each(LOSS_TYPES.map((lossType) => [lossType]))("%s", (lossType) => {
    fc.assert(
      fc.property(batches, optionSets, (batch, drawn) => {
        const joint = detached.has(lossType);
        const options: LossOptions = {
          ...drawn,
          lossType,
          entropyCoef: 0,
          importanceSamplingLevel: drawn.importanceSamplingLevel === "sequence" ? "sequence" : "token",
          klEstimator: drawn.klEstimator === "k3+" ? "k3" : (drawn.klEstimator ?? "k3"),
          // Where a mask or a detached weight jumps, a difference quotient means nothing.
          offPolicyMaskThreshold: null,
          ...(joint && { beta: 0 }),
        };
        const { dLossDLogProbs } = grpoLoss(batch, options);
        const h = 1e-6;
        const at = (row: number, token: number, by: number) =>
          grpoLoss(
            {
              ...batch,
              logProbs: nudge(batch.logProbs, row, token, by),
              ...(joint && {
                oldLogProbs: nudge(batch.oldLogProbs, row, token, by),
                samplingLogProbs: nudge(batch.samplingLogProbs, row, token, by),
              }),
            },
            options,
          ).loss;
        dLossDLogProbs.forEach((gradient, row) => {
          gradient.forEach((value, token) => {
            close(value, (at(row, token, h) - at(row, token, -h)) / (2 * h));
          });
        });
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it("k3+ has the value of k3 and the gradient of k2", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const run = (klEstimator: "k2" | "k3" | "k3+") =>
          grpoLoss(
            { ...batch, advantages: Array.from(batch.advantages, () => 0) },
            { klEstimator, beta: 1, useBiasCorrectionKl: false },
          );
        close(run("k3+").loss, run("k3").loss);
        run("k3+").dLossDLogProbs.forEach((row, i) => {
          expect([...row]).toEqual([...(run("k2").dLossDLogProbs[i] as Float64Array)]);
        });
      }),
    );
  });

  it("the entropy bonus has gradient -coefficient / tokens", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const options: LossOptions = { entropyCoef: 0.3 };
        const { dLossDEntropies } = grpoLoss(batch, options);
        const at = (row: number, token: number, by: number) =>
          grpoLoss({ ...batch, entropies: nudge(batch.entropies, row, token, by) }, options).loss;
        dLossDEntropies?.forEach((gradient, row) => {
          gradient.forEach((value, token) => {
            close(value, (at(row, token, 1e-6) - at(row, token, -1e-6)) / 2e-6);
          });
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe("invariances of every variant", () => {
  it("padding of any width and content changes no bit", () => {
    fc.assert(
      fc.property(batches, optionSets, fc.integer({ min: 0, max: 7 }), (batch, options, width) => {
        const pad = (rows: readonly TokenRow[]) =>
          rows.map((row) => Float64Array.from({ length: row.length + width }, (_, t) => row[t] ?? Number.NaN));
        const wide = {
          ...batch,
          logProbs: pad(batch.logProbs),
          oldLogProbs: pad(batch.oldLogProbs),
          referenceLogProbs: pad(batch.referenceLogProbs),
          samplingLogProbs: pad(batch.samplingLogProbs),
          entropies: pad(batch.entropies),
          masks: (batch.masks as Uint8Array[]).map((mask) =>
            Uint8Array.from({ length: mask.length + width }, (_, t) => mask[t] ?? 0),
          ),
        };
        const [narrow, padded] = [grpoLoss(batch, options), grpoLoss(wide, options)];
        expect(padded.loss).toBe(narrow.loss);
        padded.dLossDLogProbs.forEach((row, i) => {
          const length = narrow.dLossDLogProbs[i]?.length ?? 0;
          expect([...row.subarray(0, length)]).toEqual([...(narrow.dLossDLogProbs[i] as Float64Array)]);
          expect(row.subarray(length).every((value) => value === 0)).toBe(true);
        });
      }),
    );
  });

  const take = <T>(values: ArrayLike<T>, order: readonly number[]): T[] => order.map((i) => values[i] as T);
  const rowsOf = (batch: Full, order: readonly number[]): Full => ({
    logProbs: take(batch.logProbs, order),
    oldLogProbs: take(batch.oldLogProbs, order),
    referenceLogProbs: take(batch.referenceLogProbs, order),
    samplingLogProbs: take(batch.samplingLogProbs, order),
    entropies: take(batch.entropies, order),
    advantages: take(batch.advantages, order),
    zeroVariance: take(batch.zeroVariance, order),
    masks: take(batch.masks, order),
  });

  it("any split into micro-batches gives the same gradients bit by bit, and losses that add up", () => {
    fc.assert(
      fc.property(batches, optionSets, fc.integer({ min: 1, max: 3 }), (batch, options, size) => {
        const config = lossConfigSchema.parse(options);
        const whole = grpoLoss(batch, options);
        const normalizers = lossNormalizers(batch, config);
        let loss = 0;
        const gradients: Float64Array[] = [];
        const indices = batch.logProbs.map((_, row) => row);
        for (let start = 0; start < indices.length; start += size) {
          const part = grpoLoss(rowsOf(batch, indices.slice(start, start + size)), options, { normalizers });
          loss += part.loss;
          gradients.push(...part.dLossDLogProbs);
        }
        expect(gradients).toEqual(whole.dLossDLogProbs);
        close(loss, whole.loss);
      }),
    );
  });

  it("the order of the rows changes no gradient", () => {
    fc.assert(
      fc.property(batches, optionSets, (batch, options) => {
        const order = batch.logProbs.map((_, row) => row).reverse();
        const [straight, turned] = [grpoLoss(batch, options), grpoLoss(rowsOf(batch, order), options)];
        expect(turned.dLossDLogProbs).toEqual(take(straight.dLossDLogProbs, order));
        close(turned.loss, straight.loss);
      }),
    );
  });

  it("tokens that do not count have exactly no gradient, and per-token terms add up to the loss", () => {
    fc.assert(
      fc.property(batches, optionSets, (batch, drawn) => {
        const options: LossOptions = { ...drawn, aggregation: "token_sum", entropyCoef: 0, zeroVarianceGroups: "keep" };
        const { dLossDLogProbs, terms, loss, metrics } = grpoLoss(batch, options, { terms: true });
        let sum = 0;
        dLossDLogProbs.forEach((row, i) => {
          row.forEach((value, t) => {
            if (batch.masks[i]?.[t] === 0) expect(value).toBe(0);
            sum += terms?.losses[i]?.[t] as number;
          });
        });
        close(sum, loss);
        expect(metrics.effectiveSampleSize).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });
});

it("the fast loop of the plain clipped loss gives the loss and metrics of the general one to the bit, gradients to a rounding", () => {
  // Asking for terms takes the general loop.
  const plain = fc.record({
    lossType: fc.constantFrom("grpo" as const, "dapo" as const, "dr_grpo" as const, "luspo" as const),
    beta: fc.constantFrom(0, 0.04),
    useBiasCorrectionKl: fc.boolean(),
    klLogRatioClamp: fc.constantFrom(null, 0.3),
    epsilonHigh: fc.constantFrom(null, 0.05, 0),
    zeroVarianceGroups: fc.constantFrom("keep" as const, "maskPolicy" as const, "maskAll" as const),
    vllmImportanceSamplingMode: fc.constantFrom("sequence_mask" as const, "sequence_truncate" as const),
  });
  fc.assert(
    fc.property(batches, plain, (batch, options) => {
      const [fast, general] = [grpoLoss(batch, options), grpoLoss(batch, options, { terms: true })];
      expect(fast.loss).toBe(general.loss);
      expect(fast.metrics).toEqual(general.metrics);
      fast.dLossDLogProbs.forEach((row, i) => {
        row.forEach((value, t) => {
          const expected = general.dLossDLogProbs[i]?.[t] as number;
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(expected)));
        });
      });
    }),
    { numRuns: 300 },
  );
});
