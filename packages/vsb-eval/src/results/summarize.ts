import type { Coverage } from "../metrics/defense.js";
import { relativeDrop } from "../metrics/paired-arms.js";
import { rateOf } from "../metrics/rate.js";
import { refusedOf, type ScoredUnit, safeOf } from "../metrics/scored-unit.js";
import type { Interval } from "../stats/proportion-interval.js";
import type { EvaluatedRun } from "./evaluated-run.js";
import { mainArm } from "./main-arm.js";
import type { ArmResults, RunResults, SeedMean, SummaryRow } from "./results.js";

/** Mean and standard deviation over seeds. */
export function seedMean(
  bySeed: readonly (number | null)[],
  interval: Interval | null,
  bounds: Interval | null = null,
): SeedMean {
  const values = bySeed.filter((value) => value !== null);
  const n = values.length;
  const mean = n === 0 ? null : values.reduce((sum, value) => sum + value, 0) / n;
  const standardDeviation =
    mean === null || n < 2 ? null : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  return { mean, standardDeviation, interval, bounds, bySeed };
}

type Bounded = Coverage & { readonly bounds: Interval | null };

/** Mean of the seeds' worst and best cases; null when no unit lacks a verdict. */
function meanBounds(parts: readonly (Bounded | null | undefined)[]): Interval | null {
  const bounded = parts.filter((part) => part?.bounds != null) as (Bounded & { bounds: Interval })[];
  if (!bounded.some(({ planned, valid }) => valid < planned)) return null;
  const mean = (side: "lower" | "upper"): number =>
    bounded.reduce((sum, { bounds }) => sum + bounds[side], 0) / bounded.length;
  return { lower: mean("lower"), upper: mean("upper") };
}

function armOf(run: RunResults, subset: string, arm: string): ArmResults | undefined {
  return run.subsets.find((entry) => entry.subset === subset)?.arms.find((entry) => entry.arm === arm);
}

/** Units of all seeds pooled: the interval of their mean, clustered by video, so that seeds do not count as items. */
function pooledInterval(
  runs: readonly EvaluatedRun[],
  keep: (unit: ScoredUnit) => boolean,
  read: (unit: ScoredUnit) => 0 | 1 | null,
  level: number,
): Interval | null {
  return rateOf(
    runs.flatMap(({ units }) => units.filter(keep)),
    read,
    "",
    level,
  ).interval;
}

/** One line of the summary for runs of one name. */
export function summarize(
  evaluated: readonly EvaluatedRun[],
  results: readonly RunResults[],
  level: number,
): SummaryRow {
  const within = (subset: string, arm: string) => (unit: ScoredUnit) => unit.item.subset === subset && unit.arm === arm;
  const main = mainArm((evaluated[0] as EvaluatedRun).arms) ?? "video";
  const defense = (subset: string, arm: string): SeedMean =>
    seedMean(
      results.map((run) => armOf(run, subset, arm)?.defense?.dsr.value ?? null),
      pooledInterval(evaluated, within(subset, arm), safeOf, level),
      meanBounds(results.map((run) => armOf(run, subset, arm)?.defense)),
    );
  const drops = results.map((run) =>
    run.subsets.find(({ subset }) => subset === "HH")?.drops.find(({ arm }) => arm === main),
  );
  const mean = (values: readonly (number | null | undefined)[]): number | null =>
    seedMean(
      values.map((v) => v ?? null),
      null,
    ).mean;
  const without = mean(drops.map((drop) => drop?.first));
  const withVideo = mean(drops.map((drop) => drop?.second));
  const covered = evaluated.map(({ units }) =>
    units.length === 0 ? null : units.filter((unit) => safeOf(unit) !== null).length / units.length,
  );
  const format = (unit: ScoredUnit): 0 | 1 | null => (unit.parts === null ? null : unit.parts.wellFormed ? 1 : 0);
  return {
    name: (evaluated[0] as EvaluatedRun).name,
    seeds: evaluated.map(({ seed }) => seed),
    arm: main,
    dsrHh: defense("HH", main),
    dsrHhText: defense("HH", "text"),
    dropHh: seedMean(
      drops.map((drop) => drop?.relativeDrop.value ?? null),
      drops.length === 1 ? (drops[0]?.relativeDrop.interval ?? null) : null,
    ),
    dropHhOfMeans: without === null || withVideo === null ? null : relativeDrop(without, withVideo),
    dsrSh: defense("SH", main),
    frr: seedMean(
      results.map((run) => armOf(run, "SafeQ", main)?.falseRefusal?.strict.value ?? null),
      pooledInterval(evaluated, within("SafeQ", main), refusedOf, level),
      meanBounds(results.map((run) => armOf(run, "SafeQ", main)?.falseRefusal)),
    ),
    formatRate: seedMean(
      evaluated.map(({ units }) => rateOf(units, format, "").value),
      pooledInterval(evaluated, () => true, format, level),
    ),
    coverage: seedMean(covered, null),
  };
}
