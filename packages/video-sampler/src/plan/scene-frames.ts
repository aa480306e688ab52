import type { RgbFrames } from "../video/sampled-video.js";

/**
 * Finds cuts by how much small pictures change: mean absolute RGB difference, 0 (same) to 1 (black to white).
 * @param frames uint8 `[T, H, W, 3]`; a thumbnail is enough
 * @param threshold a change above it starts a scene
 * @returns for each scene the half-open range of frames `[start, end)`; the first starts at 0
 */
export function findScenes(frames: RgbFrames, threshold: number): { start: number; end: number }[] {
  const [count, height, width] = frames.dims;
  const size = height * width * 3;
  const starts = [0];
  for (let t = 1; t < count; t++) {
    let sum = 0;
    for (let i = t * size; i < (t + 1) * size; i++)
      sum += Math.abs((frames.data[i] as number) - (frames.data[i - size] as number));
    if (sum / size / 255 > threshold) starts.push(t);
  }
  return count === 0 ? [] : starts.map((start, i) => ({ start, end: starts[i + 1] ?? count }));
}
