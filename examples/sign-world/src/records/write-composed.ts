import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeJsonl } from "@videosafety/safety-data/node";
import { writeClips } from "../clips/clips-node.js";
import { renderComposedScene } from "../scenes/composed-scene.js";
import { composedDatasheet } from "./composed-datasheet.js";
import {
  composedCotRecords,
  composedEvalItems,
  composedGrpoRecords,
  composedRecords,
  composedSftRecords,
} from "./composed-records.js";
import { buildComposedSet } from "./composed-set.js";

/*
 * Writes the world as files: H.264 clips, records of every stage, items for vsb-eval, all facts about every sample,
 * and a datasheet. Clips that exist are kept.
 *
 *   npx tsx examples/sign-world/src/records/write-composed.ts [--seed 1] [--training 240] [--held-out 120] [--out world]
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    training: { type: "string", default: "240" }, // clips with four or five queries each; a third as many groups of pairs
    "held-out": { type: "string", default: "120" },
    out: { type: "string", default: "world" },
  },
});
const [seed, training, heldOut] = [values.seed, values.training, values["held-out"]].map(Number) as [
  number,
  number,
  number,
];
if (![seed, training, heldOut].every((value) => Number.isInteger(value) && value >= 0) || training < 1 || heldOut < 1) {
  console.error("expected whole numbers --seed >= 0, --training >= 1 and --held-out >= 1");
  process.exit(2);
}
const pairs = (clips: number): number => Math.ceil(clips / 3);
const sets = {
  training: buildComposedSet({ seed, name: "training", split: "train", clips: training, pairs: pairs(training) }),
  "held-out": buildComposedSet({ seed, name: "held-out", split: "heldOut", clips: heldOut, pairs: pairs(heldOut) }),
};
await mkdir(values.out, { recursive: true });
const clips = Object.values(sets).flatMap((set) => set.clips);
const rendered = clips.map(({ path, scene }) => ({ path, render: () => renderComposedScene(scene) }));
await writeClips(join(values.out, "clips"), rendered);
const inClips = (path: string): string => join("clips", path);
const files = {
  "stage-1-2.sft": composedSftRecords(sets.training),
  "stage-3.cot": composedCotRecords(sets.training),
  "stage-4.grpo": composedGrpoRecords(sets.training),
  "training.records": composedRecords(sets.training),
  "held-out.records": composedRecords(sets["held-out"]),
  "held-out.requests.eval": composedEvalItems(sets["held-out"], "requests", inClips),
  "held-out.references.eval": composedEvalItems(sets["held-out"], "references", inClips),
};
for (const [name, rows] of Object.entries(files)) await writeJsonl(join(values.out, `${name}.jsonl`), rows);
await writeFile(join(values.out, "datasheet.md"), composedDatasheet(sets, seed));
console.log(
  `${clips.length} clips, ${Object.values(sets).flatMap((set) => set.samples).length} samples: ${values.out}`,
);
