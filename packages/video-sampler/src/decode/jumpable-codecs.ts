/**
 * Codecs whose keyframes are known to start decoding cleanly: jumping to one and decoding on gives the very planes that decoding from
 * the start gives (checked by `test/compare-files.ts`). Others are read from the start: libav's VC-2 decoder, for one, gives other
 * pictures after a jump without a word.
 */
const JUMPABLE: ReadonlySet<string> = new Set([
  ...[
    "h264",
    "hevc",
    "vp8",
    "vp9",
    "av1",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
    "msmpeg4v2",
    "msmpeg4v3",
    "wmv1",
    "wmv2",
  ],
  ...[
    "flv1",
    "h261",
    "h263",
    "theora",
    "mjpeg",
    "prores",
    "dnxhd",
    "ffv1",
    "huffyuv",
    "ffvhuff",
    "utvideo",
    "magicyuv",
  ],
  ...["rawvideo", "png", "qtrle", "cinepak", "rv10", "rv20", "svq1", "gif", "apng", "jpeg2000", "dvvideo", "cfhd"],
  ...["msvideo1", "asv1", "flashsv", "zmbv", "webp", "bmp"],
]);

/** Whether decoding may start at any keyframe of a codec, by libav's name. */
export function mayJumpInto(codec: string): boolean {
  return JUMPABLE.has(codec);
}
