import type { SampledVideo } from "@videosafety/video-sampler";
import { describe, expect, test } from "vitest";
import { samplePlanFor } from "../vision/sample-plan.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import { FeatureCache, type FeatureModel } from "./feature-cache.js";

function countingModel(family: FeatureModel["config"]["family"], fail = false) {
  const asked: (number | undefined)[] = [];
  const encodeVideo = async (_: unknown, options: { framesPerSecond?: number } = {}): Promise<VisualFeatures> => {
    asked.push(options.framesPerSecond);
    if (fail && asked.length === 1) throw new Error("out of memory");
    return {} as VisualFeatures;
  };
  return { asked, model: { config: { family }, encodeVideo } as unknown as FeatureModel };
}

const video = (durationSeconds: number): SampledVideo =>
  ({ timestampsSeconds: new Float64Array(8), info: { declaredDurationSeconds: durationSeconds } }) as SampledVideo;

describe("feature cache", () => {
  test("encodes equal frames once and tells Qwen2.5-VL the rate of frames", async () => {
    const { asked, model } = countingModel("qwen2.5-vl");
    const cache = new FeatureCache(model, { sampling: { maxFrames: 8 } });
    const clip = video(16);
    expect(await cache.ofVideo(clip)).toBe(await cache.ofVideo(clip));
    expect(asked).toEqual([0.5]);
    expect(cache.plan).toEqual({ type: "qwen2.5-vl", maxFrames: 8 });
  });

  test("does not remember a failure", async () => {
    const { asked, model } = countingModel("videollama3", true);
    const cache = new FeatureCache(model);
    const clip = video(16);
    await expect(cache.ofVideo(clip)).rejects.toThrow("out of memory");
    await expect(cache.ofVideo(clip)).resolves.toEqual({});
    expect(asked).toEqual([undefined, undefined]);
    await expect(cache.ofFile("/nowhere/at/all.mp4")).rejects.toThrow(/all\.mp4/);
  });

  test("refuses a bound that keeps nothing", () => {
    expect(() => new FeatureCache(countingModel("smolvlm2").model, { maxFiles: 0 })).toThrow(/maxFiles >= 1/);
  });
});

test("every family is sampled as its authors do, and a small bound lowers Qwen's least number of frames", () => {
  expect(samplePlanFor("videollama3", { fps: 1, maxFrames: 6 })).toEqual({
    type: "videollama3-reference",
    fps: 1,
    maxFrames: 6,
  });
  expect(samplePlanFor("smolvlm2")).toEqual({ type: "smolvlm2" });
  expect(samplePlanFor("qwen2-vl", { maxFrames: 2 })).toEqual({ type: "qwen2.5-vl", maxFrames: 2, minFrames: 2 });
});
