import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logitsGradientInto, selectiveLogSoftmax } from "./selective-log-softmax.js";

/** Float64 by the definition. */
function exact(row: ArrayLike<number>, target: number, temperature = 1) {
  const scaled = Array.from(row, (value) => value / temperature);
  const top = Math.max(...scaled);
  const sum = scaled.reduce((total, value) => total + Math.exp(value - top), 0);
  const logProbs = scaled.map((value) => value - top - Math.log(sum));
  const entropy = -logProbs.reduce(
    (total, value) => total + (value === Number.NEGATIVE_INFINITY ? 0 : Math.exp(value) * value),
    0,
  );
  return { logProb: logProbs[target] as number, entropy };
}

const rows = fc
  .record({
    vocabulary: fc.integer({ min: 1, max: 1300 }),
    count: fc.integer({ min: 1, max: 3 }),
    seed: fc.integer({ min: 0, max: 1e6 }),
    spread: fc.constantFrom(0.1, 3, 30, 200),
    temperature: fc.constantFrom(1, 0.7, 2),
  })
  .map(({ vocabulary, count, seed, spread, temperature }) => {
    let state = seed + 1;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647 - 0.5;
    };
    const logits = Float32Array.from({ length: vocabulary * count }, () => spread * random());
    const targets = Int32Array.from({ length: count }, () => Math.floor((random() + 0.5) * vocabulary));
    return { vocabulary, logits, targets, temperature };
  });

describe.each(["wasm", "portable"] as const)("selectiveLogSoftmax, %s", (backend) => {
  // float32 exp and products: z itself carries a rounding of |z| 6e-8, so 200-wide logits are worth 1e-5.
  const tolerance = backend === "wasm" ? 4e-6 : 1e-12;

  it("agrees with float64 by the definition, entropies included", () => {
    fc.assert(
      fc.property(rows, ({ vocabulary, logits, targets, temperature }) => {
        const found = selectiveLogSoftmax(logits, vocabulary, targets, { temperature, entropies: true, backend });
        targets.forEach((target, r) => {
          const expected = exact(logits.subarray(r * vocabulary, (r + 1) * vocabulary), target, temperature);
          expect(Math.abs((found.logProbs[r] as number) - expected.logProb)).toBeLessThan(
            tolerance * (1 + Math.abs(expected.logProb)),
          );
          expect(Math.abs((found.entropies?.[r] as number) - expected.entropy)).toBeLessThan(tolerance * 5);
        });
      }),
    );
  });

  it("its backward pass agrees with central differences", () => {
    const logits = Float32Array.from([0.3, -1.2, 2, 0.1, -0.4, 1.5, 0, 0.7, -2, 0.25]);
    const targets = [2, 4];
    const [dLogProbs, dLossDEntropies, temperature] = [[0.7, -1.3], [0.2, 0.5], 0.8];
    const forward = selectiveLogSoftmax(logits, 5, targets, { temperature, entropies: true, backend });
    const gradient = new Float32Array(10);
    logitsGradientInto(gradient, logits, 5, targets, forward, dLogProbs, { temperature, dLossDEntropies, backend });
    const loss = (values: number[]) =>
      targets.reduce((sum, target, r) => {
        const { logProb, entropy } = exact(values.slice(r * 5, r * 5 + 5), target, temperature);
        return sum + (dLogProbs[r] as number) * logProb + (dLossDEntropies[r] as number) * entropy;
      }, 0);
    const at = (index: number, by: number) =>
      loss(Array.from(logits, (value, i) => (i === index ? value + by : value)));
    gradient.forEach((value, index) => {
      expect(value).toBeCloseTo((at(index, 1e-5) - at(index, -1e-5)) / 2e-5, 5);
    });
    logitsGradientInto(logits, logits, 5, targets, forward, dLogProbs, { temperature, dLossDEntropies, backend });
    expect([...logits]).toEqual([...gradient]);
  });

  it("takes impossible tokens, and says what is wrong with the rest", () => {
    const row = Float32Array.of(1, Number.NEGATIVE_INFINITY, 2);
    const found = selectiveLogSoftmax(row, 3, [2], { entropies: true, backend });
    expect(found.logProbs[0]).toBeCloseTo(exact([1, 2], 1).logProb, 6);
    expect(found.entropies?.[0]).toBeCloseTo(exact([1, 2], 1).entropy, 6);
    const bad: [Float32Array, number, number[]][] = [
      [row, 3, [1]],
      [row, 3, [3]],
      [row, 2, [0]],
      [Float32Array.of(1, Number.NaN, 2), 3, [0]],
      [Float32Array.of(1, Number.POSITIVE_INFINITY, 2), 3, [0]],
    ];
    for (const [logits, vocabulary, targets] of bad)
      expect(() => selectiveLogSoftmax(logits, vocabulary, targets, { backend })).toThrow(
        expect.objectContaining({ code: "GRPO_DATA" }),
      );
  });
});

it("a vocabulary of 151,936 in float32 SIMD is right to 1e-5", () => {
  const logits = Float32Array.from({ length: 151_936 }, (_, i) => 8 * Math.sin(i * 0.7351));
  const { logProbs, entropies } = selectiveLogSoftmax(logits, 151_936, [777], { entropies: true });
  const top = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, value) => total + Math.exp(value - top), 0);
  expect(logProbs[0]).toBeCloseTo((logits[777] as number) - top - Math.log(sum), 5);
  expect(entropies?.[0]).toBeGreaterThan(0);
});
