import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AlarmShapeError, mergeSpans, slidingWindows } from "../index.js";

async function windowsOf(times: readonly number[], windowSeconds: number, strideSeconds: number) {
  const all = [];
  const frames = times.map((timestampSeconds) => ({ timestampSeconds }));
  for await (const window of slidingWindows(frames, { windowSeconds, strideSeconds })) all.push(window);
  return all;
}

describe("slidingWindows", () => {
  test("by hand", async () => {
    const found = await windowsOf([0, 1, 2, 3, 4, 5], 2, 1);
    expect(found.map(({ startSeconds, endSeconds, frames }) => [startSeconds, endSeconds, frames.length])).toEqual([
      [0, 2, 2],
      [1, 3, 2],
      [2, 4, 2],
      [3, 5, 2],
      [4, 5, 2],
    ]);
  });

  test("property: every frame is seen, in windows that hold exactly the frames of their span", async () => {
    const gaps = fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        gaps,
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        async (steps, window, share) => {
          let now = 0;
          const times = steps.map((gap) => (now += gap));
          const found = await windowsOf(times, window, window * share);
          expect(new Set(found.flatMap(({ frames }) => frames.map((frame) => frame.timestampSeconds)))).toEqual(
            new Set(times),
          );
          for (const { startSeconds, frames } of found) {
            const inside = times.filter((time) => time >= startSeconds && time < startSeconds + window);
            expect(frames.map((frame) => frame.timestampSeconds)).toEqual(inside);
          }
          const starts = found.map(({ startSeconds }) => startSeconds);
          expect(starts).toEqual([...starts].sort((a, b) => a - b));
        },
      ),
    );
  });

  test("bad input", async () => {
    await expect(windowsOf([0], 1, 2)).rejects.toThrow(AlarmShapeError);
    await expect(windowsOf([1, 0], 1, 1)).rejects.toThrow(/rising timestamps/);
    await expect(windowsOf([Number.NaN], 1, 1)).rejects.toThrow(/rising timestamps/);
  });
});

test("mergeSpans joins what overlaps or touches", () => {
  const span = (startSeconds: number, endSeconds: number) => ({ startSeconds, endSeconds });
  expect(mergeSpans([span(5, 6), span(0, 2), span(1, 3), span(3, 4)])).toEqual([span(0, 4), span(5, 6)]);
});
