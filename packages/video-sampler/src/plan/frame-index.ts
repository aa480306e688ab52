import type { Rational } from "../video/rational.js";

/** One packet of the video stream as the demuxer gives it, in decode order. */
export interface PacketEntry {
  /** Presentation time in ticks, or null where the container has none. */
  readonly pts: number | null;
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

/** What a video shows and when, found by demuxing alone. Arrays are in display order and of equal length. */
export interface FrameIndex {
  /** Presentation times in ticks, strictly ascending. */
  readonly pts: Float64Array;
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
}

/**
 * Orders packets by presentation time.
 * @returns null when a pts is missing or repeated, or nothing is shown: such streams must be decoded from the start instead
 */
export function buildFrameIndex(
  packets: readonly PacketEntry[],
  timeBase: Rational,
  originTicks: number,
): FrameIndex | null {
  const positionByPts = new Map<number, number>();
  const shown: { pts: number; position: number; packet: PacketEntry }[] = [];
  for (const [position, packet] of packets.entries()) {
    if (packet.pts === null || positionByPts.has(packet.pts)) return null;
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
  return {
    pts: Float64Array.from(shown, (frame) => frame.pts),
    decodePosition: Int32Array.from(shown, (frame) => frame.position),
    keyframe: Uint8Array.from(shown, (frame) => (frame.packet.keyframe ? 1 : 0)),
    keyframes,
    positionByPts,
    packetCount: packets.length,
    lastDuration: last.packet.duration,
    timeBase,
    originTicks,
  };
}

/** Seconds since the start of the file at which display frame `index` appears. */
export function frameTimeSeconds(frames: Pick<FrameIndex, "pts" | "originTicks" | "timeBase">, index: number): number {
  return (((frames.pts[index] ?? Number.NaN) - frames.originTicks) * frames.timeBase.num) / frames.timeBase.den;
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
