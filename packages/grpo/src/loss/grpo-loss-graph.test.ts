import { createSession, Graph, valueAndGrad } from "@videosafety/onnx-autodiff";
import { createRng } from "@videosafety/random";
import { describe, expect, it } from "vitest";
import { AGGREGATIONS, grpoLoss, KL_ESTIMATORS, LOSS_TYPES, type LossOptions } from "../index.js";
import { grpoLossGraph } from "./grpo-loss-graph.js";

const [ROWS, LENGTH] = [4, 5];
const rng = createRng(5);
const lengths = [5, 3, 0, 4];
const table = (draw: (index: number) => number) => Float64Array.from({ length: ROWS * LENGTH }, (_, i) => draw(i));
const counted = (index: number) => index % LENGTH < (lengths[Math.floor(index / LENGTH)] as number);
const padded = (values: Float64Array) => values.map((value, i) => (counted(i) ? value : Number.NaN));
const plain = table(() => -2.5 * rng.uniform() - 0.05);
const data = {
  logProbs: padded(plain),
  mask: table((i) => (counted(i) ? 1 : 0)),
  oldLogProbs: padded(plain.map((value) => Math.min(value + 0.4 * rng.normal(), -0.01))),
  referenceLogProbs: padded(plain.map((value) => value + 0.5 * rng.normal())),
  advantages: Float64Array.of(1.2, -0.7, 0.4, -1.5),
};
const rowsOf = (values: Float64Array) =>
  Array.from({ length: ROWS }, (_, row) => values.slice(row * LENGTH, (row + 1) * LENGTH));

async function compare(options: LossOptions, onPolicy = false) {
  const graph = new Graph();
  const matrix = (name: string) => graph.input(name, "float64", [ROWS, LENGTH]);
  const logProbs = matrix("logProbs");
  const { loss, klLoss } = grpoLossGraph(
    {
      logProbs,
      mask: matrix("mask"),
      advantages: graph.input("advantages", "float64", [ROWS, 1]),
      ...(!onPolicy && { oldLogProbs: matrix("oldLogProbs") }),
      ...((options.beta ?? 0) > 0 && { referenceLogProbs: matrix("referenceLogProbs") }),
    },
    options,
  );
  valueAndGrad(loss, [logProbs]);
  graph.output("kl", klLoss);
  await using session = await createSession(graph);
  const feeds = Object.fromEntries(Object.entries(data).filter(([name]) => session.inputNames.includes(name)));
  const found = await session.run(feeds);
  const expected = grpoLoss(
    {
      logProbs: rowsOf(data.logProbs),
      oldLogProbs: onPolicy ? undefined : rowsOf(data.oldLogProbs),
      referenceLogProbs: rowsOf(data.referenceLogProbs),
      advantages: data.advantages,
      masks: rowsOf(data.mask).map((row) => Uint8Array.from(row)),
    },
    options,
  );
  expect(Math.abs(Number(found.loss?.data[0]) - expected.loss)).toBeLessThan(1e-10);
  expect(Math.abs(Number(found.kl?.data[0]) - expected.klLoss)).toBeLessThan(1e-10);
  const gradient = Array.from(found["d:logProbs"]?.data ?? [], Number);
  expected.dLossDLogProbs
    .flatMap((row) => [...row])
    .forEach((value, i) => {
      expect(Math.abs((gradient[i] as number) - value)).toBeLessThan(1e-10);
    });
}

describe("the loss as a graph equals grpoLoss, value and gradient, float64", () => {
  it.each(LOSS_TYPES.map((lossType) => [lossType]))("%s, with and without KL, on and off policy", async (lossType) => {
    const epsilons: LossOptions = lossType.startsWith("dppo") ? { epsilon: 0.05, epsilonHigh: 0.08 } : {};
    await compare({ lossType, ...epsilons, maxCompletionLength: 8 });
    await compare({ lossType, ...epsilons, beta: 0.3, maxCompletionLength: 8 });
    await compare({ lossType, ...epsilons, beta: 0.3, useBiasCorrectionKl: false }, true);
  });
  it.each<[string, LossOptions]>([
    ["GSPO", { lossType: "grpo", importanceSamplingLevel: "sequence", beta: 0.1 }],
    ["GSPO-token", { lossType: "grpo", importanceSamplingLevel: "sequence_token", beta: 0.1 }],
    ["dual clip", { dualClip: 1.3, epsilonHigh: 0.28 }],
    ["delta", { delta: 1.4 }],
    ["clamps", { beta: 0.5, klLogRatioClamp: 0.4, klValueClamp: 0.05, logRatioClamp: 0.3 }],
    ["CISPO in a range", { lossType: "cispo", cispoClip: "range" }],
    ...KL_ESTIMATORS.map((klEstimator): [string, LossOptions] => [klEstimator, { klEstimator, beta: 0.7 }]),
    ...AGGREGATIONS.map((aggregation): [string, LossOptions] => [aggregation, { aggregation, beta: 0.1 }]),
  ])("%s", async (_name, options) => compare(options));

  it("refuses what it has no form for", () => {
    const graph = new Graph();
    const logProbs = graph.input("x", "float64", [1, 1]);
    const inputs = { logProbs, mask: logProbs, advantages: logProbs };
    expect(() => grpoLossGraph(inputs, { entropyCoef: 0.1 })).toThrow(/entropyCoef/);
    expect(() => grpoLossGraph(inputs, { beta: 0.1 })).toThrow(/referenceLogProbs/);
    expect(() => grpoLossGraph({ ...inputs, shares: logProbs }, { lossType: "vespo" })).toThrow(/VESPO/);
  });
});
