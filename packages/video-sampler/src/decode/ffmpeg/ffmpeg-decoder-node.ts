import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DecodeFailedError } from "../../errors.js";
import type { DecodeSegment } from "../../plan/decode-schedule.js";
import type { FrameIndex, PacketEntry } from "../../plan/frame-index.js";
import type { VideoInfo } from "../../video/sampled-video.js";
import {
  type DecodedFrame,
  type DecodeOutput,
  type DecoderCounters,
  TONE_MAP_FILTERS,
  type VideoDecoder,
} from "../decoder.js";
import { mayJumpInto } from "../jumpable-codecs.js";
import { storedFrameBytes } from "../stored-frame-bytes.js";
import { type FfmpegOpenOptions, inputArguments, openWithFfmpeg } from "./ffmpeg-open-node.js";
import { ffmpegDialect, runFfmpeg } from "./ffmpeg-program-node.js";
import { DamageReader } from "./ffmpeg-report.js";
import { selection } from "./select-expression.js";
import { ShowInfoReader, type ShownFrame } from "./show-info-node.js";

/** Jump to each segment only if there are few, else one run over the whole file is cheaper. */
const MAX_SEGMENT_RUNS = 32;
/** Longest filter graph on the command line: Windows takes 32,767 characters in all, Linux 131,072 per argument. */
const MAX_ARGUMENT = 8000;

/** How frames are picked from a run: by time, or by number since ffmpeg last built its filter graph. */
interface Selection {
  readonly by: "pts" | "n";
  readonly values: readonly number[];
}

/** Decodes with an ffmpeg program in a child process. */
export class FfmpegDecoder implements VideoDecoder {
  readonly backend = "ffmpeg";
  readonly counters: DecoderCounters = { framesDecoded: 0, seeks: 0, damagedFrames: 0 };
  readonly info: VideoInfo;
  readonly originTicks: number;
  readonly #program: string;
  readonly #input: readonly string[];
  readonly #threads: number;
  readonly #packets: PacketEntry[];
  /** Filters before all others: colours that only the container names, turning that only the bitstream asks for. */
  readonly #preparation: readonly string[];
  readonly #turnsItself: boolean;
  /** Of every frame in decoding order, once all were decoded: its time, and its number since the filter graph was built. */
  #shown: Pick<ShownFrame, "ptsTicks" | "sinceGraph">[] = [];

  private constructor(options: FfmpegOpenOptions, opened: Awaited<ReturnType<typeof openWithFfmpeg>>) {
    const { info } = opened;
    this.#program = options.program;
    this.#threads = options.threads;
    this.#input = inputArguments(options);
    this.#packets = opened.packets;
    this.#preparation = opened.preparation;
    this.#turnsItself = opened.turnsItself;
    this.info = info;
    this.originTicks = Math.round((info.startTimeSeconds * info.timeBase.den) / info.timeBase.num);
  }

  /** Opens a video by listing its packets. @throws NotMediaError, NoVideoStreamError, LimitExceededError */
  static async open(options: FfmpegOpenOptions, signal?: AbortSignal): Promise<FfmpegDecoder> {
    return new FfmpegDecoder(options, await openWithFfmpeg(options, signal));
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
    const few = segments.length <= Math.min(MAX_SEGMENT_RUNS, frames.keyframes.length / 3);
    if (few && mayJumpInto(this.info.codec)) {
      for (const { keyframe, targets } of segments) {
        const pts = targets.map((target) => frames.pts[target] as number);
        const from = Math.max(keyframe.pts, frames.pts[0] as number);
        const seconds = (from * frames.timeBase.num) / frames.timeBase.den;
        this.counters.seeks++;
        const jump = ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", seconds.toFixed(6)];
        let clean = !keyframe.shown;
        for await (const frame of this.#decode({ by: "pts", values: [...new Set([from, ...pts])] }, output, jump)) {
          // The keyframe must come out first, intra coded; else the picture may only be recovering (intra refresh).
          clean ||= frame.ptsTicks === from && !frame.predicted;
          if (!clean) break;
          if (missing.delete(frame.ptsTicks)) yield frame;
        }
      }
    }
    // Jumps may land late in some containers: what they missed comes from one run over the whole file.
    if (missing.size > 0)
      for await (const frame of this.#decode({ by: "pts", values: [...missing].sort((a, b) => a - b) }, output))
        if (missing.delete(frame.ptsTicks)) yield frame;
  }

  async *decodeSequentially(wanted: ReadonlySet<number>, output: DecodeOutput): AsyncGenerator<DecodedFrame> {
    if (wanted.size === 0) {
      yield* this.#describeAll(output.signal);
      return;
    }
    const missing = new Set(wanted);
    for await (const frame of this.#decode(this.#selectionOf(wanted), output)) {
      if (missing.delete(frame.ordinal)) yield frame;
      if (missing.size === 0) return;
    }
  }

  /** Times may repeat and numbers start again where the graph is built anew: more is selected than wanted, and told apart by count. */
  #selectionOf(ordinals: ReadonlySet<number>): Selection {
    const facts = [...ordinals].map((ordinal) => this.#shown[ordinal] ?? { ptsTicks: Number.NaN, sinceGraph: ordinal });
    const timed = facts.every(({ ptsTicks }) => !Number.isNaN(ptsTicks));
    const keys = facts.map(({ ptsTicks, sinceGraph }) => (timed ? ptsTicks : sinceGraph));
    return { by: timed ? "pts" : "n", values: [...new Set(keys)].sort((a, b) => a - b) };
  }

  async close(): Promise<void> {}

  /** Runs ffmpeg so that just the selected frames are converted and piped. */
  async *#decode(
    { by, values }: Selection,
    output: DecodeOutput,
    jump: readonly string[] = [],
  ): AsyncGenerator<DecodedFrame & { predicted: boolean }> {
    const stored = output.pixels === "stored";
    const counting = jump.length === 0;
    const filters = [...(counting ? ["showinfo=checksum=0"] : []), `select='${selection(by, values)}'`];
    if (!stored) filters.push(...this.#preparation, ...rgbFilters(output));
    filters.push("showinfo=checksum=0");
    const { passthrough, keepSizes, filterFile } = await ffmpegDialect(this.#program);
    const graph = await graphArguments(filters.join(","), filterFile);
    const sizing = output.scaleTo === undefined ? keepSizes : [];
    const source = [...(stored || this.#turnsItself ? ["-noautorotate"] : []), ...this.#source(jump)];
    const sink = ["-f", "rawvideo", ...(stored ? [] : ["-pix_fmt", "rgb24"]), "-"];
    const run = runFfmpeg(this.#program, [...source, ...graph.args, ...passthrough, ...sizing, ...sink], output.signal);
    const facts = new ShowInfoReader(run, counting);
    let damaged: ReadonlySet<number> | undefined;
    let pending: Buffer[] = [];
    let bytes = 0;
    let firstSize: DecodedFrame["size"] | undefined;
    try {
      for (let fact = await facts.next(); fact !== null; fact = await facts.next()) {
        firstSize ??= fact.size;
        const changed = firstSize.height !== fact.size.height || firstSize.width !== fact.size.width;
        if (changed && keepSizes.length === 0)
          throw new DecodeFailedError(
            `The pictures change from ${firstSize.width} x ${firstSize.height} to ${fact.size.width} x ${fact.size.height} on the way, and this ffmpeg, older than 4.4, cannot keep them apart. Use a newer one, or backend "node-av".`,
          );
        const size = storedFrameBytes(stored ? fact.pixelFormat : "rgb24", fact.size);
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
        yield { ...fact, decodeError: damaged?.has(fact.ptsTicks) ?? false, image: joined.subarray(0, size) };
      }
    } finally {
      if (facts.sawDamage) this.counters.damagedFrames++;
      run.stop();
      await graph.remove();
    }
  }

  /** The arguments up to the filters: the same ones give the same decoding. */
  #source(jump: readonly string[] = []): string[] {
    return [
      "-copyts",
      "-threads",
      String(this.#threads),
      ...jump,
      ...this.#input,
      "-map",
      `0:${this.info.streamIndex}`,
    ];
  }

  /**
   * Times of the frames that ffmpeg calls corrupt. Its warning names no frame, and the decoder runs ahead of the filters, so
   * the file is decoded once more with the decoder's own log; only damaged files pay for it.
   */
  async #damagedTimes(jump: readonly string[], signal?: AbortSignal): Promise<ReadonlySet<number>> {
    const sink = [...(await ffmpegDialect(this.#program)).passthrough, "-f", "null", "-"];
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
    const { passthrough } = await ffmpegDialect(this.#program);
    const run = runFfmpeg(
      this.#program,
      [...this.#source(), "-vf", "showinfo=checksum=0", ...passthrough, "-f", "null", "-"],
      signal,
    );
    const facts = new ShowInfoReader(run);
    this.#shown = [];
    try {
      for (let fact = await facts.next(); fact !== null; fact = await facts.next()) {
        this.counters.framesDecoded++;
        this.#shown.push({ ptsTicks: fact.ptsTicks, sinceGraph: fact.sinceGraph });
        yield { ...fact, decodeError: false, image: null };
      }
      signal?.throwIfAborted();
    } finally {
      run.stop();
    }
  }
}

/** Filters that give upright RGB, scaled and mapped as asked. */
function rgbFilters({ scaleTo, toneMap }: DecodeOutput): string[] {
  const scale = scaleTo === undefined ? [] : [`scale=${scaleTo.width}:${scaleTo.height}:flags=bicubic`];
  return [...(toneMap === true ? TONE_MAP_FILTERS : []), "format=rgb24", ...scale];
}

/** A filter graph as arguments: itself, or a file where it is too long for one. */
async function graphArguments(
  graph: string,
  filterFile: string,
): Promise<{ readonly args: readonly string[]; readonly remove: () => Promise<void> }> {
  if (graph.length <= MAX_ARGUMENT) return { args: ["-vf", graph], remove: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), "video-sampler-"));
  const path = join(folder, "filters");
  await writeFile(path, graph);
  return { args: [filterFile, path], remove: () => rm(folder, { recursive: true, force: true }) };
}
