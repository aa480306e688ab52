import type { SampledVideo } from "../src/video/sampled-video.js";
import { readFrameNumber } from "./fixture-video.js";

/** The frame numbers that the pictures of fixtures carry. */
export function numbersIn({ frames: { data, dims } }: Pick<SampledVideo, "frames">): number[] {
  const [count, height, width] = dims;
  const size = height * width * 3;
  return Array.from({ length: count }, (_, t) =>
    readFrameNumber(data.subarray(t * size, (t + 1) * size), width, height),
  );
}
