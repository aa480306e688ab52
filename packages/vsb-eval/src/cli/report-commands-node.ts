import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import { compareRuns } from "../compare/compare-runs.js";
import { VsbEvalError } from "../errors.js";
import { checkGates, parseGate } from "../gate/gate.js";
import { junitReport } from "../gate/junit.js";
import { failureCounts } from "../report/failures.js";
import { percent, percentRange } from "../report/format-number.js";
import { htmlReport } from "../report/html-report.js";
import { toBase64 } from "../report/jpeg.js";
import { alignTable, terminalTable } from "../report/terminal-table.js";
import { buildResults } from "../results/build-results.js";
import type { EvaluationResults } from "../results/results.js";
import type { AllowedDifferences } from "../run/records/run-differences.js";
import { embeddedSamples } from "../viewer/embedded-samples-node.js";
import { framePictures } from "./frame-pictures-node.js";
import { distinctNames, type OpenedRun, openRuns, writeJson } from "./run-folder-node.js";
import type { Terminal } from "./terminal.js";

/** Which judge's verdicts count, and which differences between runs are known. */
interface Chosen extends AllowedDifferences {
  /** Id of a judge, whole or in part; default: each run's own. */
  readonly judge?: string | undefined;
}

/** Run folders read for one report; they must be about the same items. @throws {VsbEvalError} `invalid_input` when they are not */
export async function openComparable(
  folders: readonly string[],
  { judge, allow }: Chosen,
): Promise<{ runs: OpenedRun[]; items: EvalItem[]; results: EvaluationResults }> {
  const opened: OpenedRun[] = [];
  for (const folder of folders) opened.push(...(await openRuns(folder, judge, allow)));
  const runs = distinctNames(opened);
  const first = runs[0] as OpenedRun;
  const ids = (run: OpenedRun): string => run.items.map(({ id }) => id).join("\n");
  const other = runs.findIndex((run) => ids(run) !== ids(first));
  if (other > 0) {
    throw new VsbEvalError(
      "invalid_input",
      `expected runs over the same items, found others in ${(runs[other] as OpenedRun).folder}`,
    );
  }
  const results = buildResults(
    first.items,
    runs.map(({ evaluated }) => evaluated),
    { allow },
  );
  return { runs, items: first.items, results };
}

/** `vsb-eval score`: the table, and results.json beside or inside the runs. A folder that is read-only is scored all the same. */
export async function scoreCommand(
  folders: readonly string[],
  options: Chosen & { readonly out?: string; readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  const { results } = await openComparable(folders, options);
  terminal.out(options.json ? `${JSON.stringify(results)}\n` : `${terminalTable(results)}\n`);
  const path = options.out ?? join(folders[0] as string, "results.json");
  try {
    await writeJson(path, results);
    terminal.err(`wrote ${path}\n`);
  } catch (error) {
    // Nobody asked for the file by name.
    if (options.out !== undefined) throw error;
    terminal.err(`${(error as Error).message}; --out names another file\n`);
  }
}

/** Items worth reading: spread over subsets, those on which the runs differ first. */
function chooseExamples(items: readonly EvalItem[], runs: readonly OpenedRun[], count: number): EvalItem[] {
  const stances = new Map<string, Set<string>>();
  for (const { evaluated } of runs) {
    for (const { item, arm, verdict } of evaluated.units) {
      if (arm !== "video" && arm !== "text") continue;
      const seen = stances.get(item.id) ?? new Set();
      stances.set(item.id, seen.add(verdict?.stance ?? "none"));
    }
  }
  const differing = (item: EvalItem): number => stances.get(item.id)?.size ?? 0;
  const bySubset = (subset: string): EvalItem[] =>
    items
      .filter((item) => item.subset === subset)
      .sort((a, b) => differing(b) - differing(a))
      .slice(0, Math.ceil(count / 3));
  return ["HH", "SH", "SafeQ"].flatMap(bySubset).slice(0, count);
}

/** `vsb-eval report`: one HTML file. */
export async function reportCommand(
  folders: readonly string[],
  options: Chosen & {
    readonly out: string;
    readonly frames: number;
    readonly minimumCell: number;
  },
  terminal: Terminal,
): Promise<void> {
  const { runs, items, results } = await openComparable(folders, options);
  const shown = chooseExamples(items, runs, options.frames);
  const picture = framePictures(runs[0]?.manifest.root ?? ".");
  const sheets = new Map<string, string | null>();
  for (const item of shown) {
    const sheet = picture(item).then(
      (jpeg) => jpeg && `data:image/jpeg;base64,${toBase64(jpeg)}`,
      (error: unknown) => {
        terminal.err(`no frames for ${item.id}: ${(error as Error).message}\n`);
        return null;
      },
    );
    sheets.set(item.id, await sheet);
  }
  const evaluated = runs.map((run) => run.evaluated);
  const environment = Object.fromEntries(
    runs.map(({ folder, evaluated: { name }, environment: where }) => [`${basename(folder)}: ${name}`, where]),
  );
  const [baseline, ...others] = evaluated;
  const page = htmlReport(results, {
    comparisons:
      baseline === undefined ? [] : others.map((other) => compareRuns(baseline, other, { allow: options.allow })),
    environment,
    minimumCell: options.minimumCell,
    samples: embeddedSamples(items, runs, sheets),
    failures: runs.flatMap((run) => failureCounts(run.evaluated, run.store)),
  });
  await writeFile(options.out, page);
  terminal.out(`${options.out}\n`);
}

/** `vsb-eval compare`: paired differences and flips of two runs. */
export async function compareCommand(
  folders: readonly string[],
  options: Chosen & { readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  const { runs } = await openComparable(folders, options);
  const [a, b] = runs;
  if (a === undefined || b === undefined || runs.length > 2) {
    const names = runs.map(({ evaluated: { name } }) => name).join(", ");
    throw new VsbEvalError("invalid_input", `expected two runs to compare, found ${runs.length} (${names})`);
  }
  const { json } = options;
  const comparison = compareRuns(a.evaluated, b.evaluated, { allow: options.allow });
  if (json) return terminal.out(`${JSON.stringify(comparison)}\n`);
  const rows = comparison.differences.map((entry) => [
    `${entry.subset} ${entry.arm}`,
    `${entry.pairs}`,
    percent(entry.first),
    percent(entry.second),
    percent(entry.difference.value),
    percentRange(entry.difference.interval),
    entry.bounds.missing === 0 ? "" : percentRange(entry.bounds.difference),
    entry.adjustedP.toPrecision(2),
    `${entry.fixed.length}`,
    `${entry.broken.length}`,
  ]);
  terminal.out(
    `${alignTable([["", "pairs", "first", "second", "difference", "interval", "worst..best", "p (Holm)", "fixed", "broken"], ...rows])}\n`,
  );
  for (const { subset, arm, broken } of comparison.differences) {
    if (broken.length > 0) terminal.out(`broken, ${subset} ${arm}: ${broken.slice(0, 20).join(" ")}\n`);
  }
}

/** `vsb-eval gate`: whether every gate holds for every run. */
export async function gateCommand(
  folders: readonly string[],
  gates: readonly string[],
  options: Chosen & { readonly junit?: string },
  terminal: Terminal,
): Promise<boolean> {
  const { junit } = options;
  const parsed = gates.map(parseGate);
  const { results } = await openComparable(folders, options);
  const checked = checkGates(results, parsed);
  if (junit !== undefined) await writeFile(junit, junitReport(checked));
  for (const { gate, run, actual, passed, detail } of checked) {
    terminal.out(
      `${passed ? "ok    " : "FAILED"} ${run}: ${gate} (found ${actual === null ? "no number" : actual.toFixed(4)}; ${detail})\n`,
    );
  }
  return checked.every(({ passed }) => passed);
}
