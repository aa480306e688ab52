import { DecoderMissingError } from "../errors.js";
import type { ImageSize } from "../video/sampled-video.js";

const PACKED_BYTES: Readonly<Record<string, number>> = {
  ...{ gray: 1, ya8: 2, gray10le: 2, gray12le: 2, gray16le: 2, gray16be: 2 },
  ...{ rgb24: 3, bgr24: 3, bgra: 4, rgba: 4, argb: 4, abgr: 4, bgr0: 4, rgb0: 4, "0rgb": 4, "0bgr": 4 },
  ...{ rgb555le: 2, rgb565le: 2, bgr555le: 2, bgr565le: 2, yuyv422: 2, uyvy422: 2, nv12: 1.5, nv21: 1.5 },
  ...{ rgb48le: 6, rgb48be: 6, rgba64le: 8, rgba64be: 8 },
};
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
  if (packed !== undefined && (packed !== 1.5 || (width * height) % 4 === 0)) return width * height * packed;
  const [, alpha, planar = "", gbr, depth = "8"] =
    /^(?:yuv(a)?j?(4\d\d)p|(gbra?p))(\d+)?(?:le|be)?$/.exec(pixelFormat) ?? [];
  const sharing = gbr === undefined ? CHROMA[planar] : CHROMA["444"];
  const whole = alpha !== undefined || gbr === "gbrap" ? 2 : 1;
  if (sharing === undefined)
    throw new DecoderMissingError(`The size of a stored ${pixelFormat} frame is not known; ask for RGB pixels.`);
  const chroma = Math.ceil(width / sharing[0]) * Math.ceil(height / sharing[1]);
  return (width * height * whole + 2 * chroma) * (Number(depth) > 8 ? 2 : 1);
}
