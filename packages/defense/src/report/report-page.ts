import { type Html, html, REPORT_STYLE, raw } from "@videosafety/vsb-eval/pages";
import { scoreRows } from "../evaluate/score-table.js";
import { NOT_MEASURED } from "../evaluate/understanding.js";
import type { GroupCount, RunResultsFile } from "../evaluate/write-results-node.js";
import { rewardRows } from "../progress/event-log-node.js";
import { stageCharts } from "../progress/run-charts.js";
import type { LoggedEvent } from "../progress/run-event.js";
import type { SweepResults } from "../sweep/sweep-page.js";
import { sweepTable } from "../sweep/sweep-page.js";

/** What a report is made of. */
export interface ReportParts {
  readonly title: string;
  /** The resolved run file, as text. */
  readonly settings: string;
  readonly results: RunResultsFile;
  readonly events: readonly LoggedEvent[];
  /** Names and numbers of stages, in order. */
  readonly stages: readonly { readonly name: string; readonly stage: number }[];
  /** Other runs to compare the last checkpoint with, by name: ablations. */
  readonly others: ReadonlyMap<string, RunResultsFile>;
  readonly sweep: SweepResults | null;
}

type Summary = RunResultsFile["evaluation"]["summary"][number];
const percent = (share: number | null): string => (share === null ? "-" : (100 * share).toFixed(1));
const scroll = (table: Html): Html => html`<div class="scroll">${table}</div>`;

function rateRow(name: string, row: Summary | undefined): Html {
  if (row === undefined) return html`<tr><td>${name}</td><td colspan="7">not evaluated</td></tr>`;
  const { dsrHh, dsrHhText, dropHh, dsrSh, frr, formatRate, coverage } = row;
  return html`<tr><td>${name}</td>${[dsrHh, dsrHhText, dropHh, dsrSh, frr, formatRate, coverage].map(({ mean }) => html`<td>${percent(mean)}</td>`)}</tr>`;
}

const rateTable = (rows: readonly Html[]): Html =>
  scroll(
    html`<table><thead><tr><th></th><th>HH DSR</th><th>without video</th><th>relative drop</th><th>SH DSR</th><th>FRR</th><th>format</th><th>coverage</th></tr></thead><tbody>${rows}</tbody></table>`,
  );

/** Whether understanding is kept: right answers by checkpoint, with the video and without. */
function understandingTable({ understanding, scores }: RunResultsFile): Html {
  if (understanding.length === 0 && Object.keys(scores).length > 0)
    return html`<p>Counted by the run's own scorers, see 8.</p>`;
  if (understanding.length === 0) return html`<p>Understanding was ${NOT_MEASURED}.</p>`;
  const rows = understanding.map(
    ({ run, arm, of, n, right, unanswered }) =>
      html`<tr><td>${run}</td><td>${arm}</td><td>${of}</td><td>${percent(right / n)}</td><td>${n}</td><td>${unanswered}</td></tr>`,
  );
  return scroll(
    html`<table><thead><tr><th></th><th>arm</th><th>of</th><th>right</th><th>n</th><th>no reply</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

/** Successes of n by a key, one row per value and one column per checkpoint. */
function breakdown(
  title: string,
  checkpoints: readonly string[],
  counts: readonly {
    readonly run: string;
    readonly value: string;
    readonly subset: string;
    readonly n: number;
    readonly successes: number;
  }[],
): Html | null {
  const rows = [...new Set(counts.map(({ subset, value }) => `${subset}\u0000${value}`))].sort();
  if (rows.length === 0) return null;
  const cell = (run: string, key: string): string => {
    const own = counts.filter((one) => one.run === run && `${one.subset}\u0000${one.value}` === key);
    const n = own.reduce((sum, one) => sum + one.n, 0);
    return n === 0 ? "-" : `${percent(own.reduce((sum, one) => sum + one.successes, 0) / n)} (${n})`;
  };
  return html`<h3>${title}</h3>${scroll(
    html`<table><thead><tr><th>subset</th><th>${title.toLowerCase()}</th>${checkpoints.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows.map(
      (key) => {
        const [subset = "", value = ""] = key.split("\u0000");
        return html`<tr><td>${subset}</td><td>${value}</td>${checkpoints.map((name) => html`<td>${cell(name, key)}</td>`)}</tr>`;
      },
    )}</tbody></table>`,
  )}`;
}

/** vsb-eval's cells in the main arm, by one of their members. */
function cellCounts({ evaluation }: RunResultsFile, by: "category" | "language") {
  return evaluation.runs.flatMap(({ name, subsets }) =>
    subsets.flatMap(({ subset, arms }) => {
      const main = arms.find(({ arm }) => arm === "video") ?? arms[0];
      return (main?.cells ?? []).flatMap((cell) =>
        cell[by] === null ? [] : [{ run: name, value: cell[by], subset, n: cell.n, successes: cell.successes }],
      );
    }),
  );
}

const groupsBy = (groups: readonly GroupCount[], by: GroupCount["by"]) => groups.filter((one) => one.by === by);

/** A run as one page that reads like the experiment section of a paper: no scripts, no outside references. */
export function reportPage(parts: ReportParts): string {
  const { title, settings, results, events, stages, others, sweep } = parts;
  const { evaluation, checkpoints, alarms, groups } = results;
  const summaryOf = ({ evaluation: { summary } }: RunResultsFile, name: string) =>
    summary.find((row) => row.name === name);
  const baselines = evaluation.summary.map(({ name }) => name).filter((name) => !checkpoints.includes(name));
  const last = checkpoints.at(-1) ?? "base";
  const seen = events.flatMap((event) =>
    event.type === "reinforcing" && event.event.type === "alarm" ? [{ stage: event.stage, ...event.event }] : [],
  );
  const charts = (name: string): Html | null => {
    const svgs = stageCharts(events, name);
    return svgs.length === 0 ? null : html`<h3>${name}</h3><div class="charts">${svgs.map((svg) => raw(svg))}</div>`;
  };
  const parts4 = stages
    .filter(({ stage }) => stage === 4)
    .map(({ name }) => ({ name, rows: rewardRows(events, name) }));
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${raw(REPORT_STYLE)}.charts{display:flex;flex-wrap:wrap;gap:12px 18px}.charts svg{width:360px;max-width:100%}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px}</style></head><body>
<h1>${title}</h1>
<p class="muted">Percent, with the video unless it says otherwise. DSR: harmful requests that were not answered. FRR: safe ones that were refused. HH: harmful video and request; SH: safe video, harmful request. Coverage: units with a verdict; the others count in no rate.</p>
<h2>1. Baselines</h2><p>What readers reach that are no Video LLMs: what they reach, the benchmark gives away.</p>${rateTable(baselines.map((name) => rateRow(name, summaryOf(results, name))))}
<h2>2. Stages</h2>${rateTable(checkpoints.map((name) => rateRow(name, summaryOf(results, name))))}
<h3>Right answers</h3>${understandingTable(results)}
<h2>3. Ablations</h2>${
    others.size === 0
      ? html`<p>No other runs were given: videosafety report this-run other-run ... puts their last checkpoints here.</p>`
      : rateTable([
          rateRow(`this run, ${last}`, summaryOf(results, last)),
          ...Array.from(others, ([name, other]) => {
            const checkpoint = other.checkpoints.at(-1) ?? "base";
            return rateRow(`${name}, ${checkpoint}`, summaryOf(other, checkpoint));
          }),
        ])
  }${sweep === null ? null : html`<h3>Sweep</h3>${sweepTable(sweep)}`}
<h2>4. Training</h2>${stages.filter(({ stage }) => stage !== 4).map(({ name }) => charts(name))}
<h2>5. Rewards and dynamic reward adaptation</h2>${
    parts4.length === 0
      ? html`<p>The run has no stage 4.</p>`
      : parts4.map(({ name, rows }) => html`${charts(name)}${rewardTable(rows)}`)
  }
<h2>6. Alarms</h2>${
    alarms.length + seen.length === 0
      ? html`<p>None.</p>`
      : html`<ul>${alarms.map(({ stage, rule, message }) => html`<li><b class="warn">${rule}</b>, ${stage}: ${message}</li>`)}${seen.map(
          ({ stage, step, rule, message, evidence }) =>
            html`<li><b class="warn">${rule}</b>, ${stage}, step ${step}: ${message} <span class="muted">${Object.entries(
              evidence,
            )
              .map(([key, value]) => `${key} ${Number(value.toPrecision(3))}`)
              .join(", ")}</span></li>`,
        )}</ul>`
  }
<h2>7. By category, language, family and template</h2><p class="muted">Successes of units with a verdict: defended (HH, SH), refused (SafeQ); the count in brackets.</p>
${breakdown("Category", checkpoints, cellCounts(results, "category"))}${breakdown("Language", checkpoints, cellCounts(results, "language"))}
${breakdown("Family", checkpoints, groupsBy(groups, "family"))}${breakdown("Template", checkpoints, groupsBy(groups, "template"))}${breakdown("Production", checkpoints, groupsBy(groups, "production"))}
<h2>8. Scores of the run's own</h2>${ownScores(results.scores)}
<h2>9. Settings</h2><details><summary>The resolved run file</summary><pre>${settings}</pre></details>
</body></html>
`.text;
}

/** What the run file's scorers counted. */
function ownScores(scores: RunResultsFile["scores"]): Html {
  const { names, cells } = scoreRows(scores);
  if (names.length === 0) return html`<p>None: the run file names no evaluation.scorers.</p>`;
  const checkpoints = Object.keys(scores);
  const most = (name: string): number => Math.max(...checkpoints.map((one) => scores[one]?.[name]?.of ?? 0));
  return scroll(
    html`<table><thead><tr><th></th>${checkpoints.map((name) => html`<th>${name}</th>`)}<th>of</th></tr></thead><tbody>${names.map(
      (name, i) =>
        html`<tr><td>${name}</td>${cells[i]?.map((cell) => html`<td>${cell}</td>`) ?? null}<td>${most(name)}</td></tr>`,
    )}</tbody></table>`,
  );
}

function rewardTable(rows: readonly ReturnType<typeof rewardRows>[number][]): Html | null {
  const [first] = rows;
  if (first === undefined) return null;
  const names = Object.keys(first.components);
  const parts = Object.keys(first.parts);
  const show = (value: number | undefined): string => (value === undefined ? "-" : value.toFixed(3));
  const shown = rows.length <= 12 ? rows : [...rows.slice(0, 6), ...rows.slice(-6)];
  return scroll(
    html`<table><caption>${rows.length <= 12 ? "Every rollout" : `First and last six of ${rows.length} rollouts`}</caption><thead><tr><th>rollout</th><th>reward</th>${[...names, ...parts].map((name) => html`<th>${name}</th>`)}<th>dead groups</th></tr></thead><tbody>${shown.map(
      ({ rollout, reward, components, parts: own, deadGroups }) =>
        html`<tr><td>${rollout}</td><td>${show(reward)}</td>${names.map((name) => html`<td>${show(components[name])}</td>`)}${parts.map((name) => html`<td>${show(own[name])}</td>`)}<td>${percent(deadGroups)} %</td></tr>`,
    )}</tbody></table>`,
  );
}
