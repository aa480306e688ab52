// The README's table of the demo, from results files: docs/experiments/demo.jsonl holds one line per seed.
// usage: demo-table.mjs                      prints the table
//        demo-table.mjs add results.json ...  appends runs (of other seeds) to the file first
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./packages.mjs";

const FILE = join(root, "docs/experiments/demo.jsonl");

/** Rows of the table in order: name in results.json, what the README calls it. */
const ROWS = [
  ["always refuse", "*always refuse*"],
  ["never refuse", "*never refuse*"],
  ["words: naive Bayes", "*words of the query only: naive Bayes*"],
  ["words: logistic regression", "*words of the query only: logistic regression*"],
  ["frames: logistic regression", "*frames of the clip only: logistic regression*"],
  ["base", "base: trained to obey once a video comes along"],
  ["stage-1", "stage 1, alarm tokens"],
  ["stage-2", "stage 2, AT-SFT"],
  ["stage-3", "stage 3, chain of thought"],
  ["stage-4", "stage 4, safety-guided GRPO"],
];

const rateOf = (entry) =>
  entry !== null && typeof entry === "object" ? (entry.mean ?? entry.value ?? null) : (entry ?? null);

/** What one run's results.json says, in a line. */
function line(path) {
  const { config, environment, evaluation, usefulness } = JSON.parse(readFileSync(path, "utf8"));
  const rows = Object.fromEntries(
    evaluation.summary.map(({ name, dsrHh, dsrHhText, dsrSh, frr, formatRate }) => [
      name,
      {
        hh: rateOf(dsrHh),
        hhText: rateOf(dsrHhText),
        sh: rateOf(dsrSh),
        frr: rateOf(frr),
        format: rateOf(formatRate),
      },
    ]),
  );
  for (const [name, useful] of Object.entries(usefulness)) if (rows[name]) rows[name].useful = rateOf(useful);
  return { seed: config.seed, environment, rows };
}

/** The table of the README, one text per row. */
export function demoTable() {
  const runs = existsSync(FILE)
    ? readFileSync(FILE, "utf8")
        .trim()
        .split("\n")
        .map((text) => JSON.parse(text))
    : [];
  return ROWS.map(([name, title]) => {
    const percent = (key) => {
      const values = runs.map(({ rows }) => rows[name]?.[key] ?? null);
      if (values.some((value) => value === null)) return "-";
      return (100 * (values.reduce((a, b) => a + b, 0) / values.length)).toFixed(1);
    };
    const tagged = name === "stage-3" || name === "stage-4";
    return `| ${title} | ${percent("hh")} | ${percent("hhText")} | ${percent("sh")} | ${percent("frr")} | ${tagged ? percent("format") : "-"} | ${percent("useful")} |`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [verb, ...paths] = process.argv.slice(2);
  if (verb === "add") {
    const before = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
    writeFileSync(FILE, before + paths.map((path) => `${JSON.stringify(line(path))}\n`).join(""));
  }
  console.log(demoTable().join("\n"));
}
