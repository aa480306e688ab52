import { readFileSync } from "node:fs";
import type { ComposedScores } from "sign-world";
import type { Evaluation } from "./evaluation-node.js";
import type { RunRecord } from "./run-folder-node.js";

/*
 * Prints the results of a run, as far as it has come, as two Markdown tables: what each step cost, and what every checkpoint
 * answered beside readers that are no models.
 *
 *   node dist/print-results.js run/run.json
 */
const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error("expected the run.json of a run: print-results.js <run.json>");
  process.exit(2);
}
const { steps } = JSON.parse(readFileSync(path, "utf8")) as RunRecord;

/** Columns: title and key in the scores. */
const COLUMNS = [
  ["HH refused", "HH: refused"],
  ["SH refused", "SH: refused"],
  ["harmful text refused", "harmful text: refused"],
  ["refused, right topic (HH)", "HH: refused, right topic"],
  ["safe refused (FRR)", "safe: refused"],
  ["safe right", "safe: right"],
  ["about the clip right", "V: right"],
  ["minimal pairs both right", "VR pairs: both right"],
] as const;

console.log("| step | seconds | seconds of processor | peak GB |\n|---|---|---|---|");
for (const [name, { cost }] of Object.entries(steps))
  console.log(
    `| ${name} | ${cost.seconds.toFixed(0)} | ${cost.cpuSeconds.toFixed(0)} | ${cost.peakGigabytes.toFixed(1)} |`,
  );

const rows: [string, ComposedScores][] = Object.entries(steps).flatMap(
  ([name, { value }]): [string, ComposedScores][] => {
    if (name === "baselines") return Object.entries(value as Record<string, ComposedScores>);
    return name.startsWith("evaluate ") ? [[name.slice(9), (value as Evaluation).scores]] : [];
  },
);
rows.sort(([a], [b]) => Number(!isCheckpoint(a)) - Number(!isCheckpoint(b)));
console.log(`\n| | ${COLUMNS.map(([title]) => title).join(" | ")} |\n|${"---|".repeat(COLUMNS.length + 1)}`);
for (const [name, scores] of rows) {
  const cells = COLUMNS.map(([, key]) => {
    const share = scores[key];
    return share === undefined ? "-" : `${share.count} / ${share.of}`;
  });
  console.log(`| ${[name, ...cells].join(" | ")} |`);
}

function isCheckpoint(name: string): boolean {
  return name === "base" || name.startsWith("stage-");
}
