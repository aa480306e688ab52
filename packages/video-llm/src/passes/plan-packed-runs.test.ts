import { createRng } from "@videosafety/onnx-autodiff";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packedLayout, planPackedRuns } from "./packing.js";
import { sequenceLength } from "./sequence.js";

describe("planPackedRuns", () => {
  const sequence = (length: number) => ({
    prompt: { tokenIds: new Int32Array(length), visual: [], visualPositions: [], alarmPositions: null } as never,
    completionIds: new Int32Array(0),
  });

  test("property: every sequence once, real tokens within the limit, and layouts that hold each token once", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 64, max: 4096 }), (all, maxTokens) => {
        const sequences = all.map(sequence);
        const runs = planPackedRuns(sequences, maxTokens, false);
        expect(runs.flatMap(({ indices }) => indices).sort((a, b) => a - b)).toEqual([...all.keys()]);
        for (const { indices, length, packed } of runs) {
          const own = indices.map((i) => sequenceLength(sequences[i] as never));
          const real = own.reduce((a, b) => a + b, 0);
          if (own.length > 1) expect(real).toBeLessThanOrEqual(maxTokens);
          expect(length).toBeGreaterThan(real);
          if (packed === undefined) throw new Error("expected a packed layout");
          const { slot_tokens: slots, token_slots: tokens, positions } = packed.feeds;
          for (let token = 0; token < real; token++) expect(slots[tokens[token] as number]).toBe(token);
          expect(Array.from(positions.subarray(0, real))).toEqual(own.flatMap((n) => [...new Array(n).keys()]));
          // Padding points to a gap, and gaps point to padding.
          expect(slots[tokens[real] as number]).toBe(length - 1);
          expect(slots.filter((token) => token < real).length).toBe(real);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("long and short sequences get blocks of their own", () => {
    const { shape, tokens, starts } = packedLayout([100, 90, 30, 30, 20]);
    expect(shape).toEqual({
      sequences: 6,
      blocks: [
        { rows: 3, length: 128 },
        { rows: 3, length: 64 },
      ],
    }); // one row is empty
    expect([tokens, ...starts]).toEqual([320, 0, 100, 190, 220, 250]);
  });

  test("a long sequence does not give many short ones its padding", () => {
    const runs = planPackedRuns([600, ...new Array<number>(100).fill(30)].map(sequence), 4096, false);
    const slots = runs.map(({ packed }) => packed?.feeds.slot_tokens.length as number);
    expect(Math.max(...slots)).toBeLessThanOrEqual(2 * 4096);
  });

  test("few different graphs over many mixtures", () => {
    const rng = createRng(2);
    const keys = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const lengths = Array.from({ length: 16 }, () => 30 + rng.integer(571)).sort((a, b) => b - a);
      const { tokens, shape } = packedLayout(lengths);
      keys.add(JSON.stringify([tokens, shape]));
    }
    expect(keys.size).toBeLessThan(20);
  });
});
