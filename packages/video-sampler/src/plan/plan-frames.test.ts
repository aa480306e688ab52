import fc from "fast-check";
import { expect, test } from "vitest";
import { scheduleDecode } from "./decode-schedule.js";
import { buildFrameIndex, type FrameIndex, type PacketEntry } from "./frame-index.js";
import type { PlanContext } from "./frame-request.js";
import { planFrames } from "./plan-frames.js";
import { resolvePlan, type SamplePlan } from "./sample-plan.js";

const TIME_BASE = { num: 1, den: 600 };
const clock = (originTicks: number) => ({ timeBase: TIME_BASE, originTicks, stepTicks: 20, mayBreak: false });
const context: PlanContext = { container: "mov", averageFrameRate: 30, streamStartTimeSeconds: 0 };

function index(pts: readonly number[], { duration = 20, gop = 30, origin = 0 } = {}): FrameIndex {
  const packets = pts.map((time, i): PacketEntry => ({ pts: time, duration, keyframe: i % gop === 0, discard: false }));
  const built = buildFrameIndex(packets, clock(origin));
  if (built === null) throw new Error("the fixture has repeated timestamps");
  return built;
}
const steady = (count: number, start = 0) => Array.from({ length: count }, (_, i) => start + i * 20); // 30 fps
const indices = (plan: SamplePlan, frames: FrameIndex, about = context) =>
  planFrames(resolvePlan(plan), frames, about).map((request) => request.index);

test("the reference at 1 fps takes the last frame of every second, labelled from the stream's start", () => {
  const requests = planFrames(resolvePlan({ type: "videollama3-reference" }), index(steady(100)), {
    ...context,
    streamStartTimeSeconds: 0.25,
  });
  expect(requests.map((request) => request.index)).toEqual([29, 59, 89]);
  expect(requests.map(({ labelSeconds }) => labelSeconds)).toEqual([0.25, 1.25, 2.25]);
});

test("a start that is not 0, gaps, and frames repeated over a gap", () => {
  expect(indices({ type: "videollama3-reference" }, index(steady(61, 3000), { origin: 3000 }))).toEqual([29, 59]);
  const gap = index([0, 20, 40, 1900, 1920, 2400, 2420]);
  expect(indices({ type: "videollama3-reference" }, gap)).toEqual([2, 2, 2, 4]);
});

test("the cap thins frames and labels alike, as numpy.linspace does", () => {
  const requests = planFrames(
    resolvePlan({ type: "videollama3-reference", maxFrames: 4 }),
    index(steady(300)),
    context,
  );
  expect(requests.map(({ labelSeconds }) => labelSeconds)).toEqual([0, 3, 6, 9]);
  expect(indices({ type: "videollama3-reference", fps: null, maxFrames: 3 }, index(steady(101)))).toEqual([0, 50, 100]);
});

test("clips under a second and GIFs take the middles of segments", () => {
  expect(indices({ type: "videollama3-reference", fps: 10 }, index(steady(20)))).toEqual([1, 4, 7, 10, 13, 16, 19]);
  const gif = { ...context, container: "gif" };
  const requests = planFrames(resolvePlan({ type: "videollama3-reference" }), index(steady(100)), gif);
  expect(requests.map((request) => [request.index, request.labelSeconds])).toEqual([
    [12, 0.48],
    [37, 1.48],
    [62, 2.48],
    [87, 3.48],
  ]);
});

test("a video too short for one output gives its last frame, or none on request", () => {
  const slow = index(steady(40));
  expect(indices({ type: "videollama3-reference", fps: 0.5 }, slow)).toEqual([39]);
  expect(indices({ type: "videollama3-reference", fps: 0.5, minFrames: 0 }, slow)).toEqual([]);
});

test("fps shows the frame on screen, timestamps too, and ranges are half-open", () => {
  const frames = index(steady(90));
  expect(indices({ type: "fps", fps: 2 }, frames)).toEqual([0, 15, 30, 45, 60, 75]);
  expect(indices({ type: "fps", fps: 2, startSeconds: 1, endSeconds: 2 }, frames)).toEqual([30, 45]);
  expect(indices({ type: "fps", fps: 2, maxFrames: 2 }, frames)).toEqual([0, 75]);
  expect(indices({ type: "timestamps", timestampsSeconds: [0.999, 1, 0.05, 3] }, frames)).toEqual([29, 30, 1, 89]);
  expect(indices({ type: "uniform", frameCount: 3, startSeconds: 1, endSeconds: 2 }, frames)).toEqual([30, 44, 59]);
  expect(indices({ type: "keyframes", maxFrames: 2 }, frames)).toEqual([0, 60]);
  expect(indices({ type: "uniform", frameCount: 500 }, index(steady(3)))).toEqual([0, 1, 2]);
});

test("presets go by frame number", () => {
  const frames = index(steady(300));
  expect(indices({ type: "videollama3-hf" }, frames)).toEqual([0, 30, 60, 90, 120, 150, 180, 210, 240, 270]);
  expect(indices({ type: "qwen2.5-vl", frameCount: 5 }, frames)).toEqual([0, 100, 199, 299]);
  expect(indices({ type: "smolvlm2", maxFrames: 4 }, frames)).toEqual([30, 110, 190, 270]);
});

test("without timestamps, or with repeated ones, there is no index", () => {
  const packet = { duration: 1, keyframe: true, discard: false };
  expect(buildFrameIndex([{ ...packet, pts: null }], clock(0))).toBeNull();
  expect(
    buildFrameIndex(
      [
        { ...packet, pts: 4 },
        { ...packet, pts: 4 },
      ],
      clock(0),
    ),
  ).toBeNull();
  expect(buildFrameIndex([{ ...packet, pts: 4, discard: true }], clock(0))).toBeNull();
});

test("every target lies in the segment of the keyframe at or before it, and its packet within the segment", () => {
  const shuffled = fc.uniqueArray(fc.integer({ min: -50, max: 500 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      shuffled,
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
      (pts, gop, picks) => {
        const frames = index(pts, { gop });
        const targets = picks.map((pick) => pick % pts.length);
        const segments = scheduleDecode(frames, targets);
        expect(segments.flatMap((segment) => segment.targets)).toEqual([...new Set(targets)].sort((a, b) => a - b));
        for (const { keyframe, targets: wanted, lastDecodePosition } of segments)
          for (const target of wanted) {
            expect(frames.pts[target]).toBeGreaterThanOrEqual(keyframe.pts);
            expect(frames.decodePosition[target]).toBeLessThanOrEqual(lastDecodePosition);
          }
      },
    ),
  );
});
