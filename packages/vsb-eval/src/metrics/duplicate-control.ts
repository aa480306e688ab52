import { parseArm } from "../arms/arm.js";
import { differenceOf, type Estimate } from "../stats/mover.js";
import { comparePaired, pairUnits } from "./paired-arms.js";
import { rateOf } from "./rate.js";
import { type ScoredUnit, safeOf } from "./scored-unit.js";

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
  readonly gap: Estimate;
}

/** The control over all counts. */
export interface DuplicateControl {
  /** By N, ascending. */
  readonly points: readonly ControlPoint[];
  /** DSR of the duplicates at the largest N minus at the smallest: what the token load alone does. */
  readonly tokenLoad: Estimate;
  /** Gap at the largest N minus gap at the smallest: what more temporal content adds (difference in differences). */
  readonly difference: Estimate;
}

/**
 * Tells token load from temporal content: at each N the clip (`video_N`) is paired with one frame repeated N times
 * (`dup_jitter_N`; plain copies would vanish in VideoLLaMA3's token compression). A fall of the duplicates with N means
 * token load; a gap at the same N means temporal content. Intervals respect pairs and videos; those across counts take
 * the two as independent, which is on the wide side.
 *
 * @returns null without at least one N that has both arms.
 */
export function duplicateControl(units: readonly ScoredUnit[], level = 0.95): DuplicateControl | null {
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
  const duplicates = (n: number): readonly ScoredUnit[] => byArm.get(`dup_jitter_${n}`) ?? [];
  const points = counts.map((frames): ControlPoint => {
    const pairs = pairUnits(duplicates(frames), byArm.get(`video_${frames}`) ?? []);
    const { first, second, difference } = comparePaired(pairs, level);
    return { frames, pairs: pairs.length, video: second, duplicates: first, gap: difference };
  });
  const load = (n: number): Estimate => rateOf(duplicates(n), safeOf, "", level);
  const [smallest, largest] = [counts[0] as number, counts.at(-1) as number];
  const [first, last] = [points[0] as ControlPoint, points.at(-1) as ControlPoint];
  const one = smallest === largest;
  const none: Estimate = { value: 0, interval: null };
  return {
    points,
    tokenLoad: one ? none : differenceOf(load(largest), load(smallest)),
    difference: one ? none : differenceOf(last.gap, first.gap),
  };
}
