import { deriveSeed } from "@videosafety/random";
import { AlarmTrainingConfigError } from "./training-errors.js";

/** How many samples an epoch takes from each source. */
export type Mixture =
  /** Exact counts; sources that are not named are left out. */
  | { readonly samplesPerEpoch: Readonly<Record<string, number>> }
  /** Shares of `total`; sources that are not named are left out. */
  | { readonly weights: Readonly<Record<string, number>>; readonly total: number };

/** The authors' recipe of stages 1 and 2: 6k of VST-SFT, 2k of VCG-plus, 2k of LLaVA-SFT (Emiya-syw/VideoSafety-R1 at 7589dea). */
export const AUTHORS_MIXTURE = {
  samplesPerEpoch: { "vst-sft": 6000, "vcg-plus": 2000, "llava-sft": 2000 },
} as const satisfies Mixture;

/** One draw: a source and an index into it. */
export interface Draw {
  /** Name of the source. */
  readonly source: string;
  /** Index into the source. */
  readonly index: number;
}

/** A generator that shuffling needs. */
export interface ShuffleRng {
  /** Uniform integer in [0, n). */
  integer(n: number): number;
}

/**
 * Counts an epoch takes from each source: all of every source without a mixture, the given counts, or `total` split by
 * weight (largest remainders, so that the counts sum to `total`).
 *
 * @throws AlarmTrainingConfigError for a name without source, an empty source, a count that is not a natural number, or
 *   weights that do not sum to something positive.
 */
export function mixtureCounts(lengths: ReadonlyMap<string, number>, mixture?: Mixture): Map<string, number> {
  if (mixture === undefined) return new Map(lengths);
  const shares = "weights" in mixture ? mixture.weights : mixture.samplesPerEpoch;
  for (const [name, share] of Object.entries(shares)) {
    if (!lengths.has(name)) {
      throw new AlarmTrainingConfigError(
        `expected the mixture to name sources among [${[...lengths.keys()]}], found ${name}`,
      );
    }
    if (!(Number.isFinite(share) && share >= 0)) {
      throw new AlarmTrainingConfigError(`expected a share >= 0 for source ${name}, found ${share}`);
    }
    if (share > 0 && lengths.get(name) === 0) {
      throw new AlarmTrainingConfigError(`expected samples in source ${name}, found none; drop it from the mixture`);
    }
  }
  const names = Object.keys(shares);
  if (!("weights" in mixture)) {
    for (const name of names) natural(shares[name] as number, `samples per epoch of ${name}`);
    return new Map(names.map((name) => [name, shares[name] as number]));
  }
  const { total } = mixture;
  natural(total, "the mixture's total");
  const sum = names.reduce((all, name) => all + (shares[name] as number), 0);
  if (!(sum > 0)) throw new AlarmTrainingConfigError("expected mixture weights with a positive sum, found none");
  const exact = names.map((name) => ((shares[name] as number) / sum) * total);
  const counts = exact.map(Math.floor);
  const missing = total - counts.reduce((a, b) => a + b, 0);
  const byRemainder = names
    .map((_, i) => i)
    .sort((a, b) => ((exact[b] as number) % 1) - ((exact[a] as number) % 1) || a - b);
  for (const i of byRemainder.slice(0, missing)) counts[i] = (counts[i] as number) + 1;
  return new Map(names.map((name, i) => [name, counts[i] as number]));
}

/**
 * The order of one epoch. Each source is walked through shuffled permutations of itself, continued from epoch to epoch:
 * no sample is seen twice before all of its source were. The result depends only on the arguments, so that a resumed
 * run sees the same samples.
 */
export function epochPlan(options: {
  readonly lengths: ReadonlyMap<string, number>;
  readonly counts: ReadonlyMap<string, number>;
  /** From 0. */
  readonly epoch: number;
  readonly seed: number;
  /** Makes a generator from a seed. */
  readonly createRng: (seed: number) => ShuffleRng;
}): Draw[] {
  const { lengths, counts, epoch, seed, createRng } = options;
  const draws: Draw[] = [];
  let sourceNumber = 0;
  for (const [source, count] of counts) {
    const length = lengths.get(source) as number;
    sourceNumber += 1;
    let round = -1;
    let order: number[] = [];
    for (let i = epoch * count; i < (epoch + 1) * count; i++) {
      if (Math.floor(i / length) !== round) {
        round = Math.floor(i / length);
        order = permutation(length, createRng(deriveSeed(seed, sourceNumber, round)));
      }
      draws.push({ source, index: order[i % length] as number });
    }
  }
  return permutation(draws.length, createRng(deriveSeed(seed, 0, epoch))).map((i) => draws[i] as Draw);
}

/** A uniformly random order of 0 .. n - 1 (Fisher-Yates). */
export function permutation(n: number, rng: ShuffleRng): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = rng.integer(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

function natural(value: number, what: string): void {
  if (!(Number.isInteger(value) && value >= 0)) {
    throw new AlarmTrainingConfigError(`expected ${what} to be a natural number, found ${value}`);
  }
}
