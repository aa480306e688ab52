import { NotMediaError, NoVideoStreamError } from "../errors.js";
import type { DecodeSegment } from "../plan/decode-schedule.js";
import type { FrameIndex, PacketEntry } from "../plan/frame-index.js";
import { CONTAINER_ALLOW_LIST } from "../source/container-signature.js";
import type { VideoInfo } from "../video/sampled-video.js";
import {
  type DecodedFrame,
  type DecodeOutput,
  type DecoderCounters,
  TONE_MAP_FILTERS,
  type VideoDecoder,
} from "./decoder.js";
import { type FfmpegRun, passthroughArguments, runFfmpeg } from "./ffmpeg-program-node.js";
import { DamageReader, isDamageWarning, parseBanner, parsePacketLine, parseTimeBase } from "./ffmpeg-report.js";
import { storedFrameBytes } from "./stored-frame-bytes.js";

/** Jump to each segment only if there are few, else one run over the whole file is cheaper. */
const MAX_SEGMENT_RUNS = 32;

/** Decodes with an ffmpeg program in a child process. */
export class FfmpegDecoder implements VideoDecoder {
  readonly backend = "ffmpeg";
  readonly counters: DecoderCounters = { framesDecoded: 0, seeks: 0 };
  readonly info: VideoInfo;
  readonly originTicks: number;
  readonly #program: string;
  readonly #input: readonly string[];
  readonly #threads: number;
  readonly #packets: PacketEntry[];

  private constructor(program: string, options: FfmpegOpenOptions, info: VideoInfo, packets: PacketEntry[]) {
    this.#program = program;
    this.#threads = options.threads;
    this.#input = inputArguments(options);
    this.#packets = packets;
    this.info = info;
    this.originTicks = Math.round((info.startTimeSeconds * info.timeBase.den) / info.timeBase.num);
  }

  /** Opens a video by listing its packets. @throws NotMediaError, NoVideoStreamError */
  static async open(program: string, options: FfmpegOpenOptions, signal?: AbortSignal): Promise<FfmpegDecoder> {
    // -copyinkf keeps packets before the first keyframe; -copyts keeps the container's own clock.
    const list = ["-copyts", ...inputArguments(options), "-map", "0:V:0", "-c", "copy", "-copyinkf"];
    const run = runFfmpeg(program, [...list, "-f", "framecrc", "-"], signal);
    const chunks: Buffer[] = [];
    for await (const chunk of run.output) chunks.push(chunk);
    const listing = Buffer.concat(chunks).toString("latin1");
    const banner = parseBanner(run.messages);
    const timeBase = parseTimeBase(listing);
    if (!run.messages.some((line) => line.startsWith("Input #0")))
      throw new NotMediaError(run.messages.at(-1) ?? "ffmpeg gave no message");
    if (banner === null)
      throw new NoVideoStreamError(
        "Expected a video stream, found none but audio or cover art. Pass a file with moving pictures.",
      );
    if (timeBase === null) throw new NotMediaError(run.messages.at(-1) ?? "ffmpeg listed no packets");
    const packets = listing.split("\n").flatMap((line) => parsePacketLine(line) ?? []);
    const first = packets.reduce(
      (least, { pts }) => (pts === null ? least : Math.min(least, pts)),
      Number.POSITIVE_INFINITY,
    );
    const streamStartTimeSeconds = Number.isFinite(first)
      ? (first * timeBase.num) / timeBase.den
      : banner.startTimeSeconds;
    return new FfmpegDecoder(program, options, { ...banner, timeBase, streamStartTimeSeconds }, packets);
  }

  readPackets(): Promise<PacketEntry[]> {
    return Promise.resolve(this.#packets);
  }

  async *decodeSegments(
    frames: FrameIndex,
    segments: readonly DecodeSegment[],
    output: DecodeOutput,
  ): AsyncGenerator<DecodedFrame> {
    const missing = new Set(segments.flatMap(({ targets }) => targets.map((target) => frames.pts[target] as number)));
    if (segments.length <= Math.min(MAX_SEGMENT_RUNS, frames.keyframes.length / 3)) {
      for (const { keyframe, targets } of segments) {
        const pts = targets.map((target) => frames.pts[target] as number);
        const from = Math.max(keyframe.pts, frames.pts[0] as number);
        const seconds = (from * frames.timeBase.num) / frames.timeBase.den;
        this.counters.seeks++;
        const jump = ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", seconds.toFixed(6)];
        let clean = !keyframe.shown;
        for await (const frame of this.#decode("pts", [...new Set([from, ...pts])], output, jump)) {
          // The keyframe must come out first, intra coded; else the picture may only be recovering (intra refresh).
          clean ||= frame.ptsTicks === from && !frame.predicted;
          if (!clean) break;
          if (missing.delete(frame.ptsTicks)) yield frame;
        }
      }
    }
    // Jumps may land late in some containers: what they missed comes from one run over the whole file.
    if (missing.size > 0)
      for await (const frame of this.#decode(
        "pts",
        [...missing].sort((a, b) => a - b),
        output,
      ))
        if (missing.delete(frame.ptsTicks)) yield frame;
  }

  async *decodeSequentially(wanted: ReadonlySet<number>, output: DecodeOutput): AsyncGenerator<DecodedFrame> {
    const ordinals = [...wanted].sort((a, b) => a - b);
    if (ordinals.length > 0) yield* this.#decode("n", ordinals, output);
    else yield* this.#describeAll(output.signal);
  }

  async close(): Promise<void> {}

  /** Runs ffmpeg so that just the selected frames are converted and piped. */
  async *#decode(
    by: "pts" | "n",
    values: readonly number[],
    output: DecodeOutput,
    jump: readonly string[] = [],
  ): AsyncGenerator<DecodedFrame & { predicted: boolean }> {
    const stored = output.pixels === "stored";
    const filters = [`select='${selection(by, values)}'`, ...(stored ? [] : rgbFilters(output)), "showinfo=checksum=0"];
    const source = [...(stored ? ["-noautorotate"] : []), ...this.#source(jump)];
    const run = runFfmpeg(
      this.#program,
      [
        ...[...source, "-vf", filters.join(",")],
        ...(await passthroughArguments(this.#program)),
        ...["-frames:v", String(values.length), "-f", "rawvideo", ...(stored ? [] : ["-pix_fmt", "rgb24"]), "-"],
      ],
      output.signal,
    );
    const facts = new ShowInfoReader(run);
    let damaged: ReadonlySet<number> | undefined;
    let pending: Buffer[] = [];
    let bytes = 0;
    try {
      for (let n = 0, fact = await facts.next(); fact !== null; n++, fact = await facts.next()) {
        const size = storedFrameBytes(fact.pixelFormat, fact.size);
        while (bytes < size) {
          const { value, done } = await run.output.next();
          if (done === true) return;
          pending.push(value);
          bytes += value.length;
        }
        const joined = Buffer.concat(pending);
        pending = [joined.subarray(size)];
        bytes -= size;
        this.counters.framesDecoded++;
        if (facts.sawDamage) damaged ??= await this.#damagedTimes(jump, output.signal);
        const decodeError = damaged?.has(fact.ptsTicks) ?? false;
        yield { ...fact, decodeError, ordinal: by === "n" ? (values[n] ?? -1) : -1, image: joined.subarray(0, size) };
      }
    } finally {
      run.stop();
    }
  }

  /** The arguments up to the filters: the same ones give the same decoding. */
  #source(jump: readonly string[] = []): string[] {
    return ["-copyts", "-threads", String(this.#threads), ...jump, ...this.#input, "-map", "0:V:0"];
  }

  /**
   * Times of the frames that ffmpeg calls corrupt. Its warning names no frame, and the decoder runs ahead of the filters, so
   * the file is decoded once more with the decoder's own log; only damaged files pay for it.
   */
  async #damagedTimes(jump: readonly string[], signal?: AbortSignal): Promise<ReadonlySet<number>> {
    const sink = [...(await passthroughArguments(this.#program)), "-f", "null", "-"];
    const run = runFfmpeg(this.#program, ["-debug_ts", ...this.#source(jump), ...sink], signal);
    const times = new Set<number>();
    const reader = new DamageReader();
    for (;;) {
      for (const line of run.messages.splice(0)) {
        const pts = reader.damagedTime(line);
        if (pts !== null) times.add(pts);
      }
      if (run.messagesEnded) break;
      await run.nextMessage();
    }
    signal?.throwIfAborted();
    return times;
  }

  /** Decodes everything without pixels, to list the frames; damage is told when frames are taken. */
  async *#describeAll(signal?: AbortSignal): AsyncGenerator<DecodedFrame> {
    const run = runFfmpeg(
      this.#program,
      [
        ...[...this.#source(), "-vf", "showinfo=checksum=0"],
        ...[...(await passthroughArguments(this.#program)), "-f", "null", "-"],
      ],
      signal,
    );
    const facts = new ShowInfoReader(run);
    let ordinal = 0;
    try {
      for (let fact = await facts.next(); fact !== null; fact = await facts.next()) {
        this.counters.framesDecoded++;
        yield { ...fact, decodeError: false, ordinal: ordinal++, image: null };
      }
    } finally {
      run.stop();
    }
  }
}

/** Options of {@link FfmpegDecoder.open}. */
export interface FfmpegOpenOptions {
  /** What ffmpeg opens: a path or URL. */
  readonly url: string;
  /** Protocols ffmpeg may use for it and anything it refers to. */
  readonly protocols: string;
  /** Decoder threads. */
  readonly threads: number;
}

function inputArguments(options: FfmpegOpenOptions): string[] {
  return [
    ...["-protocol_whitelist", options.protocols, "-format_whitelist", CONTAINER_ALLOW_LIST.join(",")],
    ...["-i", options.url],
  ];
}

/** A binary tree of comparisons: a flat sum of equalities fails in ffmpeg above about 100 terms. */
export function selection(by: "pts" | "n", values: readonly number[]): string {
  if (values.length === 1) return `eq(${by},${values[0]})`;
  const middle = values.length >>> 1;
  return `if(lt(${by},${values[middle]}),${selection(by, values.slice(0, middle))},${selection(by, values.slice(middle))})`;
}

/** Filters that give upright RGB, scaled and mapped as asked. */
function rgbFilters({ scaleTo, toneMap }: DecodeOutput): string[] {
  const scale = scaleTo === undefined ? [] : [`scale=${scaleTo.width}:${scaleTo.height}:flags=bicubic`];
  return [...(toneMap === true ? TONE_MAP_FILTERS : []), "format=rgb24", ...scale];
}

interface ShownFrame extends Pick<DecodedFrame, "ptsTicks" | "duration" | "keyframe" | "size"> {
  readonly pixelFormat: string;
  readonly predicted: boolean;
}

/** Reads what the showinfo filter says about each frame. */
class ShowInfoReader {
  /** Whether a frame decoded before the last one read was called corrupt. */
  sawDamage = false;
  #line = 0;
  readonly #run: FfmpegRun;

  constructor(run: FfmpegRun) {
    this.#run = run;
  }

  /** Facts of the next frame, or null at the end. */
  async next(): Promise<ShownFrame | null> {
    for (;;) {
      while (this.#line < this.#run.messages.length) {
        const line = this.#run.messages[this.#line++] as string;
        this.sawDamage ||= isDamageWarning(line);
        if (!line.includes("Parsed_showinfo") || !/ n: *\d+ /.test(line)) continue;
        const number = (pattern: RegExp) => Number(pattern.exec(line)?.[1] ?? Number.NaN);
        const [, pixelFormat = "", width, height] = / fmt:(\w+) .*? s:(\d+)x(\d+) /.exec(line) ?? [];
        return {
          ptsTicks: number(/ pts: *(-?\d+)/),
          duration: number(/ duration: *(\d+)/) || 0,
          keyframe: / iskey:1/.test(line),
          pixelFormat,
          predicted: / type:[PB] /.test(line),
          size: { height: Number(height), width: Number(width) },
        };
      }
      if (this.#run.messagesEnded) return null;
      await this.#run.nextMessage();
    }
  }
}
