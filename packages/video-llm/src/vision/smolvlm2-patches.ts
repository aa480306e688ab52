import { type RgbFrames, resizePillow, smolVlmImageSize, smolVlmPixels } from "@videosafety/video-sampler";
import { patchesPerSide, type VideoLlmConfig } from "../config/config.js";
import type { FramesWithTimes, TimedPatches } from "./frames-with-times.js";
import { defaultSquares, type PreprocessorConfig } from "./preprocessor-config.js";
import type { PatchedVideo } from "./visual-features.js";

/**
 * SmolVLM2's squares: frames of a video by two resizes; an image whole, or, where it is larger, cut into squares with the
 * squashed whole after them.
 *
 * @see transformers 5.18 `SmolVLMVideoProcessor`, `SmolVLMImageProcessorPil`
 */
export function patchSquares(
  { frames, timestampsSeconds }: FramesWithTimes,
  kind: "video" | "image",
  config: VideoLlmConfig,
  preprocessor: PreprocessorConfig,
): TimedPatches {
  const { imageSize: side } = config.vision;
  const { videoLongestEdge, imageLongestEdge, splitImages } = preprocessor.square ?? defaultSquares(config);
  const cut = (squares: RgbFrames, longestEdge: number): PatchedVideo =>
    squarePatches(squares, longestEdge, config, preprocessor);
  if (kind === "video") return { patches: cut(frames, videoLongestEdge), timestampsSeconds };
  if (!splitImages) return { patches: cut(frames, imageLongestEdge), timestampsSeconds };
  const { tiles, squares } = splitImage(frames, imageLongestEdge, side);
  const whole = { patches: cut(squares, side), timestampsSeconds: new Float64Array(squares.dims[0]) };
  return tiles === null ? whole : { ...whole, tiles };
}

/** Resizes to squares and cuts [T h w, 3 p p] in merge-block order; what patches leave over of a side is not seen. */
function squarePatches(
  frames: RgbFrames,
  longestEdge: number,
  config: VideoLlmConfig,
  { imageMean, imageStd }: PreprocessorConfig,
): PatchedVideo {
  const { vision, mergeSize } = config;
  const { imageSize: side, patchSize } = vision;
  const options = { longestEdge, squareSide: side, mean: imageMean[0] as number, std: imageStd[0] as number };
  const { data: pixels } = smolVlmPixels(frames, options);
  const [count] = frames.dims;
  const patches = patchesPerSide(config);
  const data = new Float32Array(count * patches ** 2 * 3 * patchSize ** 2);
  let to = 0;
  for (let t = 0; t < count; t++)
    for (let block = 0; block < (patches / mergeSize) ** 2; block++)
      for (let inside = 0; inside < mergeSize ** 2; inside++) {
        const row = Math.floor(block / (patches / mergeSize)) * mergeSize + Math.floor(inside / mergeSize);
        const column = (block % (patches / mergeSize)) * mergeSize + (inside % mergeSize);
        for (let channel = 0; channel < 3; channel++)
          for (let y = 0; y < patchSize; y++, to += patchSize) {
            const from = ((t * 3 + channel) * side + row * patchSize + y) * side + column * patchSize;
            data.set(pixels.subarray(from, from + patchSize), to);
          }
      }
  return {
    pixel_values: { data, dims: [count * patches ** 2, 3 * patchSize ** 2] },
    grid_sizes: { data: Int32Array.of(count, patches, patches) },
    merge_sizes: { data: Int32Array.of(mergeSize) },
    compressionMask: new Uint8Array(count * (patches / mergeSize) ** 2).fill(1),
  };
}

/** An image as squares, the whole one last; one square and no tiles where it fits into it. */
function splitImage(
  image: RgbFrames,
  longestEdge: number,
  side: number,
): { readonly squares: RgbFrames; readonly tiles: { readonly rows: number; readonly columns: number } | null } {
  const [, height, width] = image.dims;
  const first = smolVlmImageSize({ height, width }, longestEdge);
  const multiple = (length: number): number => Math.ceil(length / side) * side;
  const aspect = first.width / first.height;
  const wide = first.width >= first.height;
  const full = wide
    ? { width: multiple(first.width), height: multiple(Math.trunc(multiple(first.width) / aspect)) }
    : { height: multiple(first.height), width: multiple(Math.trunc(multiple(first.height) * aspect)) };
  const large = resizePillow(resizePillow(image, first, "lanczos"), full, "lanczos");
  if (full.height <= side && full.width <= side) return { squares: large, tiles: null };
  const [rows, columns] = [full.height / side, full.width / side];
  const whole = resizePillow(large, { height: side, width: side }, "lanczos");
  const bytes = side * side * 3;
  const data = new Uint8Array((rows * columns + 1) * bytes);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let y = 0; y < side; y++) {
        const from = ((row * side + y) * full.width + column * side) * 3;
        data.set(large.data.subarray(from, from + side * 3), (row * columns + column) * bytes + y * side * 3);
      }
  data.set(whole.data, rows * columns * bytes);
  return { squares: { data, dims: [rows * columns + 1, side, side, 3] }, tiles: { rows, columns } };
}
