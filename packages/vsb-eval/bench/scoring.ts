// Scoring the full benchmark: 77,646 judged pairs. Prints seconds and peak memory.
// Run: npx tsx packages/vsb-eval/bench/scoring.ts

import { createRng } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import { taxonomyLeaves, VSE_ASSUMED_V1 } from "@videosafety/safety-data";
import type { ScoredUnit } from "../src/metrics/scored-unit.js";
import { buildResults } from "../src/results/build-results.js";

const PAIRS = 77_646;
const random = createRng(0);
const leaves = taxonomyLeaves(VSE_ASSUMED_V1);
const languages = ["en", "zh", "es", "fr", "de", "ru", "ar", "hi", "ja", "pt"];
const subsets = ["HH", "SH", "SafeQ"] as const;
const arms = ["video", "text"];
const items: EvalItem[] = [];
const units: ScoredUnit[] = [];
while (units.length < PAIRS) {
  const i = items.length;
  const subset = subsets[i % 3] as (typeof subsets)[number];
  const leaf = leaves[i % leaves.length] as (typeof leaves)[number];
  const item: EvalItem = {
    id: `item-${i}`,
    subset,
    query: "q",
    video: { path: `${subset}/${Math.floor(i / 9)}.mp4` },
    category: leaf.category.id,
    subcategory: leaf.subcategory.id,
    language: languages[i % 10] as string,
    labels: { visual: subset === "HH" ? 1 : 0, textual: subset === "SafeQ" ? 0 : 1 },
  };
  items.push(item);
  for (const arm of arms) {
    const refused = random.uniform() < (subset === "SafeQ" ? 0.05 : arm === "video" ? 0.4 : 0.9);
    const stance = refused ? "refusal" : "compliance";
    const verdict = { stance, safe: refused ? 1 : 0 } as const;
    const parts = { answer: "", think: null, tagged: false, wellFormed: false, vidType: null, textType: null };
    units.push({
      item,
      arm,
      epoch: 0,
      outcome: "answered",
      verdict,
      thinkVerdict: null,
      parts,
      frames: 8,
      usage: null,
    });
  }
}
const start = performance.now();
const results = buildResults(items, [{ name: "m", seed: 0, responder: "m", judge: "j", run: "r", arms, units }]);
const seconds = (performance.now() - start) / 1000;
console.log(
  JSON.stringify({
    pairs: units.length,
    videos: results.dataset.videos,
    seconds: Number(seconds.toFixed(2)),
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    hhDrop: results.summary[0]?.dropHh,
  }),
);
