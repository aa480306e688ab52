import type { PacketEntry } from "../../plan/frame-index.js";
import type { Rational } from "../../video/rational.js";
import type { VideoInfo } from "../../video/sampled-video.js";
import type { StreamFacts } from "../choose-stream.js";
import { type ColorNames, isHighDynamicRange } from "../color-names.js";

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
  const dts = fields[1] === "NOPTS" || Number(fields[1]) < -(2 ** 62) ? null : Number(fields[1]);
  return { pts, dts, duration: Number(fields[3]), keyframe: (bits & 1) !== 0, discard: (bits & 4) !== 0 };
}

/** What ffmpeg's banner says about the file and one of its video streams. */
export type BannerInfo = Omit<VideoInfo, "timeBase" | "streamStartTimeSeconds">;

/** A stream of the banner. */
export interface BannerStream extends StreamFacts {
  /** Its line. */
  readonly line: string;
  /** The lines about it that follow. */
  readonly details: readonly string[];
}

/** The streams that ffmpeg's banner lists. */
export function parseStreams(messages: readonly string[]): BannerStream[] {
  const end = messages.findIndex((line) => /^(Stream mapping|Output #0)/.test(line));
  const lines = end === -1 ? messages : messages.slice(0, end);
  const at = lines.flatMap((line, i) => (/^\s+Stream #0:\d+/.test(line) ? [i] : []));
  return at.map((i, n) => {
    const line = lines[i] as string;
    const [, index = "", kind = "unknown"] = /^\s+Stream #0:(\d+)[^:]*: (\w+): /.exec(line) ?? [];
    const [, width = "0", height = "0"] = /, (\d+)x(\d+)/.exec(line) ?? [];
    return {
      index: Number(index),
      kind: kind.toLowerCase(),
      width: Number(width),
      height: Number(height),
      still: /\((attached pic|timed thumbnails)\)/.test(line),
      preferred: line.includes("(default)"),
      line,
      details: lines.slice(i + 1, at[n + 1]),
    };
  });
}

/** Whether ffmpeg could open the input at all. */
export function sawInput(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith("Input #0"));
}

/** What ffmpeg said last that says something; its own summaries are no reasons. */
export function lastReason(lines: readonly string[]): string {
  const reasons = lines.filter(
    (line) => line.trim() !== "" && !/^\s*(Last message repeated|Exiting|Conversion failed)/.test(line),
  );
  return (reasons.at(-1) ?? "ffmpeg gave no message").trim().slice(0, 300);
}

/** Reads what the banner says about the file and the chosen stream. */
export function parseBanner(
  lines: readonly string[],
  { index, line, details, width, height }: BannerStream,
): BannerInfo {
  const container = match(lines, /^Input #0, (.+), from '/)?.[1] ?? "unknown";
  const timing = match(lines, /^\s+Duration: (N\/A|[\d:.]+)(?:, start: (-?[\d.]+))?/);
  const [, codec = "unknown"] = /: Video: ([\w-]+)/.exec(line) ?? [];
  const [, pixelFormat = "unknown", detail = ""] =
    /: Video: [^,]*(?:\([^)]*\)[^,]*)*, (\w+)(?:\(([^)]*)\))?/.exec(line) ?? [];
  const [, sarNum = "1", sarDen = "1"] = /SAR (\d+):(\d+)/.exec(line) ?? [];
  const rotationDegrees = bannerRotation(details);
  const turned = rotationDegrees % 180 !== 0;
  const colors = parseColors(detail);
  return {
    streamIndex: index,
    container,
    codec,
    width: turned ? height : width,
    height: turned ? width : height,
    codedWidth: width,
    codedHeight: height,
    rotationDegrees,
    sampleAspectRatio: Number(sarNum) > 0 ? { num: Number(sarNum), den: Number(sarDen) } : { num: 1, den: 1 },
    startTimeSeconds: Number(timing?.[2] ?? 0),
    declaredDurationSeconds: clockSeconds(timing?.[1]),
    averageFrameRate: parseRate(line),
    pixelFormat,
    ...colors,
    highDynamicRange: isHighDynamicRange(colors.colorTransfer),
  };
}

/** `tv, bt2020nc/bt2020/smpte2084`: matrix, primaries, transfer; one word where all three have the same name. */
function parseColors(detail: string): ColorNames {
  const parts = detail.split(",").map((part) => part.trim());
  const spaces =
    parts.find((part) => part.includes("/")) ?? parts.find((part) => /^(bt|smpte|gbr|fcc)/.test(part)) ?? "unknown";
  const [matrix = "unknown", primaries = matrix, transfer = matrix] = spaces.split("/");
  return {
    colorMatrix: matrix || "unknown",
    colorPrimaries: primaries || "unknown",
    colorTransfer: transfer || "unknown",
    colorRange: parts.find((part) => part === "tv" || part === "pc") ?? "unknown",
  };
}

/** The banner's frame rate has two decimals; those of the 1001 family are made exact again. */
export function parseRate(line: string): number {
  const [, digits = "0", thousands = ""] = /, ([\d.]+)(k?) fps/.exec(line) ?? [];
  const rate = Number(digits) * (thousands === "k" ? 1000 : 1);
  const broadcast = (Math.ceil(rate) * 1000) / 1001;
  return !Number.isInteger(rate) && broadcast.toFixed(2) === rate.toFixed(2) ? broadcast : rate;
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

function bannerRotation(details: readonly string[]): number {
  for (const line of details) {
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
