import { AlarmShapeError, NonFiniteError } from "../errors.js";

/** The alarm vectors at one time, e.g. after a stage. */
export interface TokenSnapshot {
  /** Name of the time. */
  readonly stage: string;
  /** [d]. */
  readonly visual: ArrayLike<number>;
  /** [d]. */
  readonly textual: ArrayLike<number>;
}

/** How one vector moved. Cosines with a zero vector are null. */
export interface VectorDrift {
  /** Euclidean length. */
  readonly norm: number;
  /** Distance from the snapshot before; null at the first. */
  readonly moved: number | null;
  /** Cosine with the snapshot before. */
  readonly cosineToPrevious: number | null;
}

/** Both vectors at one time. */
export interface TokenDrift {
  /** Name of the time. */
  readonly stage: string;
  /** Of the visual alarm token. */
  readonly visual: VectorDrift;
  /** Of the textual alarm token. */
  readonly textual: VectorDrift;
  /** Cosine between the two: near 1, they have not specialised. */
  readonly cosineBetween: number | null;
}

/** How the alarm tokens move from snapshot to snapshot. @throws AlarmShapeError when widths differ; NonFiniteError. */
export function tokenDrift(snapshots: readonly TokenSnapshot[]): TokenDrift[] {
  return snapshots.map((snapshot, i) => {
    const previous = snapshots[i - 1];
    return {
      stage: snapshot.stage,
      visual: vectorDrift(snapshot.visual, previous?.visual),
      textual: vectorDrift(snapshot.textual, previous?.textual),
      cosineBetween: cosine(snapshot.visual, snapshot.textual),
    };
  });
}

function vectorDrift(now: ArrayLike<number>, before: ArrayLike<number> | undefined): VectorDrift {
  const norm = Math.sqrt(dot(now, now));
  if (before !== undefined && before.length !== now.length)
    throw new AlarmShapeError(
      `expected vectors of one width, found ${before.length} and ${now.length}; compare snapshots of one model`,
    );
  if (before === undefined) return { norm, moved: null, cosineToPrevious: null };
  const difference = Float64Array.from(now, (value, i) => value - (before[i] as number));
  return { norm, moved: Math.sqrt(dot(difference, difference)), cosineToPrevious: cosine(now, before) };
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const length = Math.sqrt(dot(a, a) * dot(b, b));
  return length === 0 ? null : dot(a, b) / length;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new AlarmShapeError(
      `expected vectors of one width, found ${a.length} and ${b.length}; compare snapshots of one model`,
    );
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  if (!Number.isFinite(sum))
    throw new NonFiniteError(
      "expected finite alarm vectors, found NaN or infinity; take the snapshot before training diverged",
    );
  return sum;
}
