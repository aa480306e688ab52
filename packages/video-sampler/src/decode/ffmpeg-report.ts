import type { PacketEntry } from "../plan/frame-index.js";
import type { Rational } from "../video/rational.js";
import type { VideoInfo } from "../video/sampled-video.js";

/** The `#tb 0: 1/15360` header of ffmpeg's framecrc output. */
export function parseTimeBase(framecrc: string): Rational | null {
  const match = /^#tb 0: (\d+)\/(\d+)$/m.exec(framecrc);
  return match === null ? null : { num: Number(match[1]), den: Number(match[2]) };
}

/**
 * Reads one packet line of framecrc: `stream, dts, pts, duration, size, crc[, F=0xflags]`.
 * Flags are only printed when they differ from "keyframe".
 */
export function parsePacketLine(line: string): PacketEntry | null {
  const fields = line.split(",").map((field) => field.trim());
  if (fields.length < 6 || line.startsWith("#")) return null;
  const flags = fields.find((field) => field.startsWith("F=0x"));
  const bits = flags === undefined ? 1 : Number.parseInt(flags.slice(4), 16);
  // Some versions print the absent timestamp as the number that stands for it, -2^63.
  const pts = fields[2] === "NOPTS" || Number(fields[2]) < -(2 ** 62) ? null : Number(fields[2]);
  return { pts, duration: Number(fields[3]), keyframe: (bits & 1) !== 0, discard: (bits & 4) !== 0 };
}

/** What ffmpeg's banner says about the first stream that is real video. */
export type BannerInfo = Omit<VideoInfo, "timeBase" | "streamStartTimeSeconds">;

/** Reads the banner that ffmpeg prints about an input. Null when it names no video stream that is not cover art. */
export function parseBanner(lines: readonly string[]): BannerInfo | null {
  const container = match(lines, /^Input #0, (.+), from '/)?.[1] ?? "unknown";
  const timing = match(lines, /^\s+Duration: (N\/A|[\d:.]+)(?:, start: (-?[\d.]+))?/);
  const at = lines.findIndex((line) => /^\s+Stream #0:.*: Video: /.test(line) && !line.includes("(attached pic)"));
  const line = lines[at];
  if (line === undefined) return null;
  const sizes = /, (\d+)x(\d+)/.exec(line);
  const [, codec = "unknown"] = /: Video: ([\w-]+)/.exec(line) ?? [];
  const [, pixelFormat = "unknown", detail = ""] =
    /: Video: [^,]*(?:\([^)]*\)[^,]*)*, (\w+)(?:\(([^)]*)\))?/.exec(line) ?? [];
  const [, sarNum = "1", sarDen = "1"] = /SAR (\d+):(\d+)/.exec(line) ?? [];
  const [, rate = "0", thousands = ""] = /, ([\d.]+)(k?) fps/.exec(line) ?? [];
  const codedWidth = Number(sizes?.[1] ?? 0);
  const codedHeight = Number(sizes?.[2] ?? 0);
  const rotationDegrees = bannerRotation(lines.slice(at + 1));
  const turned = rotationDegrees % 180 !== 0;
  const color = detail.split(",").map((part) => part.trim());
  const range = color.find((part) => part === "tv" || part === "pc") ?? "unknown";
  const spaces =
    color.find((part) => part.includes("/")) ?? color.find((part) => /^(bt|smpte|gbr|fcc)/.test(part)) ?? "";
  const [matrix = "unknown", , transfer] = spaces.split("/");
  const colorTransfer = transfer ?? (matrix || "unknown");
  return {
    container,
    codec,
    width: turned ? codedHeight : codedWidth,
    height: turned ? codedWidth : codedHeight,
    codedWidth,
    codedHeight,
    rotationDegrees,
    sampleAspectRatio: Number(sarNum) > 0 ? { num: Number(sarNum), den: Number(sarDen) } : { num: 1, den: 1 },
    startTimeSeconds: Number(timing?.[2] ?? 0),
    declaredDurationSeconds: clockSeconds(timing?.[1]),
    averageFrameRate: Number(rate) * (thousands === "k" ? 1000 : 1),
    pixelFormat,
    colorMatrix: matrix || "unknown",
    colorRange: range,
    colorTransfer,
    highDynamicRange: colorTransfer === "smpte2084" || colorTransfer === "arib-std-b67",
  };
}

/** Whether a line of the ffmpeg program's log says that the next decoded frame is corrupt. */
export function isDamageWarning(line: string): boolean {
  return line.includes("corrupt decoded frame");
}

/**
 * Finds damaged frames in the log that `-debug_ts` makes: the warning, then the decoder's line about that frame. FFmpeg
 * warns of frames whose reference or slices the decoder had to conceal (since 4.4), of frames before a recovery point, and of
 * packets the demuxer found broken. A frame that only inherits damage from the one it refers to is not among them.
 */
export class DamageReader {
  #warned = false;

  /** Takes the next line. @returns the time in ticks of a damaged frame, or null */
  damagedTime(line: string): number | null {
    if (isDamageWarning(line)) this.#warned = true;
    if (!this.#warned || !line.includes("decoder -> ")) return null;
    const [, stored, guessed] =
      /decoder -> .*?\b(?:frame_)?pts:(-?\d+|NOPTS) (?:.*\bbest_effort_ts:(-?\d+))?/.exec(line) ?? [];
    this.#warned = false;
    const pts = Number(stored === "NOPTS" ? guessed : stored);
    return Number.isNaN(pts) ? null : pts;
  }
}

function match(lines: readonly string[], pattern: RegExp): RegExpExecArray | null {
  for (const line of lines) {
    const found = pattern.exec(line);
    if (found !== null) return found;
  }
  return null;
}

function bannerRotation(following: readonly string[]): number {
  for (const line of following) {
    if (/^\s+Stream #0:/.test(line)) break;
    const found = /displaymatrix: rotation of (-?[\d.]+) degrees/.exec(line);
    // The banner counts counter-clockwise.
    if (found !== null) return (((Math.round(-Number(found[1]) / 90) * 90) % 360) + 360) % 360;
  }
  return 0;
}

function clockSeconds(text: string | undefined): number | null {
  const parts = text?.split(":").map(Number);
  if (parts?.length !== 3 || parts.some(Number.isNaN)) return null;
  const [hours = 0, minutes = 0, secs = 0] = parts;
  return hours * 3600 + minutes * 60 + secs;
}
