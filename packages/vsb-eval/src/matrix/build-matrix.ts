import { parseArm } from "../arms/arm.js";
import { findAttack } from "../attacks/attack-registry.js";
import { comparePaired, pairUnits } from "../metrics/paired-arms.js";
import { type Rate, rateOf } from "../metrics/rate.js";
import { refusedOf, type ScoredUnit } from "../metrics/scored-unit.js";
import type { LayeredUnit } from "./layered-units.js";
import {
  attackArm,
  type CostRecord,
  intensitiesOf,
  itemsOf,
  type MatrixAttack,
  type MatrixDefense,
  type MatrixGroup,
  type MatrixOptions,
  type MatrixRun,
  referenceOf,
} from "./matrix-options.js";
import { MATRIX_SCHEMA, type MatrixCell, type MatrixRate, type MatrixResults } from "./matrix-results.js";
import { defendedUnits, loadMatrixUnits } from "./matrix-units.js";
import { checkMatrix } from "./run-matrix.js";
import { matrixVisibility } from "./visibility.js";

/** Confidence of every interval. */
const LEVEL = 0.95;

const isSafe = ({ unit }: LayeredUnit): boolean => unit.item.subset === "SafeQ";

/** Share of units that were refused in full, with its worst and best case for the defense. */
function matrixRate(bySeed: readonly (readonly LayeredUnit[])[], harmful: boolean): MatrixRate {
  const of = (units: readonly LayeredUnit[]): ScoredUnit[] => units.map(({ unit }) => unit);
  const all = of(bySeed.flat());
  const rate = (units: readonly ScoredUnit[], missing: 0 | 1 | null): Rate =>
    rateOf(units, (unit) => refusedOf(unit) ?? missing, "no unit was answered and judged", LEVEL);
  const { value, interval, n } = rate(all, null);
  return {
    value,
    interval,
    n,
    planned: all.length,
    lower: rate(all, harmful ? 0 : 1).value,
    upper: rate(all, harmful ? 1 : 0).value,
    bySeed: bySeed.map((units) => rate(of(units), null).value),
  };
}

/** Mean cost of an item under a defense: of each run what it took, times the share of items that came to it. */
function costOf(
  units: readonly LayeredUnit[],
  { runs }: MatrixDefense,
  arm: string,
  records: readonly CostRecord[],
): Omit<MatrixCell["cost"], "queries"> {
  if (units.length === 0) return { calls: null, frames: null, milliseconds: null };
  let [calls, frames, milliseconds, known] = [0, 0, 0, true];
  for (const [depth, run] of runs.entries()) {
    const share = units.filter(({ asked }) => asked > depth).length / units.length;
    const own = records.filter((record) => record.run === run && record.arm === arm);
    const requests = own.reduce((sum, record) => sum + record.requests, 0);
    if (requests === 0) known = false;
    else {
      calls += (share * own.reduce((sum, record) => sum + record.calls, 0)) / requests;
      frames += (share * own.reduce((sum, record) => sum + record.frames, 0)) / requests;
      milliseconds += (share * own.reduce((sum, record) => sum + record.milliseconds, 0)) / requests;
    }
  }
  return known ? { calls, frames, milliseconds } : { calls: null, frames: null, milliseconds: null };
}

/** What the searches behind an arm's attacks asked, per harmful item; null without a search. */
function queriesOf(
  groups: readonly MatrixGroup[],
  row: MatrixAttack,
  { runs: names }: MatrixDefense,
  arm: string,
): number | null {
  const counts: number[] = [];
  for (const group of groups) {
    const own = group.runs.find(({ name }) => name === names[0])?.attacks ?? [];
    const searched = (parseArm(arm).attacks ?? []).flatMap(({ name }) => findAttack(name, own).queriesOf ?? []);
    if (searched.length === 0) continue;
    for (const { id, subset } of itemsOf(group, row))
      if (subset !== "SafeQ") counts.push(searched.reduce((sum, of) => sum + (of(id) ?? 0), 0));
  }
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0) / counts.length;
}

function describeAttack(
  { name, title, arm, split, intensities }: MatrixAttack,
  runs: readonly MatrixRun[],
): MatrixResults["attacks"][number] {
  const own = runs.flatMap(({ attacks = [] }) => attacks);
  const list = (parseArm(arm).attacks ?? []).map((spec) => findAttack(spec.name, own));
  const meaning = intensities.length === 0 ? "" : (list.at(-1)?.intensity ?? "");
  return {
    name,
    title,
    arm,
    ...(split === undefined ? {} : { split }),
    intensities: [...intensities],
    meaning,
    sources: [...new Set(list.map(({ source }) => source))],
  };
}

/**
 * The matrix of what is in the stores: every cell with its rates, intervals and costs. A matrix that was stopped shows as units that
 * were planned and not judged.
 *
 * @param about title and environment of the results
 * @throws as `checkMatrix` and `loadRun`
 */
export async function buildMatrix(
  options: MatrixOptions,
  about: { readonly title: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<MatrixResults> {
  checkMatrix(options);
  const { groups, attacks, defenses, judge, costs } = options;
  const units = await loadMatrixUnits(options);
  const cells: MatrixCell[] = [];
  for (const defense of defenses) {
    for (const attack of attacks) {
      const reference = referenceOf(attacks, attack);
      const plainArm = attackArm(reference, intensitiesOf(reference)[0] as number | null);
      const plain = defendedUnits(units, groups, defense, reference, plainArm).flat();
      for (const intensity of intensitiesOf(attack)) {
        const arm = attackArm(attack, intensity);
        const bySeed = defendedUnits(units, groups, defense, attack, arm);
        const split = (safe: boolean): LayeredUnit[][] => bySeed.map((of) => of.filter((one) => isSafe(one) === safe));
        const harmful = (of: readonly LayeredUnit[]): ScoredUnit[] =>
          of.flatMap((one) => (isSafe(one) ? [] : [one.unit]));
        cells.push({
          attack: attack.name,
          intensity,
          defense: defense.name,
          dsr: matrixRate(split(false), true),
          frr: matrixRate(split(true), false),
          drop: comparePaired(pairUnits(harmful(plain), harmful(bySeed.flat()), refusedOf), LEVEL).difference,
          cost: {
            ...costOf(bySeed.flat(), defense, arm, costs?.records ?? []),
            queries: queriesOf(groups, attack, defense, arm),
          },
        });
      }
    }
  }
  const runs = (groups[0] as MatrixGroup).runs;
  return {
    schema: MATRIX_SCHEMA,
    title: about.title,
    judge: judge.id,
    level: LEVEL,
    seeds: groups.map(({ seed }) => seed),
    items: groups.map(({ seed, items }) => ({
      seed,
      harmful: items.filter(({ subset }) => subset !== "SafeQ").length,
      safe: items.filter(({ subset }) => subset === "SafeQ").length,
      clips: new Set(items.flatMap(({ video }) => (video === null ? [] : [video.path]))).size,
    })),
    attacks: attacks.map((attack) => describeAttack(attack, runs)),
    runs: runs.map(({ name, responder, sampling }) => ({
      name,
      responder: responder.id,
      plan: (sampling.timed?.plan ?? null) as never,
    })),
    defenses: defenses.map(({ name, title, runs: of }) => ({ name, title, runs: [...of] })),
    cells,
    visibility: await matrixVisibility(options),
    environment: { ...(about.environment ?? {}) },
  };
}
