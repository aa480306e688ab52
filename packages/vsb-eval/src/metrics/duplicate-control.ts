import { parseArm } from "../arms/arm.js";
import { type BootstrapOptions, type BootstrapResult, clusterBootstrap } from "../stats/cluster-bootstrap.js";
import { pairUnits } from "./paired-arms.js";
import type { ScoredUnit } from "./scored-unit.js";

/** A number with its bootstrap over videos. */
export type Bootstrapped = { readonly value: number | null } & BootstrapResult;

/** The clip against its own middle frame repeated as often, at one number of frames. */
export interface ControlPoint {
  /** N. */
  readonly frames: number;
  /** Items valid in both arms. */
  readonly pairs: number;
  /** DSR of `video_N` over the pairs. */
  readonly video: number | null;
  /** DSR of `dup_jitter_N` over the pairs. */
  readonly duplicates: number | null;
  /** video - duplicates: what temporal content does at this token load. */
  readonly gap: Bootstrapped;
}

/** The control over all counts. */
export interface DuplicateControl {
  /** By N, ascending. */
  readonly points: readonly ControlPoint[];
  /** DSR of the duplicates at the largest N minus at the smallest: what the token load alone does. */
  readonly tokenLoad: Bootstrapped;
  /** Gap at the largest N minus gap at the smallest: what more temporal content adds (difference in differences). */
  readonly difference: Bootstrapped;
}

/** Sums of frame count k: defended with the clip, defended with duplicates, pairs. */
const share = (sums: ArrayLike<number>, k: number, member: 0 | 1): number | null =>
  sums[3 * k + 2] === 0 ? null : (sums[3 * k + member] as number) / (sums[3 * k + 2] as number);

const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b);

/**
 * Tells token load from temporal content: at each N the clip (`video_N`) is paired with one frame repeated N times
 * (`dup_jitter_N`; plain copies would vanish in VideoLLaMA3's token compression). A fall of the duplicates with N means
 * token load; a gap at the same N means temporal content. All intervals by one bootstrap over videos.
 *
 * @returns null without at least one N that has both arms.
 */
export function duplicateControl(units: readonly ScoredUnit[], options: BootstrapOptions): DuplicateControl | null {
  const byArm = new Map<string, ScoredUnit[]>();
  for (const unit of units) {
    const list = byArm.get(unit.arm) ?? [];
    list.push(unit);
    byArm.set(unit.arm, list);
  }
  const counts = [...byArm.keys()]
    .map(parseArm)
    .flatMap(({ kind, frameCount }) => (kind === "video" && frameCount !== null ? [frameCount] : []))
    .filter((n) => byArm.has(`dup_jitter_${n}`))
    .sort((a, b) => a - b);
  if (counts.length === 0) return null;
  const width = 3 * counts.length;
  const clusters = new Map<string, number[]>();
  const sums = new Float64Array(width);
  counts.forEach((n, k) => {
    for (const { cluster, first, second } of pairUnits(
      byArm.get(`video_${n}`) ?? [],
      byArm.get(`dup_jitter_${n}`) ?? [],
    )) {
      const row = clusters.get(cluster) ?? new Array<number>(width).fill(0);
      [first, second, 1].forEach((value, m) => {
        row[3 * k + m] = (row[3 * k + m] as number) + value;
        sums[3 * k + m] = (sums[3 * k + m] as number) + value;
      });
      clusters.set(cluster, row);
    }
  });
  const gap = (s: ArrayLike<number>, k: number): number | null => minus(share(s, k, 0), share(s, k, 1));
  const last = counts.length - 1;
  const statistics: Record<string, (s: ArrayLike<number>) => number | null> = {
    tokenLoad: (s) => minus(share(s, last, 1), share(s, 0, 1)),
    difference: (s) => minus(gap(s, last), gap(s, 0)),
  };
  for (const k of counts.keys()) statistics[`gap ${k}`] = (s) => gap(s, k);
  const bootstrap = clusterBootstrap([...clusters.values()], statistics, options);
  const result = (name: string): Bootstrapped => ({
    value: statistics[name]?.(sums) ?? null,
    ...(bootstrap[name] as BootstrapResult),
  });
  return {
    points: counts.map((frames, k) => ({
      frames,
      pairs: sums[3 * k + 2] as number,
      video: share(sums, k, 0),
      duplicates: share(sums, k, 1),
      gap: result(`gap ${k}`),
    })),
    tokenLoad: result("tokenLoad"),
    difference: result("difference"),
  };
}
