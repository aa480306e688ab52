/** A YUV4MPEG2 file at one frame a second, [frames] grey squares that get brighter from `luma`. */
export function rawVideo(frames: number, side: number, luma = 60): Buffer {
  const frame = (t: number): Buffer =>
    Buffer.concat([
      Buffer.from("FRAME\n"),
      Buffer.alloc(side * side, Math.min(235, luma + 20 * t)),
      Buffer.alloc((side * side) / 2, 128),
    ]);
  const header = Buffer.from(`YUV4MPEG2 W${side} H${side} F1:1 Ip A1:1 C420\n`);
  return Buffer.concat([header, ...Array.from({ length: frames }, (_, t) => frame(t))]);
}
