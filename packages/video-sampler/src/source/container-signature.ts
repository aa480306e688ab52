/** Containers that are opened. Playlists (HLS, DASH, concat, image sequences by pattern) are not: they name other files. */
export const CONTAINER_ALLOW_LIST = [
  "mov",
  "matroska",
  "avi",
  "mpegts",
  "mpeg",
  "mpegvideo",
  "flv",
  "live_flv",
  "ogg",
  "asf",
  "gif",
  "apng",
  "h264",
  "hevc",
  "av1",
  "obu",
  "ivf",
  "m4v",
  "mjpeg",
  "mxf",
  "nut",
  "rm",
  "wtv",
  "dv",
  "y4m",
  "yuv4mpegpipe",
  "mp3",
  "wav",
  "flac",
  "aac",
  "amr",
  "png_pipe",
  "jpeg_pipe",
  "webp_pipe",
  "bmp_pipe",
] as const;

/** What kind of media the first bytes claim to be, or null. Tells a damaged video from a file that never was one. */
export function claimedContainer(head: Uint8Array): string | null {
  const text = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to));
  if (["ftyp", "moov", "mdat", "free", "wide", "skip"].includes(text(4, 8))) return "MP4/QuickTime";
  if (head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3) return "Matroska/WebM";
  if (text(0, 4) === "RIFF" && text(8, 12) === "AVI ") return "AVI";
  if (text(0, 3) === "FLV") return "FLV";
  if (text(0, 4) === "OggS") return "Ogg";
  if (text(0, 3) === "GIF") return "GIF";
  if (head[0] === 0x47 && (head.length <= 188 || head[188] === 0x47)) return "MPEG-TS";
  if (head[0] === 0x30 && head[1] === 0x26 && head[2] === 0xb2 && head[3] === 0x75) return "ASF/WMV";
  return null;
}

/** Formats that are refused by name, for which nothing else would say what is wrong. */
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [
    /^[\s\S]{4}ftyp(heic|heix|heim|heis|hevc|hevx|hevm|hevs)/,
    "a HEIC image, which is not supported; convert it to JPEG or PNG",
  ],
  [/^\s*(<!doctype html|<html)/i, "an HTML page; the address may lead to a page about the video or a login form"],
  [/^%PDF-/, "a PDF document; pass a video file"],
  [/^PK[^\w\s]{2}/, "a ZIP archive; unpack it and pass a video file"],
  [/^#EXTM3U/, "an HLS playlist, which names other files; pass a media file"],
  [/^\s*(<\?xml[^>]*>\s*)?<MPD\b/, "a DASH manifest, which names other files; pass a media file"],
  [/^version https:\/\/git-lfs/, "a Git LFS pointer and not the file itself; run git lfs pull"],
];

/** What a file is that is refused by name, and what to do, as the end of a sentence; null for everything else. */
export function unsupportedFormat(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.subarray(0, 256));
  // The VP8X chunk's flag 2: animation (WebP container specification, section 2.7).
  if (/^RIFF[\s\S]{4}WEBPVP8X/.test(text) && ((head[20] ?? 0) & 2) !== 0)
    return "an animated WebP, which libav does not decode; convert it to WebM or GIF";
  if (head[0] === 0x1f && head[1] === 0x8b) return "a gzip archive; unpack it and pass a video file";
  return UNSUPPORTED.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
