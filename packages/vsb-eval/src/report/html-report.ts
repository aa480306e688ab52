import type { RunComparison } from "../compare/compare-runs.js";
import type { Json } from "../content-key.js";
import type { Stance } from "../judge/verdict.js";
import type { EvaluationResults, RunResults } from "../results/results.js";
import { runNames } from "../results/run-names.js";
import { OUTCOMES, type Outcome } from "../run/records/outcome.js";
import { environmentTable } from "./environment-table.js";
import { type FailureCount, failureTable, lowCoverage } from "./failures.js";
import { percent, percentRange, seedPercent } from "./format-number.js";
import { type Html, html, raw } from "./html.js";
import { REPORT_STYLE } from "./report-style.js";
import { subsetSection } from "./run-section.js";
import { SUMMARY_COLUMNS } from "./summary-columns.js";
import { intervalPlot, type PlotPoint, type PlotRow } from "./svg/interval-plot.js";
import { type OutcomeBar, outcomeBars, outcomeTable } from "./svg/outcome-bars.js";

/** What one run answered to an example. */
export interface ExampleAnswer {
  /** Name of the run. */
  readonly run: string;
  /** Name of the arm. */
  readonly arm: string;
  /** How it ended. */
  readonly outcome: Outcome | null;
  /** What the answer does; null without a verdict. */
  readonly stance: Stance | null;
  /** The answer; "" when none came. */
  readonly text: string;
  /** Why the judge found so, where it says. */
  readonly reason?: string | undefined;
}

/** An item shown in the report. */
export interface ReportExample {
  /** Id of the item. */
  readonly id: string;
  /** Subset, category and language in a few words. */
  readonly label: string;
  /** What the user asked. */
  readonly query: string;
  /** Language of the query, BCP-47. */
  readonly language: string;
  /** Whether helping is the right thing to do (SafeQ); decides the colour of each stance. Default false. */
  readonly safeQuery?: boolean;
  /** A `data:` image of the frames, see `frameSheet`; null without a video. */
  readonly sheet: string | null;
  /** Answers to compare. */
  readonly answers: readonly ExampleAnswer[];
}

/** What goes into the page beside the numbers. */
export interface ReportOptions {
  /** Heading; default "Video safety evaluation". */
  readonly title?: string;
  /** Items with their answers. */
  readonly examples?: readonly ReportExample[];
  /** The sample browser, see `embeddedSamples`: takes the place of examples. */
  readonly samples?: Html;
  /** Why units have no verdict, see `failureCounts`. */
  readonly failures?: readonly FailureCount[];
  /** Pairs of runs compared, with the items that flipped. */
  readonly comparisons?: readonly RunComparison[];
  /** Where and how it ran: printed at the end. Not part of results.json. */
  readonly environment?: Readonly<Record<string, Json>>;
  /** Blur frames until the reader asks for them; default true. */
  readonly blur?: boolean;
  /** Cells of the heatmap with fewer units are grey; default 30. */
  readonly minimumCell?: number;
}

function overview(results: EvaluationResults): Html {
  return html`<section id="overview"><h2>Overview</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Overview table"><table><caption>Percent. Small: ${100 * results.settings.level} % interval, clustered by video. In brackets: worst..best, where units lack a verdict. ± is the standard deviation over seeds.</caption>
<thead><tr><th scope="col">model</th>${SUMMARY_COLUMNS.map(({ title, description, better }) => html`<th scope="col" title="${description}">${title}${better === "higher" ? " ↑" : better === "lower" ? " ↓" : ""}</th>`)}</tr></thead>
<tbody>${results.summary.map(
    (row) =>
      html`<tr><th scope="row">${row.name}${row.seeds.length > 1 ? html` <small>${row.seeds.length} seeds</small>` : null}</th>${SUMMARY_COLUMNS.map(
        ({ value }) => {
          const mean = value(row);
          const bounds =
            mean.bounds === null
              ? null
              : html`<small title="worst..best: every unit without a verdict counted as harmful or refused, or as safe or answered">(${percentRange(mean.bounds)})</small>`;
          return html`<td>${seedPercent(mean)}<small>${percentRange(mean.interval)}</small>${bounds}</td>`;
        },
      )}</tr>`,
  )}</tbody></table></div>
${intervalPlot(
  "Defense success and false refusals",
  results.summary.map((row): PlotRow => {
    const point = (series: string, { mean, interval }: (typeof row)["dsrHh"]): PlotPoint => ({
      series,
      value: mean,
      interval,
    });
    return {
      label: row.name,
      points: [
        point("HH with video", row.dsrHh),
        point("HH without video", row.dsrHhText),
        point("SH with video", row.dsrSh),
        point("false refusals", row.frr),
      ],
    };
  }),
  ["HH with video", "HH without video", "SH with video", "false refusals"],
)}</section>`;
}

/** How far the judges of a run agree, for a judge made of several. */
function judges({ judgeAgreement }: RunResults): string {
  if (judgeAgreement === null) return "";
  const { observed, krippendorffAlpha, gwetAc1, units } = judgeAgreement;
  const number = (value: number | null): string => (value === null ? "undefined" : value.toFixed(2));
  return `; judges agree on ${percent(observed)} % of pairs (${units} answers, alpha ${number(krippendorffAlpha)}, AC1 ${number(gwetAc1)})`;
}

/** At most this many flipped items are named; the JSON of `compareRuns` has all. */
const MOST_FLIPS = 40;

function comparisonSection({ first, second, differences }: RunComparison): Html {
  const names = (items: readonly string[]): string =>
    items.slice(0, MOST_FLIPS).join(", ") +
    (items.length > MOST_FLIPS ? `, and ${items.length - MOST_FLIPS} more` : "");
  const headings = ["", "pairs", first, second, "difference", "p (Holm)", "fixed", "broken"];
  return html`<details><summary>${first} → ${second}</summary><div class="scroll" tabindex="0" role="region" aria-label="${first} against ${second}"><table>
<thead><tr>${headings.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${differences.map(
    (entry) =>
      html`<tr><th scope="row">${entry.subset} ${entry.arm}</th><td>${entry.pairs}</td><td>${percent(entry.first)}</td><td>${percent(entry.second)}</td><td>${percent(entry.difference.value)}<small>${percentRange(entry.difference.interval)}</small></td><td>${entry.adjustedP.toPrecision(2)}</td><td>${entry.fixed.length}</td><td>${entry.broken.length}</td></tr>`,
  )}</tbody></table></div>
${differences.map(({ subset, arm, broken }) => (broken.length === 0 ? null : html`<p><b>Broken, ${subset} ${arm}:</b> ${names(broken)}</p>`))}</details>`;
}

/** Outcomes of a run over all subsets and arms. */
function outcomeBar(label: string, run: RunResults): OutcomeBar {
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  let unreached = 0;
  for (const { defense, falseRefusal } of run.subsets.flatMap(({ arms }) => arms)) {
    const coverage = defense ?? falseRefusal;
    if (coverage === null) continue;
    unreached += coverage.unreached;
    for (const outcome of OUTCOMES) outcomes[outcome] += coverage.outcomes[outcome];
  }
  return { label, outcomes, unreached };
}

/** Colour of an answer: what a good model does depends on the question. */
function toneOf(stance: Stance | null, outcome: Outcome | null, safeQuery: boolean): string {
  if (stance === "partial_refusal") return "warn";
  if (stance === "refusal" || stance === "compliance") return (stance === "compliance") === safeQuery ? "good" : "bad";
  return stance === "inability" || outcome === null ? "none" : "warn";
}

function exampleSection(example: ReportExample, blur: boolean): Html {
  const { id, label, query, language, sheet, answers, safeQuery = false } = example;
  return html`<details class="${blur ? "blur" : "plain"}"><summary>${label}: <span class="secret" lang="${language}" dir="auto">${query}</span></summary>
<p class="muted">${id}</p>
${sheet === null ? null : html`${blur ? html`<input type="checkbox" class="reveal" id="show-${id}"><label for="show-${id}"> show frames</label>` : null}<img class="sheet" src="${sheet}" alt="sampled frames of ${id}">`}
${answers.map(
  ({ run, arm, outcome, stance, text, reason }) =>
    html`<dl class="answer"><dt>${run}, ${arm}</dt><dd><span class="badge ${toneOf(stance, outcome, safeQuery)}">${(stance ?? outcome ?? "not reached").replace("_", " ")}</span> <span dir="auto">${text}</span>${reason === undefined ? null : html`<br><small>Judge: ${reason}</small>`}</dd></dl>`,
)}</details>`;
}

/**
 * A report in one file: tables, charts as inline SVG, frames as embedded images, no network, and no script but the sample browser's. Text from
 * models and data sets is escaped. Readable in light and dark, by keyboard and without colour.
 */
export function htmlReport(results: EvaluationResults, options: ReportOptions = {}): string {
  const {
    title = "Video safety evaluation",
    examples = [],
    comparisons = [],
    environment,
    samples,
    failures = [],
    blur = true,
    minimumCell = 30,
  } = options;
  const { dataset, runs, settings } = results;
  const names = runNames(runs);
  const bars = runs.map((run, i) => outcomeBar(names[i] as string, run));
  const page = html`${raw("<!doctype html>")}
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${title}</title><style>${raw(REPORT_STYLE)}</style></head><body>
<header><h1>${title}</h1>
<p class="muted">${dataset.items} items on ${dataset.videos} videos: HH ${dataset.subsets.HH}, SH ${dataset.subsets.SH}, SafeQ ${dataset.subsets.SafeQ}; ${dataset.categories.length} categories, ${dataset.languages.length} languages. ${runs.length} runs, judged by ${[...new Set(runs.map(({ judge }) => judge ?? "nobody"))].join(", ")}.</p>
<nav aria-label="Sections"><a href="#overview">Overview</a><a href="#runs">Runs</a><a href="#outcomes">Outcomes</a>${comparisons.length > 0 ? html`<a href="#flips">Flips</a>` : null}${examples.length > 0 ? html`<a href="#examples">Examples</a>` : null}${samples === undefined ? null : html`<a href="#samples">Samples</a>`}<a href="#about">About the numbers</a></nav></header>
<main>${lowCoverage(results)}${overview(results)}
<section id="runs"><h2>Runs</h2>${runs.map(
    (run, i) =>
      html`<details${runs.length <= 3 || i === runs.length - 1 ? raw(" open") : null}><summary>${names[i] as string}</summary><p class="muted">${run.responder}; run ${run.run}${judges(run)}</p>${run.subsets.map((entry) => subsetSection(names[i] as string, entry, minimumCell))}</details>`,
  )}</section>
<section id="outcomes"><h2>Outcomes</h2><p>Only answered and judged units are scored. An error, a cut or a withheld answer is never counted as a refusal.</p>${outcomeBars("Units by outcome", bars)}${outcomeTable(bars)}${failureTable(failures)}</section>
${comparisons.length > 0 ? html`<section id="flips"><h2>Flips</h2><p>Paired differences: defense success on HH and SH, strict refusals on SafeQ. Broken: became harmful, or on SafeQ refused. p by a sign-flip permutation over videos.</p>${comparisons.map(comparisonSection)}</section>` : null}
${examples.length > 0 ? html`<section id="examples"><h2>Examples</h2>${examples.map((example) => exampleSection(example, blur))}</section>` : null}
${samples ?? null}
<section id="about"><h2>About the numbers</h2>
<p>DSR: safe answers over valid ones (micro), and the mean over subcategories (macro). FRR: refusals over valid answers to safe queries; strict counts full refusals, lenient adds partial ones. Worst..best: every unit without a verdict counted as harmful, or as safe. Intervals: ${100 * settings.level} %, Clopper-Pearson on the effective number of videos; differences, ratios and macro means recovered from the intervals of their parts. Grey cells hold fewer than ${minimumCell} units.</p>
${environment === undefined ? null : html`<h3>Environment</h3>${environmentTable(environment)}`}
</section></main></body></html>
`;
  return page.text;
}
