import { InvalidPlanError } from "../errors.js";
import { prepareResizePillow, requireRgbFrames } from "../model-inputs/resize-pillow.js";
import { formatSeconds } from "../video/format-seconds.js";
import type { ImageSize, RgbFrames } from "../video/sampled-video.js";
import { drawTextInto, GLYPH_HEIGHT, textWidth } from "./draw-text.js";

/** One packed RGB picture. */
export interface RgbImage extends ImageSize {
  /** `[height, width, 3]` bytes. */
  readonly data: Uint8Array;
}

/** Frames and the times they show; a `SampledVideo` is one. */
export interface TimedFrames {
  /** uint8 `[T, H, W, 3]`. */
  readonly frames: RgbFrames;
  /** `[T]` seconds. */
  readonly timestampsSeconds: ArrayLike<number>;
}

/** How a contact sheet looks. */
export interface ContactSheetOptions {
  /** Frames per row. Default 6. */
  readonly columns?: number;
  /** Width of a frame on the sheet in pixels; higher or lower than the frames' own they are resized. Default: their own. */
  readonly frameWidth?: number;
  /** Most frames shown, spread evenly. Default: all. */
  readonly maxFrames?: number;
  /** What is written on each frame, one per frame, such as `"1.5s #45"`. Default: its time. */
  readonly captions?: readonly string[];
}

const GAP = 4;
const BACKGROUND = 24;

/**
 * Lays frames out in a grid, each with its time in a corner: the picture of a sampling for people.
 * @returns RGB `[height, width, 3]`
 * @throws InvalidPlanError when there is no frame, the times or captions are not one per frame, or an option is no positive integer
 */
export function contactSheet(video: TimedFrames, options: ContactSheetOptions = {}): RgbImage {
  requireRgbFrames(video.frames);
  const [count, height, width] = video.frames.dims;
  const { columns = 6, frameWidth = width, maxFrames = count } = options;
  const captions = options.captions ?? Array.from(video.timestampsSeconds, (seconds) => `${formatSeconds(seconds)}s`);
  if (count === 0 || height * width === 0 || captions.length !== count)
    throw new InvalidPlanError(
      `A contact sheet needs at least one frame and one time or caption per frame; got ${count} frames of ${height} x ${width} and ${captions.length} captions.`,
    );
  for (const [name, value] of Object.entries({ columns, frameWidth, maxFrames }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new InvalidPlanError(`${name} of a contact sheet must be a positive integer, got ${value}.`);
  const shown = Math.min(count, maxFrames);
  const indices = Array.from({ length: shown }, (_, i) => Math.round((i * (count - 1)) / Math.max(1, shown - 1)));
  const tile = { width: frameWidth, height: Math.max(1, Math.round((height * frameWidth) / width)) };
  const resize = prepareResizePillow({ height, width }, tile);
  const across = Math.min(columns, shown);
  const sheet = {
    width: GAP + across * (tile.width + GAP),
    height: GAP + Math.ceil(shown / across) * (tile.height + GAP),
  };
  const data = new Uint8Array(sheet.width * sheet.height * 3).fill(BACKGROUND);
  for (const [position, t] of indices.entries()) {
    const left = GAP + (position % across) * (tile.width + GAP);
    const top = GAP + Math.floor(position / across) * (tile.height + GAP);
    const image = resize(video.frames.data.subarray(t * height * width * 3, (t + 1) * height * width * 3));
    labelInto({ ...tile, data: image }, captions[t] as string);
    for (let y = 0; y < tile.height; y++)
      data.set(image.subarray(y * tile.width * 3, (y + 1) * tile.width * 3), ((top + y) * sheet.width + left) * 3);
  }
  return { data, ...sheet };
}

/** Writes text in the lower left corner on a dark ground, as large as fits, cut off where not even the smallest does. */
function labelInto(image: RgbImage, text: string): void {
  const room = (scale: number) => textWidth(text, scale) + 4 <= image.width && GLYPH_HEIGHT * scale * 4 <= image.height;
  const scale = [3, 2].find(room) ?? 1;
  const letters = text.slice(0, Math.max(0, Math.floor((image.width - 3) / (4 * scale))));
  const ground = { width: textWidth(letters, scale) + 4, height: GLYPH_HEIGHT * scale + 4 };
  const top = image.height - ground.height;
  if (letters === "" || top < 0) return;
  for (let y = top; y < image.height; y++)
    for (let i = y * image.width * 3, end = i + Math.min(ground.width, image.width) * 3; i < end; i++)
      image.data[i] = (image.data[i] as number) >> 2;
  drawTextInto(image, letters, { left: 2, top: top + 2, scale });
}
