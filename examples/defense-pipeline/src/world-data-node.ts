import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeJsonl } from "@videosafety/safety-data/node";
import {
  buildSet,
  cotRecords,
  DEFAULT_EVAL_COUNTS,
  datasheet,
  evalItems,
  grpoRecords,
  type SampleCounts,
  sftRecords,
  trainingCounts,
  type WorldSet,
  writeClips,
} from "sign-world";
import type { PipelineConfig } from "./pipeline-config.js";
import type { Report } from "./pipeline-event.js";
import type { RunFolder } from "./run-folder-node.js";

/** The data of one run: training sets from the training templates, held-out items with unseen clips and templates. */
export interface WorldData {
  /** Stages 1 and 2: the first of `chainOfThought`, so that all stages share their clips. */
  readonly finetuning: WorldSet;
  /** Stage 3. */
  readonly chainOfThought: WorldSet;
  /** Stage 4. */
  readonly reinforcement: WorldSet;
  /** Evaluation. */
  readonly heldOut: WorldSet;
}

/** Builds the sets; nothing is written. */
export function buildWorldData({ seed, sizes }: PipelineConfig): WorldData {
  const scale = sizes.evalItems / DEFAULT_EVAL_COUNTS.hh;
  const counts = Object.fromEntries(
    Object.entries(DEFAULT_EVAL_COUNTS).map(([kind, count]) => [kind, Math.round(count * scale)]),
  ) as unknown as SampleCounts;
  const chainOfThought = buildSet({
    seed,
    name: "training",
    split: "train",
    counts: trainingCounts(sizes.cotRecords),
    samplesPerClip: sizes.samplesPerClip,
  });
  return {
    finetuning: { ...chainOfThought, samples: chainOfThought.samples.slice(0, sizes.sftRecords) },
    chainOfThought,
    reinforcement: buildSet({
      seed,
      name: "reinforcement",
      split: "train",
      counts: trainingCounts(sizes.rlRecords, false),
      samplesPerClip: sizes.samplesPerClip,
    }),
    heldOut: buildSet({ seed, name: "held-out", split: "heldOut", counts }),
  };
}

/** Encodes the clips as MP4 files and writes every record set as JSON Lines, in safety-data's formats, with a datasheet. */
export async function writeWorldData(
  data: WorldData,
  seed: number,
  folder: RunFolder,
  report: Report,
  signal: AbortSignal,
) {
  const clips = [...data.chainOfThought.clips, ...data.reinforcement.clips, ...data.heldOut.clips];
  await writeClips(folder.file("clips"), clips, { signal, onProgress: (done, total) => report(done, total, "clips") });
  const records = {
    "stage-1-2.sft": sftRecords(data.finetuning),
    "stage-3.cot": cotRecords(data.chainOfThought),
    "stage-4.grpo": grpoRecords(data.reinforcement),
    "held-out.eval": evalItems(data.heldOut, (clip) => join("clips", clip.path)),
  };
  for (const [name, rows] of Object.entries(records)) await writeJsonl(folder.file(`${name}.jsonl`), rows, { signal });
  await writeFile(folder.file("datasheet.md"), datasheet({ ...data }, seed));
  return { clips: clips.length, records: Object.values(records).reduce((sum, rows) => sum + rows.length, 0) };
}
