import { alarmHeadsTable } from "./alarm-heads/alarm-heads.js";
import type { ArmResults } from "./arm-results-node.js";
import { ARMS, AT_SFT_ARMS, CONTROL_ARMS, MAIN_ARMS, READER_ARMS, SURFACES, SWEEP_ARMS, titleOf } from "./arms.js";
import { metricOf, observe } from "./metrics.js";
import { shareOf } from "./statistics.js";
import type { StudyEvidence } from "./study-evidence-node.js";
import {
  byArm,
  coverageTable,
  differencesTable,
  groupsTable,
  scoresTable,
  seedsTable,
  surfaceTables,
  table,
} from "./study-report.js";

const STAGES = ["base", "stage-1", "stage-2", "no-grpo", "full"];

/** Columns of the README's table. */
const README_METRICS = [
  "text-refused",
  "HH-refused",
  "HH-complied",
  "SH-refused",
  "SH-complied",
  "frr",
  "right-topic",
  "safe-right",
  "V-right",
  "vr-both",
];
/** What a reader that answers nothing cannot be asked. */
const ANSWERS_ONLY = ["right-topic", "safe-right", "V-right"];

/** The rows of the README's table: readers, base and stages, pooled over the seeds. */
export function readmeRows(results: readonly ArmResults[]): string[] {
  const arms = byArm(results);
  return [...READER_ARMS.map(({ name }) => name), ...STAGES].flatMap((name) => {
    const of = arms.get(name);
    const arm = ARMS.find((one) => one.name === name);
    if (of === undefined || arm === undefined) return [];
    const cells = README_METRICS.map((metric) =>
      arm.reader !== undefined && ANSWERS_ONLY.includes(metric) ? "-" : percentOf(of, metric),
    );
    return [`| ${[arm.title, ...cells].join(" | ")} |`];
  });
}

function percentOf(results: readonly ArmResults[], metric: string): string {
  const { value } = shareOf(observe(results, metricOf(metric)));
  return value === null ? "-" : (100 * value).toFixed(1);
}

const headsSection = (heads: StudyEvidence["heads"]): string[] => [
  "## What the classifiers tell apart",
  "Areas under the ROC curve on the held-out samples with clips: the mean of the seeds (each; widest half of a seed's 95 % interval). 0.5 is chance. The regressions learn from stage 2's records. Made by `npx tsx src/study/alarm-heads/score-alarm-heads.ts --seed N --base FOLDER` in examples/sign-world ([results](study/alarm-heads.jsonl)).",
  alarmHeadsTable(heads),
];

function environmentInWords(environment: unknown): string {
  const { node, cpuFeatures } = environment as { readonly node: string; readonly cpuFeatures: readonly string[] };
  return `Node ${node}, CPU with ${cpuFeatures.join(", ")}`;
}

/** Base and stages of bases of other shapes beside the world's own on the same seeds: the same records, settings and tokens. */
function architecturesTable(own: readonly ArmResults[], others: StudyEvidence["architectures"]): string {
  const seeds = new Set([...others.values()].flat().map(({ seed }) => seed));
  const all = new Map([["videollama3", own.filter(({ seed }) => seeds.has(seed))], ...others]);
  const rows = Array.from(all, ([shape, results]) => {
    const arms = byArm(results);
    return STAGES.flatMap((name) => {
      const of = arms.get(name);
      if (of === undefined) return [];
      const cells = README_METRICS.map((metric) => percentOf(of, metric));
      return [[shape, of.map(({ seed }) => seed).join(", "), titleOf(name), ...cells]];
    });
  }).flat();
  return table([["shape", "seeds", "percent", ...README_METRICS.map((metric) => metricOf(metric).title)], ...rows]);
}

const shapesSection = (own: readonly ArmResults[], others: StudyEvidence["architectures"]): string[] => [
  "## Bases of other shapes",
  "Made by `npx tsx src/base/degradation.ts --architecture SHAPE --seed N --steps 1500 --marks 0,1500 --replays 0.15 --out F` and `pnpm study --seeds N --base F/tuned-0.15 --arms base,stage-1,stage-2,no-grpo,full` in examples/sign-world.",
  architecturesTable(own, others),
];

/** The page of the study as Markdown; every number is made from the results files. */
export function studyPage({ results, heads, architectures }: StudyEvidence): string {
  const arms = byArm(results);
  const seeds = [...new Set(results.map(({ seed }) => seed))].sort((a, b) => a - b);
  const ablations = ["full", ...MAIN_ARMS.map(({ name }) => name).filter((name) => !STAGES.includes(name))];
  const atSft = AT_SFT_ARMS.map(({ name }) => name);
  const sweeps = SWEEP_ARMS.map(({ name }) => name);
  const surfaces = SURFACES.filter((surface) => surface.arms.some(({ name }) => arms.has(name)));
  const environments = [...new Set(results.map(({ environment }) => environmentInWords(environment)))];
  const sections = [
    "# Study: what each part of the method is worth",
    `Made from the results files in [study](study) by \`npx tsx examples/sign-world/src/study/draw-study.ts docs/experiments/study docs/experiments/study.md\`; a test repeats it. Seeds ${seeds.join(", ")}: each has a base, data and training order of its own. Draw: ${[...new Set(results.map(({ draw }) => draw))].join(", ")}. Computed on: ${environments.join("; ")}.`,
    "Shares are pooled over seeds, with intervals clustered by clip and by production (two-way). Differences are paired by query; p is the larger of two sign-flip tests (by clip, by production), adjusted after Holm over the whole table. With few seeds they speak of these trainings, not of other seeds: the last table shows how far seeds differ. *Detectable*: the smallest difference, in points, that the design finds with 80 % power.",
    "![Shares of every arm with 95 % intervals](study/study.svg)",
    "## What ran",
    coverageTable(arms),
    "## Readers that are no models",
    scoresTable(
      arms,
      READER_ARMS.map(({ name }) => name),
    ),
    "## Stages",
    scoresTable(arms, STAGES),
    "## Parts left out or weighed otherwise",
    scoresTable(arms, ablations),
    "## The same before reasoning and GRPO",
    scoresTable(arms, ["stage-2", ...atSft]),
    differencesTable(arms, "stage-2", atSft),
    ...(heads.length === 0 ? [] : headsSection(heads)),
    "## Controls: something else in the place of the clip",
    scoresTable(arms, ["full", ...CONTROL_ARMS.map(({ name }) => name)]),
    ...surfaces.flatMap((surface) => [
      `## ${surface.title}`,
      surfaceTables(arms, surface, ["HH-refused", "SH-refused", "frr", "safe-right"]),
      differencesTable(
        arms,
        surface.reference,
        surface.arms.map(({ name }) => name),
      ),
    ]),
    "## Differences from stage 4",
    differencesTable(
      arms,
      "full",
      ARMS.filter(({ reader, name }) => reader === undefined && ![...atSft, ...sweeps].includes(name)).map(
        ({ name }) => name,
      ),
    ),
    ...(architectures.size === 0 ? [] : shapesSection(results, architectures)),
    "## By novelty",
    groupsTable(arms, ["HH-refused", "right-topic", "vr-both"], "novelty"),
    "## By language",
    groupsTable(arms, ["HH-refused", "frr", "safe-right"], "language"),
    "## By category",
    groupsTable(arms, ["HH-refused", "right-topic"], "category"),
    "## Questions about the clip",
    groupsTable(arms, ["V-right"], "question", STAGES),
    "## Seed by seed",
    seedsTable(arms),
  ];
  return `${sections.join("\n\n")}\n`;
}
