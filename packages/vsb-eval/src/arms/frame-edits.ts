import type { Rng } from "@videosafety/random";
import type { SampledVideo } from "@videosafety/video-sampler";
import { otherOrder } from "../attacks/other-order.js";

/** Frame `index` of a video as a view [H, W, 3]. */
export function frameView(video: SampledVideo, index: number): Uint8Array {
  const [, height, width] = video.frames.dims;
  const size = height * width * 3;
  return video.frames.data.subarray(index * size, (index + 1) * size);
}

function withPixels(video: SampledVideo, data: Uint8Array): SampledVideo {
  return { ...video, frames: { ...video.frames, data } };
}

/**
 * One frame repeated over the timestamps of another video, so that only the content differs from the plain clip.
 *
 * @param timing the video whose timestamps and frame count T are kept.
 * @param frame pixels [H, W, 3] of the repeated frame, of `timing`'s size.
 */
export function repeatFrame(timing: SampledVideo, frame: Uint8Array): SampledVideo {
  const [count, height, width] = timing.frames.dims;
  const data = new Uint8Array(count * height * width * 3);
  for (let t = 0; t < count; t++) data.set(frame, t * frame.length);
  return withPixels(timing, data);
}

/** Largest change of a value by {@link jitterFrames}, in grey levels. */
export const JITTER_LEVELS = 2;

/**
 * Adds independent uniform noise in {-2..2} grey levels to every value of every frame after the first: invisible, but
 * above VideoLLaMA3's token compression, which drops a token whose mean difference to the frame before is below 0.05
 * levels (0.1 / 255 in normalised units).
 */
export function jitterFrames(video: SampledVideo, random: Rng): SampledVideo {
  const data = video.frames.data.slice();
  const [count] = video.frames.dims;
  for (let i = data.length / Math.max(count, 1); i < data.length; i++) {
    const value = (data[i] as number) + random.integer(2 * JITTER_LEVELS + 1) - JITTER_LEVELS;
    data[i] = Math.min(255, Math.max(0, value));
  }
  return withPixels(video, data);
}

/** The frames in a random order that is never the original one (for T > 1); timestamps and frame facts stay in place. */
export function shuffleFrames(video: SampledVideo, random: Rng): SampledVideo {
  const [count] = video.frames.dims;
  const data = new Uint8Array(video.frames.data.length);
  const size = data.length / Math.max(count, 1);
  otherOrder(count, random).forEach((from, to) => {
    data.set(frameView(video, from), to * size);
  });
  return withPixels(video, data);
}

/** Mid-grey frames of the same size, count and timing. */
export function blankFrames(video: SampledVideo): SampledVideo {
  return withPixels(video, new Uint8Array(video.frames.data.length).fill(128));
}
