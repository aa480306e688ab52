import { readFileSync } from "node:fs";
import { createSession, Graph, type Value, valueAndGrad } from "@videosafety/onnx-autodiff";
import { describe, expect, test } from "vitest";
import { atcGradients, atcLogits, atSftLoss } from "../index.js";
import { atSftLossGraph } from "./at-sft-loss-graph.js";

type Name =
  | "tokenLogProbs"
  | "visualHidden"
  | "textualHidden"
  | "visualWeight"
  | "visualBias"
  | "textualWeight"
  | "textualBias";
interface GoldenCase {
  name: string;
  batch: number;
  width: number;
  lambdaVisual: number;
  lambdaTextual: number;
  harmfulWeight: number;
  focalGamma: number;
  normalizers: { tokens: number; visual: number; textual: number };
  inputs: Record<Name, number[]>;
  tokenWeights: number[];
  visualLabels: (0 | 1 | -1)[];
  textualLabels: (0 | 1 | -1)[];
  expected: {
    loss: number;
    lossLm: number;
    lossVisual: number;
    lossTextual: number;
    gradients: Record<Name, number[]>;
  };
}
const golden = JSON.parse(readFileSync(new URL("../../test/golden/at-sft-loss.json", import.meta.url), "utf8")) as {
  torch: string;
  cases: GoldenCase[];
};
const { cases } = golden;
const TERMS = ["loss", "lossLm", "lossVisual", "lossTextual"] as const;

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((actual[i] as number) - value), `${what}[${i}]`).toBeLessThan(tolerance * (1 + Math.abs(value)));
  });
}

describe(`AT-SFT loss against torch ${golden.torch}`, () => {
  test.each(cases)("pure functions in float64, to 1e-12: $name", (golden) => {
    const { inputs, expected } = golden;
    const heads = {
      visual: { weight: inputs.visualWeight, bias: inputs.visualBias[0] as number },
      textual: { weight: inputs.textualWeight, bias: inputs.textualBias[0] as number },
    };
    const options = { classWeights: { safe: 1, harmful: golden.harmfulWeight }, focalGamma: golden.focalGamma };
    const labels = (values: readonly (0 | 1 | -1)[]) => values.map((value) => (value === -1 ? null : value));
    const result = atSftLoss({
      tokenLogProbs: inputs.tokenLogProbs,
      tokenWeights: golden.tokenWeights,
      visualLogits: atcLogits(inputs.visualHidden, heads.visual),
      textualLogits: atcLogits(inputs.textualHidden, heads.textual),
      visualLabels: labels(golden.visualLabels),
      textualLabels: labels(golden.textualLabels),
      lambdaVisual: golden.lambdaVisual,
      lambdaTextual: golden.lambdaTextual,
      normalizers: golden.normalizers,
      visualOptions: options,
      textualOptions: options,
    });
    const visual = atcGradients(inputs.visualHidden, heads.visual, result.gradients.visualLogits);
    const textual = atcGradients(inputs.textualHidden, heads.textual, result.gradients.textualLogits);
    for (const term of TERMS) expectClose([result[term]], [expected[term]], 1e-12, term);
    const gradients: Record<Name, ArrayLike<number>> = {
      tokenLogProbs: result.gradients.tokenLogProbs,
      visualHidden: visual.hidden,
      textualHidden: textual.hidden,
      visualWeight: visual.weight,
      visualBias: [visual.bias],
      textualWeight: textual.weight,
      textualBias: [textual.bias],
    };
    for (const name of Object.keys(gradients) as Name[]) {
      expectClose(gradients[name], expected.gradients[name], 1e-12, name);
    }
  });

  test.each([["float32", 1e-5] as const, ["float64", 1e-12] as const])(
    "the graph in %s, to %f",
    async (dtype, tolerance) => {
      const array = (values: readonly number[]) =>
        dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values);
      for (const golden of cases) {
        const { batch, width, inputs, expected, normalizers } = golden;
        const shapes: Record<Name, number[]> = {
          tokenLogProbs: [inputs.tokenLogProbs.length],
          visualHidden: [batch, width],
          textualHidden: [batch, width],
          visualWeight: [1, width],
          visualBias: [1],
          textualWeight: [1, width],
          textualBias: [1],
        };
        const graph = new Graph();
        const names = Object.keys(shapes) as Name[];
        const leaves = Object.fromEntries(
          names.map((name) => [name, graph.input(name, dtype, shapes[name])]),
        ) as Record<Name, Value>;
        const feeds: Record<string, Float32Array | Float64Array> = {};
        const input = (name: string, values: readonly number[]): Value => {
          feeds[name] = array(values);
          return graph.input(name, dtype, [values.length]);
        };
        const head = (modality: "visual" | "textual") => {
          const labels = golden[`${modality}Labels`];
          return {
            hidden: leaves[`${modality}Hidden`],
            weight: leaves[`${modality}Weight`],
            bias: leaves[`${modality}Bias`],
            labels: input(`${modality}Labels`, labels),
            labelMask: input(
              `${modality}Mask`,
              labels.map((label) => (label === -1 ? 0 : label === 1 ? golden.harmfulWeight : 1)),
            ),
            normalizer: input(`${modality}Normalizer`, [normalizers[modality]]),
            lambda: modality === "visual" ? golden.lambdaVisual : input("lambdaTextual", [golden.lambdaTextual]),
            focalGamma: golden.focalGamma,
          };
        };
        const loss = atSftLossGraph({
          tokenLogProbs: leaves.tokenLogProbs,
          tokenWeights: input("tokenWeights", golden.tokenWeights),
          tokenNormalizer: input("tokenNormalizer", [normalizers.tokens]),
          visual: head("visual"),
          textual: head("textual"),
        });
        for (const term of TERMS.slice(1)) graph.output(term, loss[term] as Value);
        valueAndGrad(loss.loss, Object.values(leaves));
        await using session = await createSession(graph, { threads: 1 });
        for (const name of names) feeds[name] = array(inputs[name]);
        const outputs = await session.run(feeds);
        const read = (name: string) => outputs[name]?.data as Float64Array;
        for (const term of TERMS) expectClose(read(term), [expected[term]], tolerance, `${golden.name}: ${term}`);
        for (const name of names) {
          expectClose(read(`d:${name}`), expected.gradients[name], tolerance, `${golden.name}: d ${name}`);
        }
      }
    },
  );
});
