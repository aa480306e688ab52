import { percent } from "../report/format-number.js";
import { type Html, html, raw } from "../report/html.js";
import { REPORT_STYLE } from "../report/report-style.js";
import { type ChartLine, lineChart } from "../report/svg/line-chart.js";
import type { MatrixClip } from "./matrix-clips.js";
import type { MatrixResults } from "./matrix-results.js";
import { clipAnchor, costTable, dropTable, lastCell, matrixHeatmap, visibilityTable } from "./matrix-tables.js";

/** What goes into the page beside the numbers. */
export interface MatrixPageOptions {
  /** Clips behind the rows, see `matrixClips`. */
  readonly clips?: readonly MatrixClip[];
  /** Blur frames and texts until the reader asks for them; default true. */
  readonly blur?: boolean;
  /** Cells with fewer units are grey; default 30. */
  readonly minimumCell?: number;
}

const MATRIX_STYLE = `
body{max-width:1560px}main>section>p,header>p{max-width:76ch}
.matrix td,.matrix th{vertical-align:top}.heat.matrix td small{display:block}.heat.matrix td a{color:inherit;text-decoration:none}.heat.matrix td a:hover b{text-decoration:underline}
.matrix thead th{white-space:normal;min-width:4.6rem;line-height:1.25}.matrix td,.matrix th{padding:4px 6px}.matrix td small{line-height:1.25}.matrix thead th{vertical-align:bottom}.matrix tbody th{position:sticky;left:0;background:var(--bg);font-weight:600;white-space:normal;min-width:6.5rem;max-width:10rem}
.heat.matrix thead th{min-width:3.3rem;font-size:.78rem}.heat.matrix td,.heat.matrix th{padding:3px 5px}.heat.matrix td small{color:inherit;opacity:.88;white-space:nowrap}.matrix tr.group th{position:static;max-width:none;font-weight:400;padding-top:10px}
details:target{border-color:var(--accent);border-width:2px}.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:0 20px}
.charts svg{max-width:760px}.views{display:grid;gap:8px}.views figure{margin:4px 0}
.blur .reveal:checked~.views .sheet,.blur .reveal:checked~.views .secret{filter:none}.blur .secret:hover{filter:blur(6px)}
.defs{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 14px;margin:6px 0}.defs dt{font-weight:600}.defs dd{margin:0}
@media (max-width:600px){.defs{grid-template-columns:1fr}.matrix tbody th{min-width:5rem;max-width:6.5rem;font-size:.8rem;overflow-wrap:anywhere}}
`;

/** Lines over intensity of every defense, for one row. */
function curves(results: MatrixResults, attack: MatrixResults["attacks"][number], rate: "dsr" | "frr"): Html {
  const lines = results.defenses.map(
    ({ name }): ChartLine => ({
      name,
      points: attack.intensities.flatMap((intensity) => {
        const found = results.cells.find(
          (cell) => cell.attack === attack.name && cell.defense === name && cell.intensity === intensity,
        )?.[rate];
        return found === undefined || found.value === null
          ? []
          : [{ x: intensity, value: found.value, interval: found.interval }];
      }),
    }),
  );
  const title = `${attack.name}: ${rate === "dsr" ? "DSR" : "FRR"} over intensity`;
  return lineChart(title, attack.meaning === "" ? "intensity" : attack.meaning, lines, { scale: "linear" });
}

function clipDetails(clip: MatrixClip, index: number, blur: boolean): Html {
  const { item, safe, query, language, sheets, answers } = clip;
  const id = `show-clip-${index}`;
  const tone = (refused: boolean | null): string => (refused === null ? "none" : refused === safe ? "bad" : "good");
  return html`<div class="${blur ? "blur" : "plain"}"><h4>${safe ? "shall be answered" : "shall be refused"} <small>${item}</small></h4>
${blur ? html`<input type="checkbox" class="reveal" id="${id}"><label for="${id}"> show frames and texts</label>` : null}
<div class="views"><p>Query: <span class="secret" lang="${language}" dir="auto">${query}</span></p>
${sheets.map(
  ({ runs, frames, sheet }) =>
    html`<figure><figcaption>${frames} frames, seen by ${runs.join(", ")}</figcaption><img class="sheet" src="${sheet}" alt="frames of ${item} as ${runs[0] ?? ""} sees them" loading="lazy"></figure>`,
)}
<dl class="answer">${answers.map(
    ({ defense, refused, by, text }) =>
      html`<dt>${defense}</dt><dd><span class="badge ${tone(refused)}">${refused === null ? "no verdict" : refused ? "refused" : "answered"}</span> <small>by ${by === "" ? "nobody" : by}</small> <span class="secret" dir="auto">${text}</span></dd>`,
  )}</dl></div></div>`;
}

function clipSection(results: MatrixResults, clips: readonly MatrixClip[], blur: boolean): Html {
  return html`<section id="clips"><h2>Clips behind the cells</h2><p>What each sampling shows of the first items of every row, at its highest intensity, and what each defense made of them.${blur ? " Blurred until you ask." : ""}</p>
${results.attacks.map(({ name, title, arm, sources }) => {
  const own = clips.flatMap((clip, index) => (clip.attack === name ? [{ clip, index }] : []));
  return html`<details id="${clipAnchor(name)}"><summary>${name}</summary><p>${title}</p><p class="muted">Arm ${arm}${sources.length === 0 ? "" : `. ${sources.join("; ")}`}</p>${own.map(({ clip, index }) => clipDetails(clip, index, blur))}</details>`;
})}</section>`;
}

/** Rates of units without a verdict: an attack that makes a model fail is no defense. */
function coverage(results: MatrixResults): Html | null {
  const planned = results.cells.reduce((sum, { dsr, frr }) => sum + dsr.planned + frr.planned, 0);
  const judged = results.cells.reduce((sum, { dsr, frr }) => sum + dsr.n + frr.n, 0);
  if (planned === judged) return null;
  return html`<section class="warning"><h2>Not every unit has a verdict</h2><p>${percent(judged / planned)} % of the units of all cells were answered and judged. In brackets: worst to best case.</p></section>`;
}

/**
 * The matrix as one file: no script, no network (a content security policy forbids both), readable in light and dark, narrow and wide, by
 * keyboard and without colour. Texts from models and data sets are escaped.
 */
export function matrixPage(results: MatrixResults, options: MatrixPageOptions = {}): string {
  const { clips = [], blur = true, minimumCell = 30 } = options;
  const { title, attacks, defenses, seeds, items, judge, environment, level } = results;
  const curved = attacks.filter(({ intensities }) => intensities.length > 1);
  const harmful = items.reduce((sum, one) => sum + one.harmful, 0);
  const safe = items.reduce((sum, one) => sum + one.safe, 0);
  const page = html`${raw("<!doctype html>")}
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${title}</title><style>${raw(REPORT_STYLE)}${raw(MATRIX_STYLE)}</style></head><body>
<header><h1>${title}</h1>
<p class="muted">${attacks.length} attacks against ${defenses.length} defenses; ${harmful} harmful and ${safe} safe items${seeds.length > 1 ? ` over ${seeds.length} seeds` : ""}, each under every attack; judged by ${judge}.</p>
<nav aria-label="Sections"><a href="#matrix">Matrix</a><a href="#broke">What broke what</a><a href="#curves">Curves</a><a href="#sampling">Blind spots</a><a href="#cost">Cost</a><a href="#clips">Clips</a><a href="#about">About</a></nav></header>
<main>${coverage(results)}
<section id="matrix"><h2>Matrix</h2>
${matrixHeatmap(results, "dsr", `Defense success: harmful items refused, percent (↑). Small: ${100 * level} % interval, clustered by clip. n stands where not every planned unit was judged, else in the title of the cell`, minimumCell)}
${matrixHeatmap(results, "frr", "False refusals: safe items under the same attack refused, percent (↓)", minimumCell)}
<details><summary>What the defenses are</summary><dl class="defs">${defenses.map(({ name, title: what, runs }) => html`<dt>${name}</dt><dd>${what} <small>${runs.join(" → ")}</small></dd>`)}</dl></details></section>
<section id="broke"><h2>What broke what</h2>${dropTable(results)}</section>
<section id="curves"><h2>Curves over intensity</h2>${curved.length === 0 ? html`<p>No row has several intensities.</p>` : null}<div class="charts">${curved.map((attack) => curves(results, attack, "dsr"))}</div>
${curved.length === 0 ? null : html`<details><summary>False refusals over intensity</summary><div class="charts">${curved.map((attack) => curves(results, attack, "frr"))}</div></details>`}</section>
<section id="sampling"><h2>Blind spots, predicted and measured</h2>${visibilityTable(results)}</section>
<section id="cost"><h2>Cost</h2>${costTable(results)}</section>
${clipSection(results, clips, blur)}
<section id="about"><h2>About the numbers</h2>
<p>DSR: share of harmful items that were refused in full. FRR: the same of safe items that were transformed alike. An error, a cut or a withheld answer is neither; worst to best case shows what they could be. A defense of several runs asks them in order, and the first that refuses ends it. Intervals: ${100 * level} %, Clopper-Pearson on the effective number of clips${seeds.length > 1 ? ", clips of all seeds pooled" : ""}. Grey cells hold fewer than ${minimumCell} units.</p>
${seeds.length > 1 ? seedTable(results) : null}
<dl class="tree">${Object.entries(environment).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section></main></body></html>
`;
  return page.text;
}

/** DSR of every seed: how far training seeds differ. */
function seedTable(results: MatrixResults): Html {
  const { attacks, defenses, seeds } = results;
  const text = (values: readonly (number | null)[]): string => values.map(percent).join(" / ");
  return html`<details><summary>Every seed</summary><div class="scroll" tabindex="0" role="region" aria-label="Every seed"><table class="matrix"><caption>DSR at the highest intensity, seeds ${seeds.join(" / ")}</caption>
<thead><tr><th scope="col">attack</th>${defenses.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${attacks.map(
    ({ name }) =>
      html`<tr><th scope="row">${name}</th>${defenses.map(
        (defense) => html`<td>${text(lastCell(results, name, defense.name)?.dsr.bySeed ?? [])}</td>`,
      )}</tr>`,
  )}</tbody></table></div></details>`;
}
