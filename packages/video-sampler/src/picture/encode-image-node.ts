import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import type { RgbImage } from "./contact-sheet.js";

/** File formats that pictures are written in. */
export type ImageFormat = "png" | "jpeg";

/** Encodes a picture: PNG without loss, or JPEG at quality 90. */
export function encodeImage({ data, height, width }: RgbImage, format: ImageFormat): Buffer {
  if (format === "png") {
    const png = new PNG({ width, height, colorType: 2, inputColorType: 2, inputHasAlpha: false });
    png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false });
  }
  const rgba = Buffer.alloc(width * height * 4, 255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(i * 3, i * 3 + 3), i * 4);
  return jpeg.encode({ data: rgba, width, height }, 90).data;
}
