import type { RgbFrames } from "../src/video/sampled-video.js";

/** The same integer pattern as `pattern` in tools/golden/video-sampler.py. */
export function pattern(frames: number, height: number, width: number, seed: number): RgbFrames {
  const data = new Uint8Array(frames * height * width * 3);
  let at = 0;
  for (let t = 0; t < frames; t++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) {
          const moving = x * frames < t * width ? t : 0;
          // BigInt.asIntN is not needed: every product stays below 2^53, but ^ works on 32 bits, so mix in BigInt.
          const mixed =
            BigInt(x * 73856093) ^
            BigInt(y * 19349663) ^
            BigInt(c * 83492791) ^
            BigInt(moving * 40503) ^
            BigInt(seed * 2654435);
          data[at++] = (Number(mixed % 251n) + Math.floor((x * 255) / Math.max(1, width)) + y) % 256;
        }
  return { data, dims: [frames, height, width, 3] };
}
