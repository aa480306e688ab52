/**
 * Logits, greedy tokens and visual embeddings of models as wide as the published ones, against transformers and against the
 * authors' code; one layer of each kind, 512 tokens, weights by formula. The widest needs 5 GB.
 * usage: npx tsx bench/published-widths.ts [part of a name]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareWide, wideCases } from "../test/published-widths.js";

const [, , part = ""] = process.argv;
for (const golden of await wideCases()) {
  if (!golden.name.includes(part)) continue;
  const root = await mkdtemp(join(tmpdir(), "video-llm-wide-"));
  console.log(JSON.stringify({ name: golden.name, ...(await compareWide(golden, root)) }));
  await rm(root, { recursive: true });
}
