import type { SampledVideo } from "@videosafety/video-sampler";

/** Cells across and down. */
const GRID = 8;

/**
 * Mean and deviation over time of a video's colours on a grid of 8 x 8 cells: what a reader knows who sees the frames, in
 * no order, and no query. [384]
 *
 * @param frames uint8 [T, H, W, 3]
 */
export function frameFeatures({ frames }: Pick<SampledVideo, "frames">): Float64Array {
  const [count, height, width] = frames.dims;
  const cells = GRID * GRID * 3;
  const features = new Float64Array(2 * cells);
  const frame = new Float64Array(cells);
  for (let t = 0; t < count; t++) {
    frame.fill(0);
    for (let y = 0; y < height; y++) {
      const row = Math.floor((y * GRID) / height) * GRID;
      for (let x = 0; x < width; x++) {
        const cell = (row + Math.floor((x * GRID) / width)) * 3;
        const at = ((t * height + y) * width + x) * 3;
        for (let k = 0; k < 3; k++) frame[cell + k] = (frame[cell + k] as number) + (frames.data[at + k] as number);
      }
    }
    const perCell = (height * width) / (GRID * GRID);
    for (let k = 0; k < cells; k++) {
      const value = (frame[k] as number) / perCell / 255;
      features[k] = (features[k] as number) + value / count;
      features[cells + k] = (features[cells + k] as number) + value ** 2 / count;
    }
  }
  for (let k = 0; k < cells; k++)
    features[cells + k] = Math.sqrt(Math.max(0, (features[cells + k] as number) - (features[k] as number) ** 2));
  return features;
}
