import type { Frame, Packet } from "node-av/lib";
import type { DecodeSegment } from "../../plan/decode-schedule.js";
import type { FrameIndex, PacketEntry } from "../../plan/frame-index.js";
import type { VideoInfo } from "../../video/sampled-video.js";
import { checkFrameCount } from "../../video/sampling-limits.js";
import {
  type DecodedFrame,
  type DecodeOutput,
  type DecoderCounters,
  TONE_MAP_FILTERS,
  type VideoDecoder,
} from "../decoder.js";
import { mayJumpInto } from "../jumpable-codecs.js";
import { type FrameConverter, fillColorsInto, RgbConverter, storedPlanes } from "./frame-converter-node.js";
import { JumpGuard, UnsafeJumpError } from "./jump-guard-node.js";
import type { NodeAv } from "./node-av-loader-node.js";
import {
  type NodeAvHandles,
  type NodeAvOpenOptions,
  newPacket,
  openWithNodeAv,
  packetEntry,
} from "./node-av-open-node.js";
import { TimeSlice } from "./time-slice-node.js";

const MIN_TIMESTAMP = -(2n ** 63n) + 1n;
const SEEK_ATTEMPTS = 6;
/** What one pass over the segments shares. */
interface DecodePass {
  readonly frames: FrameIndex;
  /** Presentation times still to come. */
  readonly wanted: Set<number>;
  readonly converter: FrameConverter;
  readonly packet: Packet;
  readonly signal: AbortSignal | undefined;
}

/** Decodes in process with libav through node-av. */
export class NodeAvDecoder implements VideoDecoder {
  readonly backend = "node-av";
  readonly counters: DecoderCounters = { framesDecoded: 0, seeks: 0, damagedFrames: 0 };
  readonly #av: NodeAv;
  readonly #options: NodeAvOpenOptions;
  #handles: NodeAvHandles | null;
  readonly info: VideoInfo;
  readonly originTicks: number;
  /** Decode position of the packet read last, -1 at the start of the file, null when only a jump can tell. */
  #position: number | null = -1;
  /** False once a jump has proved unsafe in this stream. */
  #mayJump: boolean;
  #hasJumped = false;
  #skipping = "default";
  readonly #guard: JumpGuard;
  readonly #slice = new TimeSlice();

  private constructor(av: NodeAv, options: NodeAvOpenOptions, handles: NodeAvHandles) {
    this.#av = av;
    this.#guard = new JumpGuard(av);
    this.#options = options;
    this.#handles = handles;
    this.info = handles.info;
    this.#mayJump = mayJumpInto(handles.info.codec);
    this.originTicks = handles.originTicks;
  }

  /** Opens a video. @throws NotMediaError, NoVideoStreamError, DecoderMissingError */
  static async open(av: NodeAv, options: NodeAvOpenOptions): Promise<NodeAvDecoder> {
    return new NodeAvDecoder(av, options, await openWithNodeAv(av, options));
  }

  async readPackets(signal?: AbortSignal): Promise<PacketEntry[]> {
    if (this.#options.media !== undefined) return this.#options.media.entries;
    if (this.#position !== -1) await this.#rewind();
    const entries: PacketEntry[] = [];
    const packet = newPacket(this.#av);
    this.#position = null;
    try {
      while (this.#opened.packets.read(packet)) {
        entries.push(packetEntry(this.#av, packet));
        packet.unref();
        checkFrameCount(entries.length, this.#options.limits);
        await this.#slice.breathe(signal);
      }
    } finally {
      packet.free();
    }
    return entries;
  }

  async *decodeSegments(
    frames: FrameIndex,
    segments: readonly DecodeSegment[],
    output: DecodeOutput,
  ): AsyncGenerator<DecodedFrame> {
    const wanted = new Set(segments.flatMap(({ targets }) => targets.map((target) => frames.pts[target] as number)));
    const converter = this.#newConverter(output);
    const packet = newPacket(this.#av);
    const pass = { frames, wanted, converter, packet, signal: output.signal };
    try {
      try {
        yield* this.#decodePass(segments, pass);
      } catch (error) {
        if (!(error instanceof UnsafeJumpError)) throw error;
        this.#mayJump = false;
      }
      if (wanted.size === 0 || (this.#mayJump && !this.#hasJumped)) return;
      // Jumps cost frames in this stream (intra refresh, damage): read it from the start, and so from now on.
      this.#mayJump = false;
      yield* this.#decodePass(segments, pass);
    } finally {
      packet.free();
      converter.close();
      this.#position = null;
      this.#guard.expect(null);
    }
  }

  async *#decodePass(segments: readonly DecodeSegment[], pass: DecodePass): AsyncGenerator<DecodedFrame> {
    const { frames, wanted, converter, packet, signal } = pass;
    const keep = (pts: number): boolean => wanted.delete(pts);
    // What libav has buffered of a file that is here in parts may be zeros that stood for what is fetched now.
    const stale = await this.#options.media?.fetchPackets(
      segments.map(({ keyframe, lastDecodePosition }) => ({
        start: this.#mayJump ? keyframe.decodePosition : 0,
        end: lastDecodePosition + 1,
      })),
      signal,
    );
    if (!this.#mayJump || stale === true) await this.#rewind();
    for (const { keyframe, lastDecodePosition } of segments) {
      let pending = false;
      let discardBefore = 0;
      // Jump only if the keyframe lies ahead of where reading on would get to anyway.
      if (this.#mayJump && (this.#position === null || keyframe.decodePosition > this.#position + 1)) {
        yield* this.#drain(keep, converter);
        pending = await this.#jump(frames, keyframe, packet);
        discardBefore = keyframe.decodePosition;
      }
      while (pending || this.#at < lastDecodePosition) {
        if (!pending) {
          if (!this.#opened.packets.read(packet)) break;
          this.#position = frames.positionByPts.get(Number(packet.pts)) ?? this.#at + 1;
        }
        pending = false;
        if (this.#at >= discardBefore) {
          if (this.#opened.canSkipNonReference) this.#skipNonReference(!wanted.has(Number(packet.pts)));
          this.#opened.codec.sendPacketSync(packet);
          yield* this.#receive(keep, converter);
        }
        packet.unref();
        await this.#slice.breathe(signal);
      }
    }
    yield* this.#drain(keep, converter);
  }

  async *decodeSequentially(wanted: ReadonlySet<number>, output: DecodeOutput): AsyncGenerator<DecodedFrame> {
    const stale = await this.#options.media?.fetchAll(output.signal);
    if (this.#position !== -1 || stale === true) await this.#rewind();
    this.#position = null;
    this.#skipNonReference(false);
    let ordinal = 0;
    const keep = (): boolean => wanted.has(ordinal);
    const numbered = function* (frames: Iterable<DecodedFrame>): Generator<DecodedFrame> {
      for (const frame of frames) yield { ...frame, ordinal: ordinal++ };
    };
    const converter = this.#newConverter(output);
    const packet = newPacket(this.#av);
    try {
      while (this.#opened.packets.read(packet)) {
        this.#opened.codec.sendPacketSync(packet);
        packet.unref();
        yield* numbered(this.#receive(keep, converter, true));
        await this.#slice.breathe(output.signal);
      }
      yield* numbered(this.#drain(keep, converter, true));
    } finally {
      packet.free();
      converter.close();
    }
  }

  async close(): Promise<void> {
    const handles = this.#handles;
    this.#handles = null;
    if (handles === null) return;
    handles.packets.forgetFirst();
    handles.codec.freeContext();
    await handles.format.closeInput();
  }

  get #opened(): NodeAvHandles {
    if (this.#handles === null) throw new Error("The video is closed; open it again.");
    return this.#handles;
  }

  get #at(): number {
    return this.#position ?? -1;
  }

  #newConverter(output: DecodeOutput): FrameConverter {
    if (output.pixels === "stored") return storedPlanes;
    const toneMap = output.toneMap === true ? TONE_MAP_FILTERS : [];
    return new RgbConverter(this.#av, [...this.#opened.rotation.filters, ...toneMap], output.scaleTo);
  }

  /** A fresh demuxer and decoder: the one rewind that holds for every container. */
  async #rewind(): Promise<void> {
    await this.close();
    this.#handles = await openWithNodeAv(this.#av, this.#options);
    this.#skipping = "default";
    this.#guard.expect(null);
    this.#position = -1;
  }

  /**
   * Jumps to a keyframe or before it, checking by the index where the jump landed. libav's jumps may land late (MPEG-TS),
   * so each failure asks for an earlier time, and the last resort is to read from the start.
   * @returns whether `packet` holds the packet at the new position
   */
  async #jump(frames: FrameIndex, keyframe: DecodeSegment["keyframe"], packet: Packet): Promise<boolean> {
    const { format, codec, streamIndex, packets } = this.#opened;
    codec.flushBuffers();
    packets.forgetFirst();
    const halfSecond = Math.ceil((0.5 * frames.timeBase.den) / frames.timeBase.num);
    const first = frames.pts[0] as number;
    let back = 0;
    for (let attempt = 0; attempt < SEEK_ATTEMPTS; attempt++) {
      const target = BigInt(Math.max(keyframe.pts, first) - back);
      this.counters.seeks++;
      if (
        (await format.seekFile(streamIndex, MIN_TIMESTAMP, target, target)) >= 0 &&
        this.#opened.packets.read(packet)
      ) {
        const position = frames.positionByPts.get(Number(packet.pts));
        if (position !== undefined && position <= keyframe.decodePosition) {
          this.#position = position;
          this.#hasJumped = true;
          this.#guard.expect(keyframe);
          return true;
        }
        packet.unref();
      }
      back = back === 0 ? halfSecond : back * 4;
    }
    await this.#rewind();
    return false;
  }

  #skipNonReference(skip: boolean): void {
    const value = skip ? "noref" : "default";
    if (value === this.#skipping) return;
    this.#opened.codec.setOption("skip_frame", value);
    this.#skipping = value;
  }

  *#drain(keep: (pts: number) => boolean, converter: FrameConverter, all = false): Generator<DecodedFrame> {
    this.#opened.codec.sendPacketSync(null);
    yield* this.#receive(keep, converter, all);
    this.#opened.codec.flushBuffers();
  }

  /** Takes what the decoder has; frames that are not kept come without pixels, and only if `all`. */
  *#receive(keep: (pts: number) => boolean, converter: FrameConverter, all = false): Generator<DecodedFrame> {
    const { codec } = this.#opened;
    const frame = new this.#av.lib.Frame();
    frame.alloc();
    try {
      while (codec.receiveFrameSync(frame) >= 0) {
        this.counters.framesDecoded++;
        const decoded = this.#describe(frame, keep, converter);
        if (all || decoded.image !== null) yield decoded;
        frame.unref();
      }
    } finally {
      frame.free();
    }
  }

  #describe(frame: Frame, keep: (pts: number) => boolean, converter: FrameConverter): DecodedFrame {
    const { AV_NOPTS_VALUE, AV_FRAME_FLAG_CORRUPT, AV_FRAME_FLAG_KEY } = this.#av.constants;
    const { timeBase, width, height } = this.info;
    const ticks = frame.pts === AV_NOPTS_VALUE ? frame.bestEffortTimestamp : frame.pts;
    const ptsTicks = ticks === AV_NOPTS_VALUE ? Number.NaN : Number(ticks);
    this.#guard.check(frame, ptsTicks);
    const facts = {
      ptsTicks,
      ordinal: -1,
      duration: Number(frame.duration),
      keyframe: (frame.flags & AV_FRAME_FLAG_KEY) !== 0,
      decodeError: (frame.flags & AV_FRAME_FLAG_CORRUPT) !== 0 || frame.decodeErrorFlags !== 0,
    };
    if (facts.decodeError) this.counters.damagedFrames++;
    if (!keep(ptsTicks)) return { ...facts, image: null, size: { height, width } };
    frame.timeBase = this.#av.lib.Rational.fromObject(timeBase);
    if (converter !== storedPlanes) fillColorsInto(frame, this.#opened.color);
    const converted = converter.convert(frame);
    return { ...facts, image: converted?.image ?? null, size: converted?.size ?? { height, width } };
  }
}
