// ROUGE throughput: this package, js-rouge, and Python's rouge_score when PYTHON names an interpreter that has it.
// usage: [PYTHON=python3] tsx bench/rouge.ts
import { execFileSync } from "node:child_process";
import { l, n } from "js-rouge";
import { meanRouge } from "../src/index.js";
import { cpuFeatures } from "./own-server.js";
import { benchPairs } from "./pairs.js";

console.log(cpuFeatures());
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
