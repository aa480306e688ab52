import type { SafetyLabel } from "@videosafety/safety-data";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AlarmShapeError,
  type AtSftLossInput,
  atcGradients,
  atcLogits,
  atSftLoss,
  balancedClassWeights,
  binaryCrossEntropy,
  EmptyClassError,
  NonFiniteError,
  resolveLabels,
  SafetyLabelError,
  sigmoid,
} from "../index.js";

const finite = fc.double({ min: -30, max: 30, noNaN: true });
const label = fc.constantFrom<SafetyLabel | null>(0, 1, null);
const rows = fc.array(fc.tuple(finite, label), { minLength: 1, maxLength: 6 });

/** Central difference of `f` at `x` in direction i. */
const difference = (f: (x: number[]) => number, x: readonly number[], i: number, h = 1e-5): number => {
  const at = (delta: number): number => f(x.map((value, j) => (j === i ? value + delta : value)));
  return (at(h) - at(-h)) / (2 * h);
};

describe("binaryCrossEntropy", () => {
  test("by hand", () => {
    const { loss, gradient, count } = binaryCrossEntropy([0, 0, 5], [1, 0, null]);
    expect(loss).toBeCloseTo(Math.log(2), 12);
    expect([...gradient]).toEqual([-0.25, 0.25, 0]);
    expect(count).toBe(2);
  });

  test("property: the gradient is the central difference, with weights and focus", () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0, max: 4, noNaN: true }), (data, focalGamma) => {
        const labels = data.map(([, y]) => y);
        const options = { classWeights: { safe: 0.7, harmful: 2.5 }, focalGamma };
        const logits = data.map(([z]) => z);
        const f = (x: number[]): number => binaryCrossEntropy(x, labels, options).loss;
        const { gradient } = binaryCrossEntropy(logits, labels, options);
        logits.forEach((_, i) => {
          expect(Math.abs((gradient[i] as number) - difference(f, logits, i))).toBeLessThan(1e-6);
        });
      }),
    );
  });

  test("property: micro-batches under one normalizer sum to the whole batch", () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const all = [...a, ...b];
        const run = (part: typeof a, normalizer: number) =>
          binaryCrossEntropy(
            part.map(([z]) => z),
            part.map(([, y]) => y),
            { normalizer },
          );
        const whole = run(all, 5);
        const parts = [run(a, 5), run(b, 5)];
        expect(parts.reduce((sum, part) => sum + part.loss, 0)).toBeCloseTo(whole.loss, 10);
        expect(parts.flatMap((part) => [...part.gradient])).toEqual([...whole.gradient]);
      }),
    );
  });

  test("large logits neither overflow nor lose the gradient", () => {
    const { loss, gradient } = binaryCrossEntropy([1000, -1000], [0, 1]);
    expect(loss).toBe(1000);
    expect([...gradient]).toEqual([0.5, -0.5]);
    expect([sigmoid(1000), sigmoid(-1000), sigmoid(0)]).toEqual([1, 0, 0.5]);
  });

  test("no labels, no loss", () => {
    expect(binaryCrossEntropy([3], [null])).toEqual({ loss: 0, gradient: Float64Array.of(0), count: 0 });
  });

  test("bad input", () => {
    expect(() => binaryCrossEntropy([1], [])).toThrow(AlarmShapeError);
    expect(() => binaryCrossEntropy([Number.NaN], [1])).toThrow(NonFiniteError);
    expect(() => binaryCrossEntropy([1], [2 as SafetyLabel])).toThrow(SafetyLabelError);
  });
});

describe("balancedClassWeights", () => {
  test("both classes count alike", () => {
    const labels = [0, 0, 0, 1, null] as const;
    const weights = balancedClassWeights(labels);
    expect(3 * weights.safe).toBeCloseTo(weights.harmful, 12);
    expect(3 * weights.safe + weights.harmful).toBeCloseTo(4, 12);
  });

  test("an empty class is an error", () => {
    expect(() => balancedClassWeights([0, 0, null])).toThrow(EmptyClassError);
  });
});

describe("atSftLoss", () => {
  const input: AtSftLossInput = {
    tokenLogProbs: [-1, -2, -3, -4],
    tokenWeights: [0, 1, 1, 0],
    visualLogits: [2, -1],
    textualLogits: [0.5, 0.25],
    visualLabels: [1, 0],
    textualLabels: [0, null],
    lambdaVisual: 0.1,
    lambdaTextual: 0.2,
  };

  test("is the weighted sum of its terms", () => {
    const result = atSftLoss(input);
    expect(result.lossLm).toBe(2.5);
    expect(result.lossVisual).toBeCloseTo((Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(-1))) / 2, 12);
    expect(result.lossTextual).toBeCloseTo(Math.log1p(Math.exp(0.5)), 12);
    expect(result.loss).toBeCloseTo(2.5 + 0.1 * result.lossVisual + 0.2 * result.lossTextual, 12);
  });

  test("gradients of every input are central differences", () => {
    const { gradients } = atSftLoss(input);
    for (const key of ["tokenLogProbs", "visualLogits", "textualLogits"] as const) {
      const x = Array.from(input[key]);
      x.forEach((_, i) => {
        const numeric = difference((values) => atSftLoss({ ...input, [key]: values }).loss, x, i);
        expect(gradients[key][i]).toBeCloseTo(numeric, 8);
      });
    }
  });

  test("lambda 0 switches a head off; -100 tokens may have any log-probability", () => {
    const off = atSftLoss({ ...input, lambdaVisual: 0, lambdaTextual: 0, tokenLogProbs: [-Infinity, -2, -3, NaN] });
    expect(off.loss).toBe(off.lossLm);
    expect([...off.gradients.visualLogits, ...off.gradients.textualLogits].every((value) => value === 0)).toBe(true);
  });

  test("a batch without assistant tokens has no language loss", () => {
    expect(atSftLoss({ ...input, tokenWeights: [0, 0, 0, 0] }).lossLm).toBe(0);
  });

  test("bad input", () => {
    expect(() => atSftLoss({ ...input, tokenWeights: [1] })).toThrow(AlarmShapeError);
    expect(() => atSftLoss({ ...input, tokenLogProbs: [0, NaN, 0, 0] })).toThrow(NonFiniteError);
  });
});

describe("atc heads", () => {
  test("logits and their gradients against central differences", () => {
    const hidden = [1, 2, 3, -4, 0.5, 2];
    const weight = [0.1, -0.2, 0.3];
    const upstream = [0.7, -1.3];
    const f = (h: readonly number[], w: readonly number[], bias: number): number =>
      atcLogits(h, { weight: w, bias }).reduce((sum, z, i) => sum + z * (upstream[i] as number), 0);
    expect([...atcLogits(hidden, { weight, bias: 0.25 })]).toEqual([
      expect.closeTo(0.1 - 0.4 + 0.9 + 0.25, 12),
      expect.closeTo(-0.4 - 0.1 + 0.6 + 0.25, 12),
    ]);
    const gradients = atcGradients(hidden, { weight, bias: 0.25 }, upstream);
    hidden.forEach((_, i) => {
      expect(gradients.hidden[i]).toBeCloseTo(
        difference((h) => f(h, weight, 0), hidden, i),
        8,
      );
    });
    weight.forEach((_, i) => {
      expect(gradients.weight[i]).toBeCloseTo(
        difference((w) => f(hidden, w, 0), weight, i),
        8,
      );
    });
    expect(gradients.bias).toBeCloseTo(-0.6, 12);
  });

  test("widths are checked", () => {
    expect(() => atcLogits([1, 2, 3], { weight: [1, 2], bias: 0 })).toThrow(AlarmShapeError);
    expect(() => atcGradients([1, 2], { weight: [1, 2], bias: 0 }, [1, 2])).toThrow(AlarmShapeError);
  });
});

describe("resolveLabels", () => {
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return (error as SafetyLabelError).code;
    }
    return "no error";
  };

  test("nothing is assumed silently", () => {
    expect(resolveLabels({ visual: 0, textual: 1 })).toEqual({ visual: 0, textual: 1 });
    expect(code(() => resolveLabels(undefined))).toBe("label-missing");
    expect(code(() => resolveLabels({ visual: 1 }))).toBe("label-incomplete");
    for (const bad of [2, -1, Number.NaN, "1", true, 0.5]) {
      expect(code(() => resolveLabels({ visual: bad, textual: 0 }))).toBe("label-invalid");
    }
  });

  test("policies", () => {
    expect(resolveLabels(null, { unlabeled: "safe" })).toEqual({ visual: 0, textual: 0 });
    expect(resolveLabels({}, { unlabeled: "mask" })).toEqual({ visual: null, textual: null });
    expect(resolveLabels({ textual: 1 }, { partial: "mask" })).toEqual({ visual: null, textual: 1 });
  });

  test("the record is named", () => {
    expect(() => resolveLabels({ visual: 2, textual: 0 }, {}, { file: "vst.jsonl", line: 3 })).toThrow(
      /^vst\.jsonl:3: expected the visual label to be the number 0 \(safe\) or 1 \(harmful\), found 2/,
    );
  });
});
