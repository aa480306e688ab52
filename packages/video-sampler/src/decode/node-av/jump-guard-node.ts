import type { Frame } from "node-av/lib";
import type { KeyframePosition } from "../../plan/frame-index.js";
import type { NodeAv } from "./node-av-loader-node.js";

/** A jump landed where decoding does not start cleanly; the decoder then reads from the start. */
export class UnsafeJumpError extends Error {}

/**
 * Holds what must come out first after a jump. Streams with periodic intra refresh mark packets as keyframes from which the
 * picture only recovers step by step: such a jump must not be trusted.
 */
export class JumpGuard {
  readonly #av: NodeAv;
  #awaited: number | null = null;

  constructor(av: NodeAv) {
    this.#av = av;
  }

  /** Called after a jump to a keyframe; null when the decoder starts afresh. */
  expect(keyframe: KeyframePosition | null): void {
    this.#awaited = keyframe?.shown === true ? keyframe.pts : null;
  }

  /** Checks a frame that came out. @throws UnsafeJumpError unless the keyframe comes first, and intra coded */
  check(frame: Frame, ptsTicks: number): void {
    if (this.#awaited === null || ptsTicks < this.#awaited) return;
    const { AV_PICTURE_TYPE_P, AV_PICTURE_TYPE_B } = this.#av.constants;
    const predicted = frame.pictType === AV_PICTURE_TYPE_P || frame.pictType === AV_PICTURE_TYPE_B;
    if (predicted || ptsTicks !== this.#awaited) throw new UnsafeJumpError();
    this.#awaited = null;
  }
}
