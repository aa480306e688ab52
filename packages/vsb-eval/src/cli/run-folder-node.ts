import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import { z } from "zod";
import type { Json } from "../content-key.js";
import { ITEM_FORMATS, loadItems } from "../data/load-items-node.js";
import { VsbEvalError } from "../errors.js";
import { type EvaluatedRun, loadRun } from "../results/evaluated-run.js";
import { JsonlFileStore } from "../store/jsonl-file-store-node.js";

/** `run.json`: everything needed to score a run folder again. */
export const runManifestSchema = z.strictObject({
  name: z.string().min(1).describe("name in reports"),
  seed: z.number().int().describe("seed of the training or generation"),
  responder: z.string().describe("id of the responder"),
  run: z.string().describe("id of the configuration in records.jsonl"),
  judge: z.string().nullable().describe("id of the last judge; null when nothing was judged"),
  arms: z.array(z.string()).min(1).describe("arms in the order they were asked for"),
  epochs: z.number().int().min(1).describe("answers per item and arm"),
  items: z.string().describe("path of the items' file"),
  format: z.enum(ITEM_FORMATS).describe("its layout"),
  root: z.string().describe("folder that media paths start from"),
  limit: z.number().int().nullable().describe("only the first items; null: all"),
});

/** A run folder's manifest. */
export type RunManifest = z.infer<typeof runManifestSchema>;

/** Writes JSON whole or not at all. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.tmp`, `${JSON.stringify(value, null, 1)}\n`);
  await rename(`${path}.tmp`, path);
}

/** @throws {VsbEvalError} `invalid_input` for a folder without a valid run.json. */
export async function readManifest(folder: string): Promise<RunManifest> {
  const path = join(folder, "run.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new VsbEvalError("invalid_input", `expected a run folder with run.json, found none at ${path}: run first`, {
      cause,
    });
  }
  const manifest = runManifestSchema.safeParse(JSON.parse(text));
  if (manifest.success) return manifest.data;
  throw new VsbEvalError("invalid_input", `${path}: ${z.prettifyError(manifest.error)}`);
}

/** The items of a manifest. */
export async function manifestItems({ items, format, limit }: RunManifest): Promise<EvalItem[]> {
  const all = await loadItems(items, { format });
  return limit === null ? all : all.slice(0, limit);
}

/** A run folder read back. */
export interface OpenedRun {
  /** Its manifest. */
  readonly manifest: RunManifest;
  /** Its items. */
  readonly items: EvalItem[];
  /** Its units with outcomes and verdicts. */
  readonly evaluated: EvaluatedRun;
  /** environment.json; null when there is none. */
  readonly environment: Record<string, Json> | null;
}

/** Reads a run folder for scoring. */
export async function openRun(folder: string): Promise<OpenedRun> {
  const manifest = await readManifest(folder);
  const items = await manifestItems(manifest);
  const store = await JsonlFileStore.open(folder);
  try {
    const evaluated = loadRun(store, { ...manifest, items });
    const environment = await readFile(join(folder, "environment.json"), "utf8").then(
      (text) => JSON.parse(text) as Record<string, Json>,
      () => null,
    );
    return { manifest, items, evaluated, environment };
  } finally {
    await store.close();
  }
}
