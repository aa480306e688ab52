import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import { replaceFile } from "@videosafety/safety-data/node";
import type { Json } from "../content-key.js";
import { loadItems } from "../data/load-items-node.js";
import { VsbEvalError } from "../errors.js";
import { type EvaluatedRun, loadRun } from "../results/evaluated-run.js";
import type { AllowedDifferences } from "../run/records/run-differences.js";
import { type EvaluationStore, MemoryStore } from "../store/evaluation-store.js";
import { readStore } from "../store/jsonl-file-store-node.js";
import { mergeEntry, parseManifest, type RunEntry } from "./run-manifest.js";

/** Writes JSON whole or not at all. @throws {VsbEvalError} `store_write_failed` on a full disk or a read-only folder */
export async function writeJson(path: string, value: unknown): Promise<void> {
  try {
    await replaceFile(path, `${JSON.stringify(value, null, 1)}\n`);
  } catch (cause) {
    const next = "make room, or choose a place that can be written";
    throw new VsbEvalError(
      "store_write_failed",
      `expected to write ${path}, found ${(cause as Error).message}: ${next}`,
      {
        cause,
      },
    );
  }
}

async function manifestText(folder: string): Promise<string | null> {
  return readFile(join(folder, "run.json"), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return null;
    throw cause;
  });
}

/** @throws {VsbEvalError} `invalid_input` for a folder without a valid run.json. */
export async function readManifest(folder: string): Promise<RunEntry[]> {
  const path = join(folder, "run.json");
  const text = await manifestText(folder);
  if (text === null)
    throw new VsbEvalError("invalid_input", `expected a run folder with run.json, found none at ${path}: run first`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new VsbEvalError("invalid_input", `${path}: expected JSON, found something else`, { cause });
  }
  return parseManifest(value, path);
}

/** Writes a folder's runs. */
export function writeManifest(folder: string, runs: readonly RunEntry[]): Promise<void> {
  return writeJson(join(folder, "run.json"), { schema: "vsb-eval-run/2", runs });
}

/** Adds a run to a folder's manifest, or goes on with it; see `mergeEntry`. */
export async function addRun(folder: string, entry: RunEntry): Promise<void> {
  const before = (await manifestText(folder)) === null ? [] : await readManifest(folder);
  await writeManifest(folder, mergeEntry(before, entry));
}

/** Makes a judge the one whose verdicts count by default, once it has given one. */
export async function setJudge(folder: string, run: string, judge: string): Promise<void> {
  const entries = await readManifest(folder);
  await writeManifest(
    folder,
    entries.map((entry) =>
      entry.run === run ? { ...entry, judge, judges: [...new Set([...entry.judges, judge])] } : entry,
    ),
  );
}

/** Adds where and when a run happened; what other runs of the folder said stays. */
export async function addEnvironment(folder: string, run: string, environment: Record<string, Json>): Promise<void> {
  const path = join(folder, "environment.json");
  const before = await readEnvironment(folder);
  await writeJson(path, { runs: { ...before, [run]: environment } });
}

async function readEnvironment(folder: string): Promise<Record<string, Record<string, Json>>> {
  const text = await readFile(join(folder, "environment.json"), "utf8").catch(() => "{}");
  try {
    const value = JSON.parse(text) as { runs?: Record<string, Record<string, Json>> };
    return value.runs ?? {};
  } catch {
    return {};
  }
}

/** The items of a run. */
export async function manifestItems({
  items,
  format,
  limit,
}: Pick<RunEntry, "items" | "format" | "limit">): Promise<EvalItem[]> {
  const all = await loadItems(items, { format });
  return limit === null ? all : all.slice(0, limit);
}

/** A run of a folder read back. */
export interface OpenedRun {
  /** Its folder. */
  readonly folder: string;
  /** Its entry in run.json. */
  readonly manifest: RunEntry;
  /** Its items. */
  readonly items: EvalItem[];
  /** Its units with outcomes and verdicts. */
  readonly evaluated: EvaluatedRun;
  /** Its answers and verdicts. */
  readonly store: EvaluationStore;
  /** Where and when it ran; null when that is not known. */
  readonly environment: Record<string, Json> | null;
}

/** The one of a run's judges that a text names, whole or in part. */
function chosenJudge({ judge, judges, run }: RunEntry, wanted: string | undefined): string | null {
  if (wanted === undefined) return judge;
  const found = judges.includes(wanted) ? [wanted] : judges.filter((id) => id.includes(wanted));
  if (found.length === 1) return found[0] as string;
  throw new VsbEvalError(
    "invalid_input",
    `expected --judge to name one of the judges of run ${run} (${judges.join(", ") || "none"}), found "${wanted}" in ${found.length}`,
  );
}

/**
 * Reads every run of a folder for scoring, without writing there.
 *
 * @param judge id of the judge whose verdicts count, whole or in part; default: each run's own
 * @param allow differences between the items and those that were asked which are known; default none
 */
export async function openRuns(
  folder: string,
  judge?: string,
  allow?: AllowedDifferences["allow"],
): Promise<OpenedRun[]> {
  const entries = await readManifest(folder);
  const store = new MemoryStore((await readStore(folder)).all());
  const environments = await readEnvironment(folder);
  const opened: OpenedRun[] = [];
  for (const manifest of entries) {
    const items = await manifestItems(manifest);
    const { name, seed, responder, run, arms, epochs, truncated } = manifest;
    const options = {
      name,
      seed,
      responder,
      run,
      arms,
      epochs,
      truncated,
      judge: chosenJudge(manifest, judge),
      items,
      allow,
    };
    const evaluated = loadRun(store, options);
    opened.push({ folder, manifest, items, evaluated, store, environment: environments[run] ?? null });
  }
  return opened;
}

/** Runs of several folders, with names that tell them apart: equal names with equal seeds would be taken for one model's. */
export function distinctNames(runs: readonly OpenedRun[]): OpenedRun[] {
  const key = ({ evaluated }: OpenedRun): string => `${evaluated.name}\u0000${evaluated.seed}`;
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(key(run), (counts.get(key(run)) ?? 0) + 1);
  return runs.map((run) =>
    counts.get(key(run)) === 1
      ? run
      : {
          ...run,
          evaluated: {
            ...run.evaluated,
            name: `${run.evaluated.name} (${run.folder}, run ${run.manifest.run.slice(0, 8)})`,
          },
        },
  );
}
