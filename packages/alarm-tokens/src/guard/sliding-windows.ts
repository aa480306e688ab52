import { AlarmShapeError } from "../errors.js";
import type { TimeSpan } from "../model/time-spans.js";

/** Frames of one window of a stream. */
export interface FrameWindow<Frame> extends TimeSpan {
  /** Frames with a timestamp in the span, in order; at least one. */
  readonly frames: readonly Frame[];
}

/**
 * Cuts a stream of frames into overlapping windows, each yielded as soon as it is full. Memory is bounded by one window.
 *
 * @param options `windowSeconds` long, a new one every `strideSeconds`; the last one may be shorter.
 * @throws AlarmShapeError when the lengths are not positive, a stride exceeds its window (frames would be skipped), or
 *   timestamps go backwards.
 */
export async function* slidingWindows<Frame extends { readonly timestampSeconds: number }>(
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  options: { readonly windowSeconds: number; readonly strideSeconds: number },
): AsyncGenerator<FrameWindow<Frame>, void, void> {
  const { windowSeconds, strideSeconds } = options;
  if (!(strideSeconds > 0 && windowSeconds >= strideSeconds)) {
    throw new AlarmShapeError(
      `expected 0 < strideSeconds <= windowSeconds, found ${strideSeconds} and ${windowSeconds}; a longer stride would skip frames`,
    );
  }
  let held: Frame[] = [];
  let index = 0;
  let unseen = false; // a held frame that no window has shown yet
  let previous = -Infinity;
  const start = (): number => index * strideSeconds;
  for await (const frame of frames) {
    if (!(frame.timestampSeconds >= previous)) {
      throw new AlarmShapeError(`expected rising timestamps, found ${frame.timestampSeconds} s after ${previous} s`);
    }
    previous = frame.timestampSeconds;
    while (frame.timestampSeconds >= start() + windowSeconds) {
      if (held.length > 0) yield { startSeconds: start(), endSeconds: start() + windowSeconds, frames: held };
      unseen = false;
      index += 1;
      held = held.filter(({ timestampSeconds }) => timestampSeconds >= start());
      if (held.length === 0)
        index = Math.max(index, Math.floor((frame.timestampSeconds - windowSeconds) / strideSeconds) + 1);
    }
    held = [...held, frame];
    unseen = true;
  }
  if (unseen) yield { startSeconds: start(), endSeconds: Math.min(start() + windowSeconds, previous), frames: held };
}
