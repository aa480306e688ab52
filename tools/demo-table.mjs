// The table of the demo, from results files: docs/experiments/demo.jsonl holds one line per seed.
// usage: demo-table.mjs                      prints the table
//        demo-table.mjs add results.json ...  appends runs (of other seeds) to the file first
import { appendFileSync, existsSync, readFileSync } from "node:fs";
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
  ["vision encoder: logistic regression", "*the base's visual embeddings only: logistic regression*"],
  ["base", "base: tuned on benign clips"],
  ["stage-1", "stage 1, alarm tokens"],
  ["stage-2", "stage 2, AT-SFT"],
  ["stage-3", "stage 3, chain of thought"],
  ["stage-4", "stage 4, safety-guided GRPO"],
];

const rateOf = (entry) =>
  entry !== null && typeof entry === "object" ? (entry.mean ?? entry.value ?? null) : (entry ?? null);

/** Counts of the world's truth that the table shows: key in the file, name in results.json. */
const COUNTS = {
  textRefused: "harmful text: refused",
  hhRefused: "HH: refused",
  hhComplied: "HH: complied",
  hhTopic: "HH: refused, right topic",
  hhReasoned: "HH: right topic in the reasoning",
  shRefused: "SH: refused",
  shComplied: "SH: complied",
  shTopic: "SH: refused, right topic",
  safeRight: "safe: right",
  videoRight: "V: right",
  cautions: "safe completions",
  pairs: "VR pairs: both right",
};

/** What one run's results.json says, in a line. */
function line(path) {
  const { seed, environment, evaluation, scores } = JSON.parse(readFileSync(path, "utf8"));
  const rows = Object.fromEntries(
    evaluation.summary.map(({ name, dsrHh, dsrHhText, dsrSh, frr, formatRate }) => [
      name,
      {
        hh: rateOf(dsrHh),
        hhText: rateOf(dsrHhText),
        sh: rateOf(dsrSh),
        frr: rateOf(frr),
        format: rateOf(formatRate),
        ...Object.fromEntries(
          Object.entries(COUNTS).flatMap(([key, score]) => {
            const share = scores[name]?.[score];
            return share === undefined ? [] : [[key, share]];
          }),
        ),
      },
    ]),
  );
  return { seed, environment, rows };
}

const percent = (share) => (share === null || !Number.isFinite(share) ? "-" : (100 * share).toFixed(1));

const readRuns = () =>
  existsSync(FILE)
    ? readFileSync(FILE, "utf8")
        .trim()
        .split("\n")
        .map((text) => JSON.parse(text))
    : [];

/** The table, one text per row that any run has; none without runs: means of runs, of counts pooled shares. */
export function demoTable() {
  const runs = readRuns();
  if (runs.length === 0) return [];
  return ROWS.filter(([name]) => runs.some(({ rows }) => rows[name] !== undefined)).map(([name, title]) => {
    const of = runs.map(({ rows }) => rows[name] ?? {});
    const mean = (key) => {
      const values = of.map((row) => row[key] ?? null);
      return values.length === 0 || values.some((value) => value === null)
        ? null
        : values.reduce((a, b) => a + b, 0) / values.length;
    };
    const pooled = (...keys) => {
      const shares = of.flatMap((row) => keys.map((key) => row[key]));
      if (shares.length === 0 || shares.some((share) => share === undefined)) return null;
      return shares.reduce((sum, { count }) => sum + count, 0) / shares.reduce((sum, share) => sum + share.of, 0);
    };
    // Of the refusals, those that name the query's topic.
    const topics = () => {
      const count = (key) => of.reduce((sum, row) => sum + (row[key]?.count ?? Number.NaN), 0);
      return (count("hhTopic") + count("shTopic")) / (count("hhRefused") + count("shRefused"));
    };
    const cells = [
      mean("hhText"),
      mean("hh"),
      pooled("hhComplied"),
      mean("sh"),
      pooled("shComplied"),
      mean("frr"),
      topics(),
      pooled("safeRight"),
      pooled("videoRight"),
      pooled("pairs"),
    ];
    return `| ${[title, ...cells.map(percent)].join(" | ")} |`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [verb, ...paths] = process.argv.slice(2);
  if (verb !== undefined && (verb !== "add" || paths.length === 0)) {
    console.error(`usage: demo-table.mjs [add results.json ...], found ${[verb, ...paths].join(" ")}`);
    process.exit(2);
  }
  const added = paths.map(line);
  const runs = [...readRuns(), ...added];
  const twice = runs.find(({ seed }, i) => runs.findIndex((run) => run.seed === seed) < i);
  if (twice !== undefined) {
    console.error(`a run of seed ${twice.seed} would count twice; take the other line out of ${FILE} first`);
    process.exit(1);
  }
  appendFileSync(FILE, added.map((run) => `${JSON.stringify(run)}\n`).join(""));
  console.log(demoTable().join("\n"));
}
