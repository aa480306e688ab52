import { createRng } from "@videosafety/random";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AlarmShapeError, alarmAttention, attentionShares, meanAttentionShares, NonFiniteError } from "../index.js";

// 5 tokens: start, frame, time, visual alarm, textual alarm.
const positions = { visual: 3, textual: 4 };
const parts = [
  { name: "video", start: 1, end: 2 },
  { name: "itself", start: 3, end: 4 },
];
const causal = (heads: number, seed: number): Float32Array => {
  const rng = createRng(seed);
  const data = new Float32Array(heads * 25);
  for (let row = 0; row < heads * 5; row++) {
    const seen = (row % 5) + 1;
    const raw = Array.from({ length: seen }, () => rng.uniform() + 0.01);
    const sum = raw.reduce((a, b) => a + b);
    raw.forEach((value, column) => {
      data[row * 5 + column] = value / sum;
    });
  }
  return data;
};

describe("attentionShares", () => {
  test("by hand: two heads of one layer, with what no part names", () => {
    const row = (visual: number[], textual: number[]) => [...Array(15).fill(0), ...visual, ...textual];
    const data = Float32Array.from([
      ...row([0.5, 0.25, 0, 0.25, 0], [0, 0, 0.5, 0.25, 0.25]),
      ...row([0, 1, 0, 0, 0], [1, 0, 0, 0, 0]),
    ]);
    const even = (visual: number, textual: number) => ({ visual, textual });
    expect(attentionShares([{ layer: 1, data, dims: [2, 5, 5] }], positions, parts)).toEqual([
      { layer: 1, head: 0, part: "video", visual: 0.25, textual: 0, even: even(0.25, 0.2) },
      { layer: 1, head: 0, part: "itself", visual: 0.25, textual: 0.25, even: even(0.25, 0.2) },
      {
        layer: 1,
        head: 0,
        part: "other",
        visual: 0.5,
        textual: 0.75,
        even: even(0.5, expect.closeTo(0.6, 12) as number),
      },
      { layer: 1, head: 1, part: "video", visual: 1, textual: 0, even: even(0.25, 0.2) },
      { layer: 1, head: 1, part: "itself", visual: 0, textual: 0, even: even(0.25, 0.2) },
      {
        layer: 1,
        head: 1,
        part: "other",
        visual: 0,
        textual: 1,
        even: even(0.5, expect.closeTo(0.6, 12) as number),
      },
    ]);
  });

  test("property: shares sum to 1 in every head, and their mean over heads is alarmAttention's", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer(), (heads, seed) => {
        const attention = { layer: 3, data: causal(heads, seed), dims: [heads, 5, 5] };
        const shares = attentionShares([attention], positions, parts);
        const [video] = alarmAttention(attention, positions, parts);
        let mean = 0;
        for (let head = 0; head < heads; head++) {
          const own = shares.filter((share) => share.head === head);
          for (const key of ["visual", "textual"] as const)
            expect(own.reduce((sum, share) => sum + share[key], 0)).toBeCloseTo(1, 5);
          mean += (own.find(({ part }) => part === "video")?.visual as number) / heads;
        }
        expect(mean).toBeCloseTo(video?.fromAlarm.visual as number, 6);
      }),
    );
  });

  test("parts of one name are one part", () => {
    const split = [
      { name: "text", start: 0, end: 1 },
      { name: "video", start: 1, end: 2 },
      { name: "text", start: 2, end: 3 },
    ];
    const shares = attentionShares([{ layer: 1, data: causal(1, 1), dims: [1, 5, 5] }], positions, split);
    expect(shares.map(({ part }) => part)).toEqual(["text", "video", "other"]);
    expect(shares[0]?.even.visual).toBe(0.5);
  });

  test("bad input", () => {
    const attention = { layer: 1, data: causal(1, 2), dims: [1, 5, 5] };
    const overlap = [...parts, { name: "again", start: 0, end: 2 }];
    expect(() => attentionShares([{ ...attention, dims: [5, 5] }], positions, parts)).toThrow(AlarmShapeError);
    expect(() => attentionShares([attention], { visual: 5, textual: 4 }, parts)).toThrow(/alarm tokens in \[0, 5\)/);
    expect(() => attentionShares([attention], positions, overlap)).toThrow(/found video and again both at token 1/);
    expect(() => attentionShares([attention], positions, [{ name: "far", start: 3, end: 6 }])).toThrow(/part far/);
    const broken = { ...attention, data: attention.data.map(() => Number.NaN) };
    expect(() => attentionShares([broken], positions, parts)).toThrow(NonFiniteError);
  });
});

describe("meanAttentionShares", () => {
  test("a part that a sample lacks counts as 0", () => {
    const share = (part: string, visual: number) => ({
      ...{ layer: 1, head: 0, part, visual, textual: 0 },
      even: { visual, textual: 0 },
    });
    const found = meanAttentionShares([[share("a", 1)], [share("a", 0.5), share("b", 0.5)]]);
    expect(found.map(({ part, visual, even }) => [part, visual, even.visual])).toEqual([
      ["a", 0.75, 0.75],
      ["b", 0.25, 0.25],
    ]);
    expect(() => meanAttentionShares([])).toThrow(/at least one sample/);
  });
});
