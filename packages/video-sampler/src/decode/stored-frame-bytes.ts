import { DecoderMissingError } from "../errors.js";
import type { ImageSize } from "../video/sampled-video.js";

const PACKED_BYTES: Readonly<Record<string, number>> = { gray: 1, rgb24: 3, bgr24: 3, bgra: 4, rgba: 4, argb: 4 };
/** Columns and rows of luma that share one chroma sample. */
const CHROMA: Readonly<Record<string, readonly [number, number]>> = {
  "420": [2, 2],
  "422": [2, 1],
  "444": [1, 1],
  "411": [4, 1],
  "410": [4, 4],
  "440": [1, 2],
};

/**
 * Bytes of one frame of a libav pixel format, without padding. Chroma sides are rounded up, as libav does.
 * @throws DecoderMissingError for a format it does not know
 */
export function storedFrameBytes(pixelFormat: string, { width, height }: ImageSize): number {
  const packed = PACKED_BYTES[pixelFormat];
  if (packed !== undefined) return width * height * packed;
  const [, planar = "", gbr, depth = "8"] = /^(?:yuvj?(4\d\d)p|(gbrp))(\d+)?(?:le|be)?$/.exec(pixelFormat) ?? [];
  const sharing = gbr === undefined ? CHROMA[planar] : CHROMA["444"];
  if (sharing === undefined)
    throw new DecoderMissingError(`The size of a stored ${pixelFormat} frame is not known; ask for RGB pixels.`);
  const chroma = Math.ceil(width / sharing[0]) * Math.ceil(height / sharing[1]);
  return (width * height + 2 * chroma) * (Number(depth) > 8 ? 2 : 1);
}
