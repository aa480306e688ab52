import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { atcGradients, atcLogits, atSftLoss, atSftScale } from "../index.js";

type Modality = "visual" | "textual";
interface Sample {
  readonly tokenLogProbs: number[];
  readonly visualLabel: 0 | 1;
  readonly textualLabel: 0 | 1;
  readonly visualHidden: number[];
  readonly textualHidden: number[];
  readonly numItemsInBatch: number;
}
const golden = JSON.parse(readFileSync(new URL("../../test/golden/at-sft-vsr1.json", import.meta.url), "utf8")) as {
  source: string;
  lambdaVisual: number;
  lambdaTextual: number;
  heads: Record<Modality, { weight: number[]; bias: number }>;
  samples: Sample[];
  expected: { loss: number; gradients: Record<string, number[]> };
};
const { samples, heads, expected } = golden;

const lossWith = (compat: "vsr1" | null) =>
  atSftLoss({
    tokenLogProbs: samples.flatMap(({ tokenLogProbs }) => tokenLogProbs),
    visualLogits: samples.flatMap(({ visualHidden }) => [...atcLogits(visualHidden, heads.visual)]),
    textualLogits: samples.flatMap(({ textualHidden }) => [...atcLogits(textualHidden, heads.textual)]),
    visualLabels: samples.map(({ visualLabel }) => visualLabel),
    textualLabels: samples.map(({ textualLabel }) => textualLabel),
    lambdaVisual: golden.lambdaVisual,
    lambdaTextual: golden.lambdaTextual,
    compat,
  });

test(`compat vsr1: loss and gradients of the heads as the authors' code computes them (${golden.source})`, () => {
  const result = lossWith("vsr1");
  expect(result.loss).toBeCloseTo(expected.loss, 12);
  for (const modality of ["visual", "textual"] as const) {
    const hidden = samples.flatMap((sample) => sample[`${modality}Hidden`]);
    const { weight, bias } = atcGradients(hidden, heads[modality], result.gradients[`${modality}Logits`]);
    const found = { weight: [...weight], bias: [bias] };
    for (const part of ["weight", "bias"] as const)
      found[part].forEach((value, i) => {
        expect(value).toBeCloseTo(expected.gradients[`${modality}_tokens_cls.${part}`]?.[i] as number, 12);
      });
  }
});

test("their count of items: the answer tokens and four per sample", () => {
  const tokens = samples.reduce((sum, { tokenLogProbs }) => sum + tokenLogProbs.length, 0);
  expect(samples.map(({ numItemsInBatch }) => numItemsInBatch)).toEqual(samples.map(() => tokens + 4 * samples.length));
  const counts = { tokens, visual: 3, textual: 3, samples: 3 };
  expect(atSftScale(counts, { lambdaVisual: 0.1, lambdaTextual: 0.3 }, "vsr1").normalizers.tokens).toBe(21);
});

test("by default lambda weighs means: (tokens per sample + 4) times more than theirs, and the terms are reported alike", () => {
  const [equation, theirs] = [lossWith(null), lossWith("vsr1")];
  const ratio = (equation.gradients.visualLogits[0] as number) / (theirs.gradients.visualLogits[0] as number);
  expect(ratio).toBeCloseTo(21 / 3, 10);
  expect([theirs.lossVisual, theirs.lossTextual]).toEqual([equation.lossVisual, equation.lossTextual]);
  const { lossLm, lossVisual, lossTextual } = equation;
  expect(equation.loss).toBeCloseTo(lossLm + 0.1 * lossVisual + 0.3 * lossTextual, 12);
});

test("compat and normalizers together are refused", () => {
  const normalizers = { tokens: 1, visual: 1, textual: 1 };
  const input = { tokenLogProbs: [-1], visualLogits: [0], textualLogits: [0], lambdaVisual: 1, lambdaTextual: 1 };
  expect(() => atSftLoss({ ...input, visualLabels: [1], textualLabels: [0], normalizers, compat: "vsr1" })).toThrow(
    /found both/,
  );
});
