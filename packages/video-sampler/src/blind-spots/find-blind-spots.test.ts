import fc from "fast-check";
import { expect, test } from "vitest";
import { buildFrameIndex, type FrameIndex } from "../plan/frame-index.js";
import { planFrames } from "../plan/plan-frames.js";
import { jitteredCatchProbability } from "../plan/plan-gaps.js";
import { resolvePlan, type SamplePlan } from "../plan/sample-plan.js";
import { findBlindSpots } from "./find-blind-spots.js";

const timeBase = { num: 1, den: 1000 };
/** Frames that last the given milliseconds. */
function video(durations: readonly number[]): FrameIndex {
  const packets = durations.map((duration, i) => ({
    pts: durations.slice(0, i).reduce((sum, length) => sum + length, 0),
    duration,
    keyframe: true,
    discard: false,
  }));
  return buildFrameIndex(packets, { timeBase, originTicks: 0, stepTicks: 40, mayBreak: false }) as FrameIndex;
}
const durations = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 14 });
const context = { container: "mov", averageFrameRate: 0, streamStartTimeSeconds: 0 };
const shownBy = (plan: SamplePlan, frames: FrameIndex) =>
  planFrames(resolvePlan(plan), frames, context).map(({ index }) => index);

test("by brute force: an insert changes what is shown exactly when it lies in no blind spot", () => {
  fc.assert(
    fc.property(durations, fc.array(fc.nat(13), { maxLength: 8 }), (lengths, picks) => {
      const frames = video(lengths);
      const shown = picks.filter((index) => index < lengths.length);
      const { blindSpots, longestInsert, unseenSeconds } = findBlindSpots(frames, shown);
      let longest = { frames: 0, milliseconds: 0 };
      for (let a = 0; a < lengths.length; a++)
        for (let b = a + 1; b <= lengths.length; b++) {
          // What the model is given, before and after the frames [a, b) are replaced.
          const original = shown.map((index) => `frame ${index}`);
          const edited = shown.map((index) => (index >= a && index < b ? "insert" : `frame ${index}`));
          const unseen = original.join() === edited.join();
          expect(blindSpots.some((spot) => spot.startFrame <= a && b <= spot.endFrame)).toBe(unseen);
          const milliseconds = lengths.slice(a, b).reduce((sum, length) => sum + length, 0);
          if (unseen)
            longest = {
              frames: Math.max(longest.frames, b - a),
              milliseconds: Math.max(longest.milliseconds, milliseconds),
            };
        }
      expect(longestInsert?.frames ?? 0).toBe(longest.frames);
      expect(longestInsert?.seconds ?? 0).toBeCloseTo(longest.milliseconds / 1000, 9);
      const left = lengths.filter((_, index) => !shown.includes(index)).reduce((sum, length) => sum + length, 0);
      expect(unseenSeconds).toBeCloseTo(left / 1000, 9);
    }),
    { numRuns: 300 },
  );
});

test("by brute force: max-gap keeps its promise with the fewest frames", () => {
  fc.assert(
    fc.property(durations, fc.integer({ min: 1, max: 300 }), (lengths, milliseconds) => {
      const frames = video(lengths);
      const n = lengths.length;
      const plan = { type: "max-gap", maxGapSeconds: milliseconds / 1000 } as const;
      const shown = shownBy(plan, frames);
      const within = (set: readonly number[]) =>
        (findBlindSpots(frames, set).longestInsert?.seconds ?? 0) <= milliseconds / 1000 + 1e-6;
      expect(within(shown)).toBe(true);
      // No smaller set does it (every plan gives at least one frame).
      for (let bits = 0; bits < 2 ** n; bits++) {
        const set = Array.from({ length: n }, (_, i) => i).filter((i) => (bits >> i) & 1);
        if (set.length < shown.length && set.length > 0) expect(within(set)).toBe(false);
      }
    }),
    { numRuns: 40 },
  );
});

test("a steady video at one frame per second: the arithmetic of the docstring", () => {
  const frames = video(Array.from({ length: 300 }, () => 40)); // 12 s at 25 per second
  const { longestInsert } = findBlindSpots(frames, shownBy({ type: "fps", fps: 1 }, frames));
  expect(longestInsert).toEqual({ frames: 24, seconds: expect.closeTo(1 - 1 / 25, 9) });
});

test("a jittered plan catches an insert with the stated probability, and never with less", () => {
  const frames = video(Array.from({ length: 1200 }, () => 10)); // 12 s at 100 per second
  const frameCount = 6; // stretches of 2 s
  const seeds = 1200;
  const samplings = Array.from({ length: seeds }, (_, seed) => shownBy({ type: "jittered", frameCount, seed }, frames));
  for (const seconds of [0.2, 0.5, 1, 2, 3, 4]) {
    const length = seconds * 100;
    const caught = (start: number) =>
      samplings.filter((shown) => shown.some((index) => index >= start && index < start + length)).length / seeds;
    const stated = jitteredCatchProbability(seconds, 2);
    const noise = 4 * Math.sqrt((stated * (1 - stated)) / seeds) + 1e-9;
    // Across a boundary, half on each side: the worst place, where the bound is met with equality.
    expect(Math.abs(caught(600 - length / 2) - stated)).toBeLessThanOrEqual(noise);
    for (const start of [0, 130, 400, 555, 700]) expect(caught(start)).toBeGreaterThanOrEqual(stated - noise);
  }
  expect(samplings[7]).toEqual(shownBy({ type: "jittered", frameCount, seed: 7 }, frames));
  expect(samplings[7]).not.toEqual(samplings[8]);
});

test("frames that are none are refused", () => {
  expect(() => findBlindSpots(video([1, 1]), [2])).toThrow(/0 to 1; got 2/);
  expect(findBlindSpots(video([1, 1]), []).longestInsert).toEqual({ frames: 2, seconds: 0.002 });
  expect(findBlindSpots(video([1, 1]), [0, 1, 1]).longestInsert).toBeNull();
});
