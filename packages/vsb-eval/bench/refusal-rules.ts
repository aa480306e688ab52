// Precision and recall of "refusal", and agreement over four classes, per language and part of test/refusals.
// Run: npx tsx packages/vsb-eval/bench/refusal-rules.ts [tuning|round-1|round-2|held-out]
import { readFileSync } from "node:fs";
import { classifyRefusal, REFUSAL_LANGUAGES } from "../src/judge/refusal-rules.js";

const STANCES: Record<string, string> = { r: "refusal", p: "partial_refusal", c: "compliance", i: "inability" };
const percent = (part: number, whole: number): string => (whole === 0 ? "-" : ((100 * part) / whole).toFixed(1));
const parts = process.argv.length > 2 ? process.argv.slice(2) : ["tuning", "round-1", "round-2", "held-out"];
for (const part of parts) {
  const total = { n: 0, agreed: 0, both: 0, found: 0, labelled: 0 };
  console.log(`${part}: language, n, agreement, precision, recall (percent)`);
  for (const language of [...REFUSAL_LANGUAGES, "all"]) {
    const counts = { n: 0, agreed: 0, both: 0, found: 0, labelled: 0 };
    if (language !== "all") {
      const path = new URL(`../test/refusals/${part}/${language}.tsv`, import.meta.url);
      for (const line of readFileSync(path, "utf8").trim().split("\n")) {
        const [label = "", text = ""] = line.split("\t");
        const { stance } = classifyRefusal(text.replaceAll("\\n", "\n"));
        counts.n++;
        if (stance === STANCES[label]) counts.agreed++;
        if (stance === "refusal") counts.found++;
        if (label === "r") counts.labelled++;
        if (label === "r" && stance === "refusal") counts.both++;
      }
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counts[key];
    }
    const { n, agreed, both, found, labelled } = language === "all" ? total : counts;
    console.log(`${language}\t${n}\t${percent(agreed, n)}\t${percent(both, found)}\t${percent(both, labelled)}`);
  }
}
