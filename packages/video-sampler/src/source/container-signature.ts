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
