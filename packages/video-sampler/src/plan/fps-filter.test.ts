import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Rational } from "../video/rational.js";
import { buildFrameIndex, type PacketEntry } from "./frame-index.js";
import { planFrames } from "./plan-frames.js";
import { resolvePlan } from "./sample-plan.js";

interface Case {
  timesSeconds: number[];
  timeBase: Rational;
  streamStartTimeSeconds: number;
  fps: number;
  indices: number[];
}
const golden = JSON.parse(readFileSync(new URL("../../test/golden/fps-filter.json", import.meta.url), "utf8")) as {
  ffmpeg: string;
  cases: Case[];
};

test(`${golden.cases.length} irregular clips give the frames of ffmpeg ${golden.ffmpeg}'s fps filter`, () => {
  const wrong: object[] = [];
  let checked = 0;
  for (const { timesSeconds, timeBase, streamStartTimeSeconds, fps, indices } of golden.cases) {
    const ticks = (seconds: number) => Math.round((seconds * timeBase.den) / timeBase.num);
    const packets = timesSeconds.map((time, i): PacketEntry => {
      const end = timesSeconds[i + 1] ?? time; // this ffmpeg knows no duration of the last picture
      return { pts: ticks(time), duration: ticks(end) - ticks(time), keyframe: i === 0, discard: false };
    });
    const frames = buildFrameIndex(packets, { timeBase, originTicks: 0, stepTicks: 1, mayBreak: false });
    if (frames === null) throw new Error("the golden file has repeated timestamps");
    const plan = resolvePlan({ type: "videollama3-reference", fps, maxFrames: 100_000, minFrames: 0 });
    const context = { container: "mov", averageFrameRate: 30, streamStartTimeSeconds };
    const planned = planFrames(plan, frames, context);
    const short = (timesSeconds.at(-1) ?? 0) - (timesSeconds[0] ?? 0) < 1; // the reference reads such clips another way
    if (!short) checked++;
    if (!short && JSON.stringify(planned.map(({ index }) => index)) !== JSON.stringify(indices))
      wrong.push({ fps, planned: planned.map(({ index }) => index).join(), ffmpeg: indices.join() });
  }
  expect(wrong).toEqual([]);
  expect(checked).toBeGreaterThan(48);
});
