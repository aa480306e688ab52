import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import { writeJsonl } from "@videosafety/safety-data/node";
import { type ClipPlan, type WriteClipsOptions, writeClips } from "./clips-node.js";
import { cotRecords, evalItems, grpoRecords, sftRecords, type WorldSet } from "./datasets.js";
import { datasheet } from "./datasheet.js";
import { buildWorld, DEFAULT_WORLD_SIZES, type WorldSizes } from "./world.js";

/** Where {@link writeWorld} put things. */
export interface WrittenWorld {
  /** Folder that clip paths in the records are relative to. */
  readonly clipsFolder: string;
  /** Items of the evaluation; their video paths are absolute. */
  readonly evalItems: readonly EvalItem[];
}

/**
 * Writes a world into `folder`: `clips/<set>/*.mp4`, `eval.jsonl`, `sft.jsonl`, `cot.jsonl`, `rl.jsonl`,
 * `references.jsonl` (the good answer and the words a useful one holds, per evaluation item) and `datasheet.md`.
 *
 * @throws {ClipEncodingError} when clips cannot be encoded.
 */
export async function writeWorld(
  folder: string,
  seed: number,
  sizes: WorldSizes = DEFAULT_WORLD_SIZES,
  options: WriteClipsOptions = {},
): Promise<WrittenWorld> {
  const world = buildWorld(seed, sizes);
  const clipsFolder = join(folder, "clips");
  await mkdir(clipsFolder, { recursive: true });
  const clips = Object.values(world).flatMap((set: WorldSet) => set.clips);
  await writeClips(clipsFolder, clips, options);
  const items = evalItems(world.eval, (clip: ClipPlan) => join(clipsFolder, clip.path));
  const references = world.eval.samples.map(({ id, kind, answer, keys }) => ({ id, kind, answer, keys }));
  await writeJsonl(join(folder, "eval.jsonl"), items);
  await writeJsonl(join(folder, "references.jsonl"), references);
  await writeJsonl(join(folder, "sft.jsonl"), sftRecords(world.sft));
  await writeJsonl(join(folder, "cot.jsonl"), cotRecords(world.cot));
  await writeJsonl(join(folder, "rl.jsonl"), grpoRecords(world.rl));
  await writeFile(join(folder, "datasheet.md"), datasheet(world, seed));
  return { clipsFolder, evalItems: items };
}
