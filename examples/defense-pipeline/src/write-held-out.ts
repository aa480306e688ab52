#!/usr/bin/env node
// A held-out set of any size from the demo's world: unseen clips and the held-out wordings.
//
//   node dist/write-held-out.js --seed 101 --clips 600 --out guard-items
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeJsonl } from "@videosafety/safety-data/node";
import { composedEvalItems, heldOutSet, renderComposedScene, writeClips } from "sign-world";
import { describeFailure } from "./describe-failure.js";

async function write(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "101" }, // another set name than the demo's: no clip is shared with a run
      clips: { type: "string", default: "600" }, // half of them show a hazard
      out: { type: "string", default: "held-out-items" },
    },
  });
  const [seed, clips] = [Number(values.seed), Number(values.clips)];
  if (!(Number.isInteger(seed) && seed >= 0 && Number.isInteger(clips) && clips >= 1))
    throw new Error(`expected whole numbers --seed >= 0 and --clips >= 1, found ${values.seed}, ${values.clips}`);
  const set = heldOutSet(seed, "guard", clips);
  const rendered = set.clips.map(({ path, scene }) => ({ path, render: () => renderComposedScene(scene) }));
  await writeClips(join(values.out, "clips"), rendered);
  const file = join(values.out, "items.eval.jsonl");
  const items = composedEvalItems(set, "requests", (path) => join("clips", path));
  await writeJsonl(file, items);
  process.stdout.write(`${items.length} items, ${set.clips.length} clips: ${file}\n`);
}

try {
  await write();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}
