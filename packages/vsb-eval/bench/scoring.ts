// Scoring the full benchmark: 77,646 judged pairs, read from a store (with the check of every item's fingerprint), then
// all numbers of a report. Prints wall and CPU seconds of both, and peak memory.
// Run: npx tsx packages/vsb-eval/bench/scoring.ts

import { createRng } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import { taxonomyLeaves, VSE_ASSUMED_V1 } from "@videosafety/safety-data";
import { buildResults } from "../src/results/build-results.js";
import { loadRun } from "../src/results/evaluated-run.js";
import { itemFingerprint } from "../src/run/records/item-fingerprint.js";
import type { StoreRecord } from "../src/run/records/outcome.js";
import { MemoryStore } from "../src/store/evaluation-store.js";

const PAIRS = 77_646;
const random = createRng(0);
const leaves = taxonomyLeaves(VSE_ASSUMED_V1);
const languages = ["en", "zh", "es", "fr", "de", "ru", "ar", "hi", "ja", "pt"];
const subsets = ["HH", "SH", "SafeQ"] as const;
const arms = ["video", "text"];
const items: EvalItem[] = [];
const records: StoreRecord[] = [];
const run = "r";
for (let i = 0; arms.length * i < PAIRS; i++) {
  const subset = subsets[i % 3] as (typeof subsets)[number];
  const leaf = leaves[i % leaves.length] as (typeof leaves)[number];
  const item: EvalItem = {
    id: `item-${i}`,
    subset,
    query: `a question of some fifty characters, number ${i}`,
    video: { path: `${subset}/${Math.floor(i / 9)}.mp4` },
    category: leaf.category.id,
    subcategory: leaf.subcategory.id,
    language: languages[i % 10] as string,
    labels: { visual: subset === "HH" ? 1 : 0, textual: subset === "SafeQ" ? 0 : 1 },
  };
  items.push(item);
  const itemHash = itemFingerprint({ ...item });
  for (const arm of arms) {
    const refused = random.uniform() < (subset === "SafeQ" ? 0.05 : arm === "video" ? 0.4 : 0.9);
    const key = `${i}/${arm}`;
    const verdict = { stance: refused ? "refusal" : "compliance", safe: refused ? 1 : 0 } as const;
    const text = `<think>A thought.</think><answer>An answer of the model to question ${i}.</answer>`;
    records.push(
      { kind: "response", key, outcome: "answered", text, frames: 8 },
      { kind: "unit", run, item: item.id, arm, epoch: 0, response: key, itemHash },
      { kind: "verdict", key, response: key, judge: "j", verdict },
    );
  }
}
const store = new MemoryStore(records);

function timed<T>(what: () => T): { value: T; seconds: number; cpuSeconds: number } {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const value = what();
  const seconds = Number(((performance.now() - start) / 1000).toFixed(2));
  return { value, seconds, cpuSeconds: Number((process.cpuUsage(cpu).user / 1e6).toFixed(2)) };
}
const read = timed(() => loadRun(store, { name: "m", responder: "m", judge: "j", items, arms, run }));
const scored = timed(() => buildResults(items, [read.value]));
console.log(
  JSON.stringify({
    pairs: read.value.units.length,
    videos: scored.value.dataset.videos,
    read: { seconds: read.seconds, cpuSeconds: read.cpuSeconds },
    score: { seconds: scored.seconds, cpuSeconds: scored.cpuSeconds },
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    hhDrop: scored.value.summary[0]?.dropHh,
  }),
);
