import type { SamplePlan } from "@videosafety/video-sampler";

/** Frames that models of this world were trained to look at. */
export const WINDOW_FRAMES = 6;
/** The plan of models and of guards that are not told otherwise: VideoLLaMA3's, and what attackers believe in. */
export const USUAL: SamplePlan = { type: "videollama3-reference", fps: 1, maxFrames: WINDOW_FRAMES };
/** As many frames as the usual plan shows of a clip, each at a random moment of its second, drawn anew for every clip. */
export const jitterOf = (seed: number): SamplePlan => ({
  type: "jittered",
  frameCount: WINDOW_FRAMES,
  seed: 7000 + seed,
});
/** A frame from a random moment of every quarter of a second: gaps are short, and nobody knows where they are. */
export const denseJitterOf = (seed: number): SamplePlan => ({
  type: "jittered",
  frameCount: 4 * WINDOW_FRAMES,
  seed: 8000 + seed,
});
/** Enough frames that no gap is longer. */
export const BOUNDED: SamplePlan = { type: "max-gap", maxGapSeconds: 0.25 };
/** Every frame of a clip, which has 8 per second: nothing lies between samples. */
export const EVERY: SamplePlan = { type: "max-gap", maxGapSeconds: 1 / 16 };
