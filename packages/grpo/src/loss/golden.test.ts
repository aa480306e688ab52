import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GRPO_PRESETS } from "../config/presets.js";
import { advantageOptionsOf, lossOptionsOf, resolveGrpoConfig } from "../config/train-config.js";
import { type AdvantageOptions, computeAdvantages, grpoLoss, type LossBatch, type LossOptions } from "../index.js";

const load = (name: string) => JSON.parse(readFileSync(new URL(`../../test/golden/${name}`, import.meta.url), "utf8"));

interface GoldenBatch {
  readonly logProbs: number[][];
  readonly oldLogProbs: number[][];
  readonly referenceLogProbs: number[][];
  readonly samplingLogProbs: number[][];
  readonly entropies: number[][];
  readonly advantages: number[];
  readonly mask: number[][];
}

/** Padding becomes NaN, which the loss must never read. */
function batchOf(golden: GoldenBatch, sampling: boolean, onPolicy: boolean): LossBatch {
  const rows = (values: number[][]) =>
    values.map((row, i) => Float64Array.from(row, (value, t) => (golden.mask[i]?.[t] ? value : Number.NaN)));
  return {
    logProbs: rows(golden.logProbs),
    oldLogProbs: onPolicy ? undefined : rows(golden.oldLogProbs),
    referenceLogProbs: rows(golden.referenceLogProbs),
    samplingLogProbs: sampling ? rows(golden.samplingLogProbs) : undefined,
    entropies: rows(golden.entropies),
    advantages: golden.advantages,
    masks: golden.mask.map((row) => Uint8Array.from(row)),
  };
}

function expectLoss(batch: LossBatch, options: LossOptions, loss: number, gradient: number[], digits = 1e-9) {
  const result = grpoLoss(batch, options);
  expect(Math.abs(result.loss - loss)).toBeLessThan(digits);
  const flat = result.dLossDLogProbs.flatMap((row) => [...row]);
  expect(flat).toHaveLength(gradient.length);
  const worst = Math.max(...flat.map((value, i) => Math.abs(value - (gradient[i] as number))));
  expect(worst).toBeLessThan(digits);
}

describe("TRL's real loss functions, value and gradient to 1e-9", () => {
  const { batches, cases } = load("trl-losses.json");
  it("has at least 300 cases", () => expect(cases.length).toBeGreaterThanOrEqual(300));
  for (const [index, { batch, options, loss, gradient }] of cases.entries()) {
    it(`${index}: ${JSON.stringify(options)} on batch ${batch}`, () => {
      const { samplingLogProbs, onPolicy, ...rest } = options;
      if (rest.importanceSamplingLevel === "sequence_token" && rest.beta === undefined)
        rest.useBiasCorrectionKl = false;
      expectLoss(batchOf(batches[batch], samplingLogProbs === true, onPolicy === true), rest, loss, gradient);
    });
  }
});

describe("TRL's advantages to 1e-9", () => {
  for (const [index, { rewards, weights, options, advantages }] of load("trl-advantages.json").cases.entries()) {
    it(`${index}: ${JSON.stringify(options)}`, () => {
      const { numGenerations, ...rest } = options;
      const found = computeAdvantages({ rewards, rewardWeights: weights, groups: numGenerations }, rest);
      for (const [row, expected] of advantages.entries())
        expect(Math.abs((found.advantages[row] as number) - expected)).toBeLessThan(1e-9);
    });
  }
});

describe("verl", () => {
  const { batches, cases, advantages } = load("verl.json");
  for (const [index, { batch, name, options, loss, gradient }] of cases.entries()) {
    // verl divides by (count + 1e-8) in its sequence means, hence 2e-8 there.
    const digits = options.aggregation === "sequence_mean_token_mean_nonempty" ? 2e-8 : 1e-9;
    it(`${index}: ${name} ${options.aggregation} ${options.klEstimator ?? "no KL"}`, () =>
      expectLoss(batchOf(batches[batch], false, false), options, loss, gradient, digits));
  }
  for (const [index, golden] of advantages.entries()) {
    it(`advantages ${index}: ${golden.name}`, () => {
      const options: AdvantageOptions = {
        advantageEstimator: golden.name,
        scaleEpsilon: 1e-6,
        singletonAdvantage: "reward",
      };
      const { rewards, groups, lengths } = golden;
      const found = computeAdvantages({ rewards: [rewards], groups, lengths }, options);
      for (const [row, expected] of golden.advantages.entries())
        expect(Math.abs((found.advantages[row] as number) - expected)).toBeLessThan(1e-9);
    });
  }
});

describe("presets are pinned by golden values", () => {
  it("trl: TRL's defaults, from the golden case without options of its own", () => {
    const { batches, cases } = load("trl-losses.json");
    const options = lossOptionsOf(resolveGrpoConfig(GRPO_PRESETS.trl));
    for (const golden of cases) {
      const { lossType, maxCompletionLength, beta, useBiasCorrectionKl, ...rest } = golden.options;
      if (lossType !== "dapo" || beta !== undefined || Object.keys(rest).length > 0) continue;
      expectLoss(batchOf(batches[golden.batch], false, false), options, golden.loss, golden.gradient);
    }
  });
  it("vsr1: TRL's grpo loss with beta 0.04 and no bias correction, while no log-ratio reaches its clamp", () => {
    const { batches, cases } = load("trl-losses.json");
    const options = lossOptionsOf(resolveGrpoConfig(GRPO_PRESETS.vsr1));
    let seen = 0;
    for (const golden of cases) {
      const { lossType, beta, useBiasCorrectionKl, importanceSamplingLevel, maxCompletionLength, ...rest } =
        golden.options;
      if (lossType !== "grpo" || beta !== 0.04 || useBiasCorrectionKl !== false || importanceSamplingLevel) continue;
      expect(rest).toEqual({});
      expectLoss(batchOf(batches[golden.batch], false, false), options, golden.loss, golden.gradient);
      seen++;
    }
    expect(seen).toBe(4);
  });
  it("verl: vanilla with dual clip, token mean and k3", () => {
    const { batches, cases } = load("verl.json");
    const preset = lossOptionsOf(resolveGrpoConfig(GRPO_PRESETS.verl));
    const pinned = cases.filter(
      ({ name, options }: { name: string; options: LossOptions }) =>
        name === "vanilla" && options.aggregation === "token_mean" && !options.beta,
    );
    expect(pinned.length).toBeGreaterThan(0);
    for (const { batch, options, loss, gradient } of pinned) {
      const changed = { ...preset, beta: 0, epsilonHigh: options.epsilonHigh };
      expectLoss(batchOf(batches[batch], false, false), changed, loss, gradient);
    }
  });
  it("openrlhf: loss and group_norm advantages", () => {
    const { batches, cases, advantages } = load("openrlhf.json");
    const config = resolveGrpoConfig(GRPO_PRESETS.openrlhf);
    for (const { batch, options, loss, gradient } of cases)
      expectLoss(batchOf(batches[batch], false, false), { ...lossOptionsOf(config), ...options }, loss, gradient);
    for (const golden of advantages) {
      const found = computeAdvantages(
        { rewards: [golden.rewards], groups: golden.numGenerations },
        advantageOptionsOf(config),
      );
      for (const [row, expected] of golden.advantages.entries())
        expect(Math.abs((found.advantages[row] as number) - expected)).toBeLessThan(1e-9);
    }
  });
});
