import { type FrameIndex, type KeyframePosition, lastAtMost } from "./frame-index.js";

/** A run of packets to read from a keyframe on, and the frames wanted from it. */
export interface DecodeSegment {
  /** Where the segment's keyframe is. */
  readonly keyframe: KeyframePosition;
  /** Display indices wanted, ascending. */
  readonly targets: readonly number[];
  /** Decode position of the last packet that must be sent before all targets can come out. */
  readonly lastDecodePosition: number;
}

/**
 * Groups wanted frames by the last keyframe shown at or before each. A frame of an open GOP that is shown before its
 * keyframe belongs to the keyframe before, so every target is decodable from its segment's start.
 * @param targets display indices in any order, repetitions allowed
 */
export function scheduleDecode(frames: FrameIndex, targets: Iterable<number>): DecodeSegment[] {
  const ascending = [...new Set(targets)].sort((a, b) => a - b);
  const segments: { keyframe: DecodeSegment["keyframe"]; targets: number[]; lastDecodePosition: number }[] = [];
  const fileStart = { pts: Number.NEGATIVE_INFINITY, decodePosition: 0, shown: false };
  for (const target of ascending) {
    const pts = frames.pts[target] as number;
    const position = frames.decodePosition[target] as number;
    const at = lastAtMost(frames.keyframes.length, (i) => frames.keyframes[i]?.pts as number, pts);
    const keyframe = frames.keyframes[at] ?? fileStart;
    const current = segments.at(-1);
    if (current !== undefined && current.keyframe.decodePosition === keyframe.decodePosition) {
      current.targets.push(target);
      current.lastDecodePosition = Math.max(current.lastDecodePosition, position);
    } else segments.push({ keyframe, targets: [target], lastDecodePosition: position });
  }
  return segments;
}
