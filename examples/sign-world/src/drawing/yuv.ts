/** Bytes of a YUV 4:2:0 frame. */
export const yuv420Length = (width: number, height: number): number => (width * height * 3) / 2;

/**
 * RGB to planar YUV 4:2:0, BT.601 in limited range, chroma averaged over 2 x 2 pixels. Done here instead of in ffmpeg so
 * that both encoders (node-av and the ffmpeg program) get the same bytes. Width and height must be even.
 */
export function rgbToYuv420(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(yuv420Length(width, height));
  const pixels = width * height;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let [blue, red] = [0, 0];
      for (let k = 0; k < 4; k++) {
        const at = (y + (k >> 1)) * width + x + (k & 1);
        const [r, g, b] = [rgb[at * 3] as number, rgb[at * 3 + 1] as number, rgb[at * 3 + 2] as number];
        out[at] = Math.round(16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255);
        blue += -37.797 * r - 74.203 * g + 112 * b;
        red += 112 * r - 93.786 * g - 18.214 * b;
      }
      const to = (y >> 1) * (width >> 1) + (x >> 1);
      out[pixels + to] = Math.round(128 + blue / 1020);
      out[pixels + pixels / 4 + to] = Math.round(128 + red / 1020);
    }
  }
  return out;
}
