/** Bytes of a YUV 4:2:0 frame. */
export const yuv420Length = (width: number, height: number): number => (width * height * 3) / 2;

/**
 * RGB to planar YUV 4:2:0, BT.601 in limited range, chroma averaged over 2 x 2 pixels. Done here instead of in ffmpeg so
 * that both encoders (node-av and the ffmpeg program) get the same bytes. Width and height must be even.
 */
export function rgbToYuv420(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(yuv420Length(width, height));
  const pixels = width * height;
  const row = width * 3;
  // A byte array drops what is behind the point: half is added first.
  let to = pixels;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2, to++) {
      const at = y * width + x;
      const from = at * 3;
      let blue = 0;
      let red = 0;
      for (let k = 0; k < 4; k++) {
        const i = from + (k & 1) * 3 + (k >> 1) * row;
        const r = rgb[i] as number;
        const g = rgb[i + 1] as number;
        const b = rgb[i + 2] as number;
        out[at + (k & 1) + (k >> 1) * width] = 16.5 + (65.481 * r + 128.553 * g + 24.966 * b) / 255;
        blue += -37.797 * r - 74.203 * g + 112 * b;
        red += 112 * r - 93.786 * g - 18.214 * b;
      }
      out[to] = 128.5 + blue / 1020;
      out[to + pixels / 4] = 128.5 + red / 1020;
    }
  }
  return out;
}
