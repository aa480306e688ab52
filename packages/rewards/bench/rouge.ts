// ROUGE throughput: this package, js-rouge, and Python's rouge_score when PYTHON names an interpreter that has it.
// usage: [PYTHON=python3] tsx bench/rouge.ts
import { execFileSync } from "node:child_process";
import { l, n } from "js-rouge";
import { meanRouge, safetyScore } from "../src/index.js";
import { benchPairs } from "./pairs.js";

const pairs = benchPairs();

function perSecond(score: (reference: string, hypothesis: string) => unknown, milliseconds = 1500): number {
  let best = 0;
  for (let round = 0; round < 3; round++) {
    let count = 0;
    const start = performance.now();
    while (performance.now() - start < milliseconds) {
      for (const [reference, hypothesis] of pairs.slice(0, 20)) score(reference, hypothesis);
      count += 20;
    }
    best = Math.max(best, (count / (performance.now() - start)) * 1000);
  }
  return Math.round(best);
}

const results: Record<string, number> = { "@videosafety/rewards": perSecond(meanRouge) };
results["js-rouge (no stemmer)"] = perSecond((reference, hypothesis) => [
  n(hypothesis, reference, { n: 1 }),
  n(hypothesis, reference, { n: 2 }),
  l(hypothesis, reference, {}),
]);
if (process.env.PYTHON) {
  const program = `
import json, sys, time
from rouge_score import rouge_scorer
pairs = json.load(sys.stdin)
scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
best = 0
for _ in range(3):
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < 1.5:
        for reference, hypothesis in pairs:
            scorer.score(reference, hypothesis)
        count += len(pairs)
    best = max(best, count / (time.perf_counter() - start))
print(round(best))`;
  const output = execFileSync(process.env.PYTHON, ["-c", program], { input: JSON.stringify(pairs.slice(0, 20)) });
  results["rouge_score (Python)"] = Number(output.toString());
}
console.log("ROUGE-1/2/L of a pair of 140-word texts, pairs per second (best of 3):");
console.table(results);

/** 64 KiB completions that are hard for patterns or tables, against a reference of 140 words and of 64 KiB. */
const letters = Array.from({ length: 32_768 }, (_, i) => (((i * 2654435761) >>> 7) % 36).toString(36)).join(" ");
const hard: Record<string, string> = {
  "36 letters": letters,
  "two letters": Array.from({ length: 32_768 }, (_, i) => "ab"[((i * 7919) >> 3) & 1]).join(" "),
  "distinct words": Array.from({ length: 11_000 }, (_, i) => `w${i}`)
    .join(" ")
    .slice(0, 65_536),
  "one word": "a".repeat(65_536),
  "closing tags": "</think>".repeat(8192),
  "opening tags": "<answer>".repeat(8192),
  spaces: `<answer>${" ".repeat(65_000)}`,
};
const tagged = (text: string): string =>
  `<think>t</think><answer>${text}</answer><vidType>1</vidType><textType>0</textType>`;
const rows = Object.entries(hard).map(([name, text]) => {
  const times = [pairs[0]?.[0] ?? "", [...text].reverse().join("")].map((reference) => {
    const runs = Array.from({ length: 5 }, () => {
      const start = performance.now();
      safetyScore(tagged(text), tagged(reference));
      return performance.now() - start;
    });
    return Number(Math.min(...runs).toFixed(2));
  });
  return { completion: name, "140-word reference (ms)": times[0], "64 KiB reference (ms)": times[1] };
});
console.log("One safety reward of a 64 KiB completion (best of 5):");
console.table(rows);
