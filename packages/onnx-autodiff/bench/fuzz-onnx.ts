/**
 * Damages the golden ONNX files at random and checks that only this package's errors come out:
 * `npx tsx bench/fuzz-onnx.ts [count] [seed]` (default 200,000 from seed 1). Prints the bytes of the first failure, and exits with 1.
 */
import { readFileSync } from "node:fs";
import { createRng } from "@videosafety/random";
import { mutate, survive } from "../test/mutate-onnx.js";

const [count = 200_000, seed = 1] = process.argv.slice(2).map(Number);
const { cases } = JSON.parse(readFileSync(new URL("../test/golden/files.json", import.meta.url), "utf8")) as {
  cases: { op: string; model: string }[];
};
const sources = cases.map(({ op, model }) => ({ op, bytes: Buffer.from(model, "base64") }));
const rng = createRng(seed);
const counts = { ok: 0, file: 0, graph: 0 };
let slowest = 0;
for (let k = 0; k < count; k++) {
  const source = sources[rng.integer(sources.length)] as (typeof sources)[number];
  const bytes = mutate(source.bytes, rng);
  const start = performance.now();
  try {
    counts[survive(bytes)]++;
  } catch (error) {
    console.error(`file ${k} (from ${source.op}): ${Buffer.from(bytes).toString("base64")}`);
    console.error(error);
    process.exit(1);
  }
  slowest = Math.max(slowest, performance.now() - start);
}
console.log(JSON.stringify({ count, seed, ...counts, slowestMilliseconds: Math.round(slowest * 10) / 10 }));
