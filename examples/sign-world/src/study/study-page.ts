import { alarmHeadsTable } from "./alarm-heads/alarm-heads.js";
import type { ArmResults } from "./arm-results-node.js";
import { ARMS, AT_SFT_ARMS, CONTROL_ARMS, MAIN_ARMS, READER_ARMS, SURFACES, SWEEP_ARMS } from "./arms.js";
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
    const cells = README_METRICS.map((metric) => {
      if (arm.reader !== undefined && ANSWERS_ONLY.includes(metric)) return "-";
      const { value } = shareOf(observe(of, metricOf(metric)));
      return value === null ? "-" : (100 * value).toFixed(1);
    });
    return [`| ${[arm.title, ...cells].join(" | ")} |`];
  });
}

const headsSection = (heads: StudyEvidence["heads"]): string[] => [
  "## What the classifiers tell apart",
  "Areas under the ROC curve on the held-out samples with clips: the mean of the seeds (each; widest half of a seed's 95 % interval). 0.5 is chance. The regressions learn from stage 2's records.",
  alarmHeadsTable(heads),
];

/** Base and stages of bases of other shapes beside the world's own on the same seeds: the same records, settings and tokens. */
function architecturesTable(own: readonly ArmResults[], others: StudyEvidence["architectures"]): string {
  const seeds = new Set([...others.values()].flat().map(({ seed }) => seed));
  const all = new Map([["videollama3", own.filter(({ seed }) => seeds.has(seed))], ...others]);
  const rows = Array.from(all, ([shape, results]) => {
    const arms = byArm(results);
    return STAGES.flatMap((name) => {
      const of = arms.get(name);
      if (of === undefined) return [];
      const cells = README_METRICS.map((metric) => {
        const { value } = shareOf(observe(of, metricOf(metric)));
        return value === null ? "-" : (100 * value).toFixed(1);
      });
      const title = ARMS.find((arm) => arm.name === name)?.title ?? name;
      return [`| ${[shape, of.map(({ seed }) => seed).join(", "), title, ...cells].join(" | ")} |`];
    });
  }).flat();
  const heading = ["shape", "seeds", "percent", ...README_METRICS.map((metric) => metricOf(metric).title)];
  return [`| ${heading.join(" | ")} |`, `|${heading.map(() => " --- ").join("|")}|`, ...rows].join("\n");
}

/** The page of the study as Markdown; every number is made from the results files. */
export function studyPage({ results, heads, architectures }: StudyEvidence): string {
  const arms = byArm(results);
  const seeds = [...new Set(results.map(({ seed }) => seed))].sort((a, b) => a - b);
  const ablations = ["full", ...MAIN_ARMS.map(({ name }) => name).filter((name) => !STAGES.includes(name))];
  const atSft = AT_SFT_ARMS.map(({ name }) => name);
  const sweeps = SWEEP_ARMS.map(({ name }) => name);
  const surfaces = SURFACES.filter((surface) => surface.arms.some(({ name }) => arms.has(name)));
  const features = [...new Set(results.map(({ environment }) => JSON.stringify(environment)))];
  const sections = [
    "# Study: what each part of the method is worth",
    `Made from the results files in [study](study) by \`npx tsx examples/sign-world/src/study/draw-study.ts docs/experiments/study docs/experiments/study.md\`; a test repeats it. Seeds ${seeds.join(", ")}: each has a base, data and training order of its own. Draw: ${[...new Set(results.map(({ draw }) => draw))].join(", ")}. Environments: ${features.length}.`,
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
    ...(architectures.size === 0 ? [] : ["## Bases of other shapes", architecturesTable(results, architectures)]),
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
