import type { SampledVideo } from "@videosafety/video-sampler";
import jpeg from "jpeg-js";
import { frameView } from "../arms/frame-edits.js";

/** How a contact sheet looks. */
export interface ContactSheetOptions {
  /** Most frames shown, spread evenly; default 6. */
  readonly frames?: number;
  /** Height of one frame in pixels; default 72. */
  readonly height?: number;
  /** JPEG quality 1..100; default 70. */
  readonly quality?: number;
}

/** Bytes as base64, in a browser too. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/** RGB [H, W, 3] as a JPEG file. Bundled for a browser, jpeg-js needs a `Buffer` there (the `buffer` package). */
export function encodeJpeg(rgb: Uint8Array, width: number, height: number, quality = 80): Uint8Array {
  const data = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.set(rgb.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
    data[4 * pixel + 3] = 255;
  }
  return new Uint8Array(jpeg.encode({ data, width, height }, quality).data);
}

/** Mean of the source pixels under each target pixel (box filter), for shrinking thumbnails. */
function shrinkInto(
  target: Uint8Array,
  stride: number,
  left: number,
  frame: Uint8Array,
  from: { width: number; height: number },
  to: { width: number; height: number },
): void {
  for (let y = 0; y < to.height; y++) {
    const top = Math.floor((y * from.height) / to.height);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * from.height) / to.height));
    for (let x = 0; x < to.width; x++) {
      const start = Math.floor((x * from.width) / to.width);
      const end = Math.max(start + 1, Math.floor(((x + 1) * from.width) / to.width));
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let row = top; row < bottom; row++) {
          for (let column = start; column < end; column++)
            sum += frame[(row * from.width + column) * 3 + channel] as number;
        }
        target[(y * stride + left + x) * 3 + channel] = Math.round(sum / ((bottom - top) * (end - start)));
      }
    }
  }
}

/**
 * Frames of a video side by side as a `data:image/jpeg` address: a few kilobytes, to be embedded in a report.
 *
 * @returns null for a video without frames.
 */
export function contactSheet(video: SampledVideo, options: ContactSheetOptions = {}): string | null {
  const { frames: most = 6, height = 72, quality = 70 } = options;
  const [count, rows, columns] = video.frames.dims;
  if (count === 0) return null;
  const shown = Math.min(most, count);
  const width = Math.max(1, Math.round((columns / rows) * height));
  const gap = 2;
  const stride = shown * (width + gap) - gap;
  const sheet = new Uint8Array(stride * height * 3).fill(128);
  for (let i = 0; i < shown; i++) {
    const index = shown === 1 ? 0 : Math.round((i * (count - 1)) / (shown - 1));
    const size = { width: columns, height: rows };
    shrinkInto(sheet, stride, i * (width + gap), frameView(video, index), size, { width, height });
  }
  return `data:image/jpeg;base64,${toBase64(encodeJpeg(sheet, stride, height, quality))}`;
}
