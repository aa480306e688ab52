/** What one reward says about one completion. */
export interface Score {
  /** The reward, or null when the row cannot be judged (a malformed reference, a reward that threw or ran out of time). */
  readonly value: number | null;
  /** Named terms behind the value, for logs; empty when there are none. */
  readonly parts: Readonly<Record<string, number>>;
  /** Why the value is null, or why it is 0 for a completion that could not be read; null otherwise. */
  readonly reason: string | null;
}

/** A judged row. */
export function scored(
  value: number,
  parts: Readonly<Record<string, number>> = {},
  reason: string | null = null,
): Score {
  return { value, parts, reason };
}

/** A row that cannot be judged, and why. Never a number: trainers leave such rows out of the baseline. */
export function unscorable(reason: string): Score {
  return { value: null, parts: {}, reason };
}
