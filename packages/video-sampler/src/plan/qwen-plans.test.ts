import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { QWEN3_VL_LAYOUT, qwenVlPatchify } from "../model-inputs/qwen-vl.js";
import { qwen3VlImageSize, qwenVlHfImageSize, qwenVlImageSize } from "../model-inputs/qwen-vl-size.js";
import { buildFrameIndex, type FrameIndex } from "./frame-index.js";
import { planFrames } from "./plan-frames.js";
import { resolvePlan, type SamplePlan } from "./sample-plan.js";

interface Case {
  readonly total: number;
  readonly rate: number;
  readonly indices: number[];
}
interface Settings {
  readonly fps?: number;
  readonly nframes?: number;
  readonly num_frames?: number;
  readonly min_frames?: number;
  readonly max_frames?: number;
  readonly video_start?: number;
  readonly video_end?: number;
}
/** From transformers and qwen-vl-utils; made by tools/golden/video-sampler-qwen.py. */
const golden = JSON.parse(readFileSync(new URL("../../test/golden/qwen.json", import.meta.url), "utf8")) as {
  utils: (Case & { ele: Settings })[];
  hf: (Case & { kwargs: Settings })[];
  qwen3: (Case & { kwargs: Settings })[];
  sizes: {
    from: [number, number];
    frames: number;
    ele: { min_pixels?: number; max_pixels?: number; total_pixels?: number };
    patch: number;
    utils: [number, number];
    hfRange: [number, number];
    hf: [number, number];
    qwen3Range: [number, number];
    qwen3: [number, number];
  }[];
  layout: {
    frames: number;
    height: number;
    width: number;
    dims: number[];
    grid: number[];
    at: number[];
    values: number[];
  };
};

/** Frames at exact multiples of 1 / rate. */
function steady(total: number, rate: number): FrameIndex {
  const timeBase = { num: 1, den: 24_000_000 };
  const packets = Array.from({ length: total }, (_, i) => ({
    pts: Math.round((i * timeBase.den) / rate),
    duration: Math.round(timeBase.den / rate),
    keyframe: true,
    discard: false,
  }));
  return buildFrameIndex(packets, { timeBase, originTicks: 0, stepTicks: 1, mayBreak: false }) as FrameIndex;
}
const members = (settings: Settings) =>
  Object.fromEntries(
    Object.entries({
      fps: settings.fps,
      frameCount: settings.nframes ?? settings.num_frames,
      minFrames: settings.min_frames,
      maxFrames: settings.max_frames,
      startSeconds: settings.video_start,
      endSeconds: settings.video_end,
    }).filter(([, value]) => value !== undefined),
  );
function expectIndices(type: string, { total, rate, indices }: Case, settings: Settings): void {
  const context = { container: "mov", averageFrameRate: rate, streamStartTimeSeconds: 0 };
  const plan = resolvePlan({ type, ...members(settings) } as SamplePlan);
  expect(planFrames(plan, steady(total, rate), context).map(({ index }) => index)).toEqual(indices);
}

test("qwen2.5-vl is qwen-vl-utils 0.0.14: 90 cases, with ranges", () => {
  for (const { ele, ...rest } of golden.utils) expectIndices("qwen2.5-vl", rest, ele);
});
test("qwen2.5-vl-hf is transformers 5.18: 60 cases", () => {
  for (const { kwargs, ...rest } of golden.hf) expectIndices("qwen2.5-vl-hf", rest, kwargs);
});
test("qwen3-vl is transformers 5.18: 60 cases", () => {
  for (const { kwargs, ...rest } of golden.qwen3) expectIndices("qwen3-vl", rest, kwargs);
});

test.each(golden.sizes)("sizes of $from, $frames frames, $ele", (row) => {
  const [height, width] = row.from;
  const { min_pixels: minPixels, max_pixels: maxPixels, total_pixels: totalPixels } = row.ele;
  const given = Object.fromEntries(
    Object.entries({ minPixels, maxPixels, totalPixels }).filter(([, value]) => value !== undefined),
  );
  const size = ([h, w]: [number, number]) => ({ height: h, width: w });
  expect(qwenVlImageSize({ height, width }, row.frames, { ...given, patchSize: row.patch })).toEqual(size(row.utils));
  const [min, max] = row.hfRange;
  expect(qwenVlHfImageSize({ height, width }, { minPixels: min, maxPixels: max })).toEqual(size(row.hf));
  const [min3, max3] = row.qwen3Range;
  expect(qwen3VlImageSize({ height, width }, row.frames, { minPixels: min3, maxPixels: max3 })).toEqual(
    size(row.qwen3),
  );
});

test("Qwen3VLVideoProcessor's patches, an odd frame repeated", () => {
  const { frames, height, width, dims, grid, at, values } = golden.layout;
  const data = Uint8Array.from({ length: frames * height * width * 3 }, (_, i) => (i * 7919) % 251);
  const found = qwenVlPatchify({ data, dims: [frames, height, width, 3] }, QWEN3_VL_LAYOUT);
  expect([found.pixel_values_videos.dims, [...found.video_grid_thw.data]]).toEqual([dims, grid]);
  for (const [k, i] of at.entries()) expect(found.pixel_values_videos.data[i]).toBeCloseTo(values[k] as number, 5);
});

test("short clips: an error as in the references, all there is, or the last frame again", () => {
  const context = { container: "mov", averageFrameRate: 30, streamStartTimeSeconds: 0 };
  const take = (plan: object, total: number) =>
    planFrames(resolvePlan(plan as SamplePlan), steady(total, 30), context).map(({ index }) => index);
  for (const type of ["qwen2.5-vl", "qwen2.5-vl-hf", "qwen3-vl"]) {
    expect(take({ type }, 1)).toEqual([0, 0]);
    expect(take({ type, short: "clamp" }, 1)).toEqual([0]);
    expect(() => take({ type, short: "error" }, 1)).toThrow(/asks for 2 frames, but there are only 1/);
    expect(take({ type, frameCount: 6 }, 4)).toEqual([0, 1, 2, 3, 3, 3]);
  }
  expect(take({ type: "uniform", frameCount: 4 }, 2)).toEqual([0, 1]);
  expect(take({ type: "uniform", frameCount: 4, short: "repeat" }, 2)).toEqual([0, 1, 1, 1]);
  expect(() => take({ type: "uniform", frameCount: 4, short: "error" }, 2)).toThrow(/only 2/);
  expect(take({ type: "indices", indices: [0, 5, 1], short: "clamp" }, 2)).toEqual([0, 1]);
  expect(take({ type: "indices", indices: [0, 5, 1], short: "repeat" }, 2)).toEqual([0, 1, 1]);
  expect(take({ type: "timestamps", timestampsSeconds: [0, 9], short: "repeat" }, 2)).toEqual([0, 1]);
  expect(take({ type: "timestamps", timestampsSeconds: [0, 9], short: "clamp" }, 2)).toEqual([0]);
});
