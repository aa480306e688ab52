import type { Rational } from "../video/rational.js";

/** One packet of the video stream as the demuxer gives it, in decode order. */
export interface PacketEntry {
  /** Presentation time in ticks, or null where the container has none. */
  readonly pts: number | null;
  /** Decoding time in ticks, or null where the container has none. */
  readonly dts?: number | null;
  /** Duration in ticks; 0 when unknown. */
  readonly duration: number;
  /** Whether decoding may start here. */
  readonly keyframe: boolean;
  /** Decoded but never shown: an edit list cuts it away. */
  readonly discard: boolean;
}

/** A place where decoding may start. */
export interface KeyframePosition {
  /** Presentation time in ticks. */
  readonly pts: number;
  /** Position of its packet in decode order. */
  readonly decodePosition: number;
  /** Whether it is shown itself: an edit list may cut it away. */
  readonly shown: boolean;
}

/** What a video shows and when. Arrays are in display order and of equal length. */
export interface FrameIndex {
  /** Presentation times in ticks as stored; they may repeat or run backwards where recordings were joined. NaN: unknown. */
  readonly pts: Float64Array;
  /** The same on one clock that runs on, strictly ascending: what plans reckon with. */
  readonly timeTicks: Float64Array;
  /** Position of each shown frame's packet in decode order. */
  readonly decodePosition: Int32Array;
  /** 1 where the frame is a keyframe. */
  readonly keyframe: Uint8Array;
  /** Places where decoding may start, ascending in both members. */
  readonly keyframes: readonly KeyframePosition[];
  /** Decode position of every packet by its pts. */
  readonly positionByPts: ReadonlyMap<number, number>;
  /** Packets in the stream, discarded ones included. */
  readonly packetCount: number;
  /** Duration of the last shown frame in ticks. */
  readonly lastDuration: number;
  /** Seconds per tick. */
  readonly timeBase: Rational;
  /** Start of the file in ticks: time 0 of every `timeSeconds`. */
  readonly originTicks: number;
  /** Places where the stored clock jumps: backwards, or forwards in containers whose clock may. */
  readonly discontinuities: number;
}

/** What building an index needs to know of the stream. */
export interface StreamClock {
  /** Seconds per tick. */
  readonly timeBase: Rational;
  /** Start of the file in ticks. */
  readonly originTicks: number;
  /** Ticks that a frame without a duration is assumed to last. */
  readonly stepTicks: number;
  /** Whether a jump forwards by more than 10 s is a break of the clock and no long picture, as ffmpeg takes it in broadcasts. */
  readonly mayBreak: boolean;
}

/** A jump forwards by more than this many seconds breaks the clock of containers that may break (ffmpeg's `-dts_delta_threshold`). */
const GAP_SECONDS = 10;
/** Containers whose clock may break (libav's `AVFMT_TS_DISCONT`). */
export const BREAKING_CONTAINERS: readonly string[] = ["mpegts", "mpeg", "ogg", "live_flv"];

/**
 * Orders packets by presentation time.
 * @returns null when a pts is missing or repeated, the clock runs backwards, or nothing is shown: such streams must be decoded
 * from the start instead
 */
export function buildFrameIndex(packets: readonly PacketEntry[], clock: StreamClock): FrameIndex | null {
  const positionByPts = new Map<number, number>();
  const shown: { pts: number; position: number; packet: PacketEntry }[] = [];
  let lastDts = Number.NEGATIVE_INFINITY;
  for (const [position, packet] of packets.entries()) {
    if (packet.pts === null || positionByPts.has(packet.pts)) return null;
    if (packet.dts !== undefined && packet.dts !== null) {
      if (packet.dts < lastDts) return null;
      lastDts = packet.dts;
    }
    positionByPts.set(packet.pts, position);
    if (!packet.discard) shown.push({ pts: packet.pts, position, packet });
  }
  shown.sort((a, b) => a.pts - b.pts);
  const last = shown.at(-1);
  if (last === undefined) return null;
  const keyframes: KeyframePosition[] = [];
  for (const [decodePosition, packet] of packets.entries()) {
    const previous = keyframes.at(-1);
    // A keyframe shown before an earlier one cannot serve as a start; skipping it keeps both members ascending.
    if (packet.keyframe && packet.pts !== null && (previous === undefined || packet.pts > previous.pts))
      keyframes.push({ pts: packet.pts, decodePosition, shown: !packet.discard });
  }
  const pts = Float64Array.from(shown, (frame) => frame.pts);
  return {
    pts,
    ...continuousTicks(pts, (index) => shown[index]?.packet.duration ?? 0, clock),
    decodePosition: Int32Array.from(shown, (frame) => frame.position),
    keyframe: Uint8Array.from(shown, (frame) => (frame.packet.keyframe ? 1 : 0)),
    keyframes,
    positionByPts,
    packetCount: packets.length,
    lastDuration: last.packet.duration,
    timeBase: clock.timeBase,
    originTicks: clock.originTicks,
  };
}

/** A frame that came out of a decoder that was given the whole stream. */
export type DecodedTime = Pick<PacketEntry, "duration" | "keyframe"> & { readonly pts: number };

/**
 * The index of frames in the order in which they came out of a decoder. @returns null without frames
 * @param decoded `pts` NaN where the decoder knows no time
 */
export function indexDecodedFrames(decoded: readonly DecodedTime[], clock: StreamClock): FrameIndex | null {
  const last = decoded.at(-1);
  if (last === undefined) return null;
  const pts = Float64Array.from(decoded, (frame) => frame.pts);
  return {
    pts,
    ...continuousTicks(pts, (index) => decoded[index]?.duration ?? 0, clock),
    decodePosition: Int32Array.from(decoded, (_, index) => index),
    keyframe: Uint8Array.from(decoded, ({ keyframe }) => (keyframe ? 1 : 0)),
    keyframes: [],
    positionByPts: new Map(),
    packetCount: decoded.length,
    lastDuration: last.duration || clock.stepTicks,
    timeBase: clock.timeBase,
    originTicks: clock.originTicks,
  };
}

/**
 * Puts stored times on one clock. Where the stored clock jumps backwards by more than a frame (joined recordings, a camera that
 * restarted), the next frame follows the one before and the rest keeps its distances to it; smaller steps back are a decoder's
 * guesses, and only the frame itself is moved. Unknown times follow the frame before.
 */
function continuousTicks(
  pts: Float64Array,
  durationOf: (index: number) => number,
  { timeBase, originTicks, stepTicks, mayBreak }: StreamClock,
): { timeTicks: Float64Array; discontinuities: number } {
  const gapTicks = mayBreak ? (GAP_SECONDS * timeBase.den) / timeBase.num : Number.POSITIVE_INFINITY;
  const step = medianGap(pts) ?? stepTicks;
  const timeTicks = new Float64Array(pts.length);
  let discontinuities = 0;
  let offset = 0;
  let time = Number.NEGATIVE_INFINITY;
  let stored = Number.NaN;
  for (const [index, raw] of pts.entries()) {
    const follow = index === 0 ? originTicks : time + step;
    if (Number.isNaN(raw)) time = index === 0 ? follow : time + (durationOf(index - 1) || step);
    else {
      const back = stored - raw;
      if (back > 1.5 * step || raw + offset - time > (index === 0 ? Number.POSITIVE_INFINITY : gapTicks)) {
        discontinuities++;
        offset = follow - raw;
      }
      time = raw + offset > time ? raw + offset : follow;
      stored = raw;
    }
    timeTicks[index] = time;
  }
  return { timeTicks, discontinuities };
}

/** The usual distance of neighbouring frames, or null where no two times are known. */
function medianGap(pts: Float64Array): number | null {
  const gaps = pts.slice(1).map((ticks, i) => ticks - (pts[i] as number));
  const forward = gaps.filter((gap) => gap > 0).sort();
  return forward[forward.length >> 1] ?? null;
}

/** Seconds since the start of the file at which display frame `index` appears. */
export function frameTimeSeconds(
  frames: Pick<FrameIndex, "timeTicks" | "originTicks" | "timeBase">,
  index: number,
): number {
  return (((frames.timeTicks[index] ?? Number.NaN) - frames.originTicks) * frames.timeBase.num) / frames.timeBase.den;
}

/** Index of the last element that is at most `value` in an ascending list, or -1. */
export function lastAtMost(length: number, at: (index: number) => number, value: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** When the last frame ends, in seconds since the start of the file. */
export function endSeconds(frames: FrameIndex): number {
  const { num, den } = frames.timeBase;
  return frameTimeSeconds(frames, frames.pts.length - 1) + (frames.lastDuration * num) / den;
}
