import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { replaceFile, writeJsonl } from "@videosafety/safety-data/node";
import {
  composedCotRecords,
  composedDatasheet,
  composedEvalItems,
  composedGrpoRecords,
  composedRecords,
  composedSftRecords,
  heldOutSet,
  reasoningSets,
  reinforcementSet,
  renderComposedScene,
  writeClips,
} from "sign-world";
import type { DemoSettings } from "./demo-settings.js";
import { withSettings } from "./run-file.js";
import { WORLD_FILE, type World } from "./world.js";

const RUN_FILE = fileURLToPath(new URL("../run.yaml", import.meta.url));
const SCORER = fileURLToPath(new URL("../dist/score-world.js", import.meta.url));

/** The folder holds something else than the run that was asked for; the message says what to do. */
export class OtherRunError extends Error {
  override readonly name = "OtherRunError";
}

/** What a run of the demo is. */
export interface DemoRun {
  /** Where everything is kept. */
  readonly folder: string;
  readonly seed: number;
  /** Model directory that stage 1 begins with. */
  readonly base: string;
  readonly settings: DemoSettings;
}

/**
 * Puts the run file into the folder, or finds that it is there.
 *
 * @returns its path
 * @throws OtherRunError when the folder holds a run and `resume` is off, or another run
 */
export async function placeRunFile({ folder, seed, base, settings }: DemoRun, resume: boolean): Promise<string> {
  const path = join(folder, "run.yaml");
  const from = (target: string): string => relative(resolve(folder), resolve(target));
  const text = withSettings(readFileSync(RUN_FILE, "utf8"), settings, [
    [["seed"], seed],
    [["model", "source"], from(base)],
    [["evaluation", "scorers", 0], from(SCORER)],
  ]);
  if (existsSync(path)) {
    if (!resume)
      throw new OtherRunError(`${folder} already holds a run: add --resume to continue it, or choose another --out`);
    if (readFileSync(path, "utf8") !== text)
      throw new OtherRunError(
        `${path} has other settings: resume it with its own flags, or choose another folder with --out`,
      );
    return path;
  }
  mkdirSync(folder, { recursive: true });
  await replaceFile(path, text);
  return path;
}

/**
 * Writes the world's files: clips as H.264, records of all stages in the authors' JSON Lines, held-out items, all facts about every
 * sample, a datasheet. Clips that are there are kept; what is written depends on seed and sizes only.
 */
export async function writeWorld(
  { folder, seed, settings }: DemoRun,
  options: { readonly signal: AbortSignal; readonly onProgress: (done: number, total: number) => void },
): Promise<{ readonly clips: number; readonly records: number }> {
  const { signal } = options;
  const { records: sizes, evalItems } = settings;
  const { finetuning, chainOfThought } = reasoningSets(seed, sizes);
  const reinforcement = reinforcementSet(seed, sizes.stage4);
  const heldOut = heldOutSet(seed, "held-out", 2 * evalItems);
  const inClips = (path: string): string => join("clips", path);
  const files = {
    "stage-1-2.sft": composedSftRecords(finetuning),
    "stage-3.cot": composedCotRecords(chainOfThought),
    "stage-4.grpo": composedGrpoRecords(reinforcement),
    "held-out.eval": composedEvalItems(heldOut, "requests", inClips),
    "held-out.references.eval": composedEvalItems(heldOut, "references", inClips),
    "training.records": composedRecords(chainOfThought),
    "held-out.records": composedRecords(heldOut),
  };
  const clips = [...chainOfThought.clips, ...reinforcement.clips, ...heldOut.clips];
  const rendered = clips.map(({ path, scene }) => ({ path, render: () => renderComposedScene(scene) }));
  await writeClips(join(folder, "clips"), rendered, options);
  for (const [name, rows] of Object.entries(files)) await writeJsonl(join(folder, `${name}.jsonl`), rows, { signal });
  const sets = { finetuning, chainOfThought, reinforcement, heldOut };
  await writeFile(join(folder, "datasheet.md"), composedDatasheet(sets, seed));
  const world: World = { seed, records: sizes, evalItems };
  await replaceFile(join(folder, WORLD_FILE), `${JSON.stringify(world)}\n`); // last: the world is complete
  return { clips: clips.length, records: Object.values(files).reduce((sum, rows) => sum + rows.length, 0) };
}
