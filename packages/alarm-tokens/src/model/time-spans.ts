/** Part of a video, [start, end). */
export interface TimeSpan {
  /** Seconds from the start of the video. */
  readonly startSeconds: number;
  /** Seconds from the start of the video, exclusive. */
  readonly endSeconds: number;
}

/** Sorts spans and joins those that overlap or touch. */
export function mergeSpans(spans: readonly TimeSpan[]): TimeSpan[] {
  const merged: { startSeconds: number; endSeconds: number }[] = [];
  for (const { startSeconds, endSeconds } of [...spans].sort((a, b) => a.startSeconds - b.startSeconds)) {
    const last = merged.at(-1);
    if (last !== undefined && startSeconds <= last.endSeconds) last.endSeconds = Math.max(last.endSeconds, endSeconds);
    else merged.push({ startSeconds, endSeconds });
  }
  return merged;
}

/**
 * Intersection over union of two sets of spans, each second counted once: 1 where they cover the same time, 0 where they
 * share none; null where neither covers any time.
 */
export function spanOverlap(a: readonly TimeSpan[], b: readonly TimeSpan[]): number | null {
  const length = (spans: readonly TimeSpan[]): number =>
    mergeSpans(spans).reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  const union = length([...a, ...b]);
  return union === 0 ? null : (length(a) + length(b) - union) / union;
}
