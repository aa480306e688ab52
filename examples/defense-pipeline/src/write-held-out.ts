#!/usr/bin/env node
// A held-out set of any size from the demo's world: unseen clips and the held-out wordings, in the demo's proportions.
//
//   node dist/write-held-out.js --seed 101 --multiple 6 --out guard-items
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeJsonl } from "@videosafety/safety-data/node";
import { buildSet, DEFAULT_EVAL_COUNTS, evalItems, type SampleCounts, writeClips } from "sign-world";
import { describeFailure } from "./pipeline-error.js";

async function write(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "101" }, // another set name than the demo's: no clip is shared with a run
      multiple: { type: "string", default: "6" },
      out: { type: "string", default: "held-out-items" },
    },
  });
  const [seed, multiple] = [Number(values.seed), Number(values.multiple)];
  if (!(Number.isInteger(seed) && seed >= 0 && Number.isInteger(multiple) && multiple >= 1))
    throw new Error(`expected whole numbers --seed >= 0 and --multiple >= 1, found ${values.seed}, ${values.multiple}`);
  const counts = Object.fromEntries(
    Object.entries(DEFAULT_EVAL_COUNTS).map(([kind, count]) => [kind, count * multiple]),
  ) as unknown as SampleCounts;
  const set = buildSet({ seed, name: "guard", split: "heldOut", counts });
  await writeClips(join(values.out, "clips"), set.clips);
  const file = join(values.out, "items.eval.jsonl");
  await writeJsonl(
    file,
    evalItems(set, ({ path }) => join("clips", path)),
  );
  process.stdout.write(`${set.samples.length} items, ${set.clips.length} clips: ${file}\n`);
}

try {
  await write();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}
