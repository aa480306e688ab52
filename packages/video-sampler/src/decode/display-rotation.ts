/** How a stored picture becomes upright. */
export interface DisplayRotation {
  /** Clockwise: 0, 90, 180 or 270. */
  readonly degrees: number;
  /** libavfilter filters that do it, in order, as the ffmpeg program inserts them. */
  readonly filters: readonly string[];
}

/** No rotation. */
export const UPRIGHT: DisplayRotation = { degrees: 0, filters: [] };

/**
 * Reads a display matrix (nine little-endian int32, 16.16 fixed point) as the ffmpeg program's autorotate does, mirrored
 * matrices included. Angles that are no multiple of 90 are rounded to the nearest one.
 */
export function rotationFromDisplayMatrix(matrix: Uint8Array): DisplayRotation {
  const view = new DataView(matrix.buffer, matrix.byteOffset, matrix.byteLength);
  const at = (index: number): number => view.getInt32(index * 4, true);
  const [a, b, c, d] = [at(0), at(1), at(3), at(4)];
  const scale0 = Math.hypot(a, c);
  const scale1 = Math.hypot(b, d);
  if (scale0 === 0 || scale1 === 0) return UPRIGHT;
  const angle = (Math.atan2(b / scale1, a / scale0) * 180) / Math.PI;
  const degrees = (((Math.round(angle / 90) * 90) % 360) + 360) % 360;
  switch (degrees) {
    case 90:
      return { degrees, filters: [c > 0 ? "transpose=cclock_flip" : "transpose=clock"] };
    case 180: {
      const flips = [a < 0 ? "hflip" : "", d < 0 ? "vflip" : ""].filter((filter) => filter !== "");
      return { degrees, filters: flips };
    }
    case 270:
      return { degrees, filters: [c < 0 ? "transpose=clock_flip" : "transpose=cclock"] };
    default:
      return { degrees: 0, filters: d < 0 ? ["vflip"] : [] };
  }
}
