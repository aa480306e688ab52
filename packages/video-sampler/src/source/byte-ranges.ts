/** Bytes [start, end) of a file. */
export interface ByteRange {
  /** First byte. */
  readonly start: number;
  /** The byte after the last one. */
  readonly end: number;
}

/** Ranges in ascending order, those that touch or lie at most `gap` bytes apart joined; empty ones are left out. */
export function mergeRanges(ranges: Iterable<ByteRange>, gap = 0): ByteRange[] {
  const ascending = [...ranges].filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of ascending) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end + gap) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** The parts of `wanted` that `present` does not cover. Both are merged lists. */
export function missingRanges(wanted: readonly ByteRange[], present: readonly ByteRange[]): ByteRange[] {
  return wanted.flatMap(({ start, end }) => {
    const gaps: ByteRange[] = [];
    let at = start;
    for (const have of present) {
      if (have.end <= at || have.start >= end) continue;
      if (have.start > at) gaps.push({ start: at, end: have.start });
      at = have.end;
    }
    return at < end ? [...gaps, { start: at, end }] : gaps;
  });
}
