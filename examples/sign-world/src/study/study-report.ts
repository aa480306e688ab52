import { holmAdjust } from "@videosafety/vsb-eval/stats";
import type { ArmResults } from "./arm-results-node.js";
import { ARMS, type Surface, titleOf } from "./arms.js";
import { METRICS, metricOf, type Observation, observe } from "./metrics.js";
import { type ArmDifference, differenceOfArms, shareOf } from "./statistics.js";

/** The arm with all parts. */
const REFERENCE = "full";
/** Columns whose differences are tested: one family for Holm's adjustment. */
const TESTED = ["HH-refused", "SH-refused", "frr", "safe-right", "V-right", "vr-both", "right-topic"];

/** Results by arm, in the order of `ARMS`. @throws Error where results of other settings are mixed */
export function byArm(results: readonly ArmResults[]): Map<string, ArmResults[]> {
  const settings = new Map<string, string>();
  const bases = new Map<number, string>();
  let shared: string | undefined;
  for (const { arm, seed, draw, base, settings: used } of results) {
    const own = JSON.stringify([draw, used]);
    if ((settings.get(arm) ?? own) !== own)
      throw new Error(`${arm}, seed ${seed}: expected the settings of the other seeds, found others; run it again`);
    settings.set(arm, own);
    const { sizes, common } = used as { readonly sizes?: unknown; readonly common?: unknown };
    const withOthers = JSON.stringify([draw, sizes, common]);
    shared ??= withOthers;
    if (shared !== withOthers)
      throw new Error(
        `${arm}, seed ${seed}: expected draw, sizes and stages as of the other arms, found others; run it again`,
      );
    if (base === null) continue;
    if ((bases.get(seed) ?? base) !== base)
      throw new Error(`${arm}, seed ${seed}: expected the base of the seed's other arms, found another; run it again`);
    bases.set(seed, base);
  }
  const known = ARMS.flatMap(({ name }) => {
    const of = results.filter(({ arm }) => arm === name);
    return of.length === 0 ? [] : [[name, of] as const];
  });
  const unknown = results.find(({ arm }) => !ARMS.some(({ name }) => name === arm));
  if (unknown !== undefined) throw new Error(`expected arms of the study, found ${unknown.arm}`);
  return new Map(known);
}

const percent = (share: number): string => (100 * share).toFixed(1);
const points = (share: number): string => `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)}`;
/** Rows as a Markdown table; the first is its heading. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const [heading = [], ...body] = rows;
  return [heading, heading.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
};

function cell(observations: readonly Observation[]): string {
  const { value, interval } = shareOf(observations);
  if (value === null) return "-";
  return interval === null
    ? percent(value)
    : `${percent(value)} [${percent(interval.lower)}, ${percent(interval.upper)}]`;
}

/** Which seeds each arm ran on. */
export function coverageTable(arms: ReadonlyMap<string, readonly ArmResults[]>): string {
  const rows = Array.from(arms, ([name, results]) => [
    titleOf(name),
    results.map(({ seed }) => seed).join(", "),
    `${results[0]?.answers.length ?? 0}`,
  ]);
  return table([["arm", "seeds", "answers per seed"], ...rows]);
}

/** Every metric of every arm, pooled over its seeds: one row per metric, so that it can be read. */
export function scoresTable(arms: ReadonlyMap<string, readonly ArmResults[]>, names: readonly string[]): string {
  const shown = names.filter((name) => arms.has(name));
  const rows = METRICS.map((metric) => [
    metric.title,
    ...shown.map((name) => cell(observe(arms.get(name) ?? [], metric))),
  ]);
  return table([["percent [95 %]", ...shown.map(titleOf)], ...rows]);
}

/** One tested difference. */
interface Tested {
  readonly arm: string;
  readonly metric: string;
  readonly difference: ArmDifference;
  readonly adjusted: number;
}

/** Differences of arms from a reference, on the seeds that both ran on; p adjusted over all of them after Holm. */
export function testedDifferences(
  arms: ReadonlyMap<string, readonly ArmResults[]>,
  name: string,
  compared: readonly string[],
): Tested[] {
  const reference = arms.get(name);
  if (reference === undefined) return [];
  const found: Omit<Tested, "adjusted">[] = [];
  for (const [arm, results] of arms) {
    if (arm === name || !compared.includes(arm)) continue;
    for (const metric of TESTED) {
      const column = metricOf(metric);
      const difference = differenceOfArms(observe(reference, column), observe(results, column));
      if (difference !== null) found.push({ arm, metric, difference });
    }
  }
  const adjusted = holmAdjust(found.map(({ difference }) => difference.p));
  return found.map((one, i) => ({ ...one, adjusted: adjusted[i] as number }));
}

/** What leaving a part out changes, in points, against a reference; by default all arms against all parts. */
export function differencesTable(
  arms: ReadonlyMap<string, readonly ArmResults[]>,
  reference: string = REFERENCE,
  compared: readonly string[] = [...arms.keys()],
): string {
  const tested = testedDifferences(arms, reference, compared);
  const rows = tested.map(({ arm, metric, difference: { value, interval, p, detectable, pairs }, adjusted }) => [
    titleOf(arm),
    metricOf(metric).title,
    `${points(value)} [${points(interval.lower)}, ${points(interval.upper)}]`,
    p.toFixed(4),
    adjusted < 0.05 ? `**${adjusted.toFixed(4)}**` : adjusted.toFixed(4),
    percent(detectable),
    `${pairs}`,
  ]);
  const heading = [
    "arm",
    "score",
    `points against ${titleOf(reference)} [95 %]`,
    "p",
    "p (Holm)",
    "detectable",
    "pairs",
  ];
  return table([heading, ...rows]);
}

/** The same per seed: what a single run would have shown. */
export function seedsTable(arms: ReadonlyMap<string, readonly ArmResults[]>): string {
  const shown = ["HH-refused", "SH-refused", "frr", "safe-right", "V-right", "vr-both"].map(metricOf);
  const rows = Array.from(arms, ([name, results]) =>
    results.map((one) => [
      titleOf(name),
      `${one.seed}`,
      ...shown.map((metric) => {
        const { value } = shareOf(observe([one], metric));
        return value === null ? "-" : percent(value);
      }),
    ]),
  ).flat();
  return table([["arm", "seed", ...shown.map(({ title }) => title)], ...rows]);
}

/** One metric by a field of the query: language, category, novelty or question. */
export function groupsTable(
  arms: ReadonlyMap<string, readonly ArmResults[]>,
  metrics: readonly string[],
  field: "language" | "category" | "novelty" | "question",
  names: readonly string[] = ["base", REFERENCE],
): string {
  const shown = names.filter((name) => arms.has(name));
  const columns = shown.flatMap((name) =>
    metrics.map((metric) => ({
      title: `${titleOf(name)}: ${metricOf(metric).title}`,
      observations: observe(arms.get(name) ?? [], metricOf(metric)),
    })),
  );
  const groups = [...new Set(columns.flatMap(({ observations }) => observations.map(({ row }) => row[field])))]
    .filter((group) => group !== null)
    .sort();
  const rows = groups.map((group) => [
    group,
    ...columns.map(({ observations }) => cell(observations.filter(({ row }) => row[field] === group))),
  ]);
  return table([[field, ...columns.map(({ title }) => title)], ...rows]);
}

/** A surface: one table per score, rows and columns are the two weights; cells without results stay empty. */
export function surfaceTables(
  arms: ReadonlyMap<string, readonly ArmResults[]>,
  { axes, cells }: Surface,
  metrics: readonly string[],
): string {
  const [rows, columns] = [[...new Set(cells.map(({ row }) => row))], [...new Set(cells.map(({ column }) => column))]];
  return metrics
    .map((name) => {
      const metric = metricOf(name);
      const body = rows.map((row) => [
        `${row}`,
        ...columns.map((column) => {
          const at = cells.find((one) => one.row === row && one.column === column);
          const results = arms.get(at?.arm ?? "");
          return results === undefined ? "" : cell(observe(results, metric));
        }),
      ]);
      const heading = [`${axes[0]} \\ ${axes[1]}`, ...columns.map(String)];
      return `${metric.title}, percent [95 %]\n\n${table([heading, ...body])}`;
    })
    .join("\n\n");
}
