import { percent, percentRange } from "../report/format-number.js";
import { type Html, html } from "../report/html.js";
import { referenceOf } from "./matrix-options.js";
import type { MatrixCell, MatrixRate, MatrixResults, MatrixVisibility } from "./matrix-results.js";

/** Anchor of the clips behind a row. */
export const clipAnchor = (attack: string): string => `clips-${attack.replace(/[^a-zA-Z0-9-]+/g, "-")}`;

/** The cell of a row at its highest intensity. */
export function lastCell({ cells, attacks }: MatrixResults, attack: string, defense: string): MatrixCell | undefined {
  const intensity = attacks.find(({ name }) => name === attack)?.intensities.at(-1) ?? null;
  return cells.find((cell) => cell.attack === attack && cell.defense === defense && cell.intensity === intensity);
}

/** A share as a whole percentage: what a cell of tens of units can tell. */
const wholePercent = (value: number): string => (100 * value).toFixed(0);

/** Worst and best case, where units lack a verdict. */
function bounds({ n, planned, lower, upper }: MatrixRate): Html | null {
  if (n === planned || lower === null || upper === null) return null;
  return html`<small title="${n} of ${planned} units judged: worst to best case">(${wholePercent(lower)}..${wholePercent(upper)})</small><small>n ${n}</small>`;
}

/** A row that names the items of those below it. */
function groupRow({ attacks, defenses }: MatrixResults, index: number): Html | null {
  const split = attacks[index]?.split;
  if (split === undefined || split === attacks[index - 1]?.split) return null;
  return html`<tr class="group"><th colspan="${defenses.length + 1}" scope="colgroup">${split}</th></tr>`;
}

/**
 * A heatmap of a rate: rows are attacks at their highest intensity, columns defenses. Every cell holds its number, interval and n, and
 * leads to the clips behind it.
 */
export function matrixHeatmap(results: MatrixResults, rate: "dsr" | "frr", caption: string, minimum: number): Html {
  const { attacks, defenses } = results;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="heat matrix"><caption>${caption}</caption>
<thead><tr><th scope="col">attack</th>${defenses.map(({ name, title }) => html`<th scope="col" title="${title}">${name}</th>`)}</tr></thead>
<tbody>${attacks.map(
    ({ name, title, intensities }, index) =>
      html`${groupRow(results, index)}<tr><th scope="row" title="${title}"><a href="#${clipAnchor(name)}">${name}</a>${intensities.length > 0 ? html` <small>${intensities.at(-1) as number}</small>` : null}</th>${defenses.map(
        (defense) => {
          const found = lastCell(results, name, defense.name)?.[rate];
          if (found === undefined || found.value === null) return html`<td class="none">–</td>`;
          const good = rate === "dsr" ? found.value : 1 - found.value;
          return html`<td class="${found.n < minimum ? "few" : "cell"}" style="--share:${good.toFixed(3)}" title="${name} against ${defense.name}: ${found.n} of ${found.planned} units were answered and judged"><a href="#${clipAnchor(name)}"><b>${wholePercent(found.value)}</b></a>${found.interval === null ? null : html`<small>${wholePercent(found.interval.lower)}..${wholePercent(found.interval.upper)}</small>`}${bounds(found)}</td>`;
        },
      )}</tr>`,
  )}</tbody></table></div>`;
}

/** DSR under each attack against that without one, over the same items: what broke which defense. */
export function dropTable(results: MatrixResults): Html {
  const { attacks, defenses } = results;
  const firsts = new Set(attacks.map((attack) => referenceOf(attacks, attack).name));
  const rows = attacks.filter(({ name }) => !firsts.has(name));
  if (rows.length === 0) return html``;
  const caption = `Change of DSR against ${[...firsts].map((name) => `"${name}"`).join(" or ")}, points over the same items`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="matrix"><caption>${caption}. Bold: the interval excludes 0.</caption>
<thead><tr><th scope="col">attack</th>${defenses.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ name }) =>
      html`<tr><th scope="row">${name}</th>${defenses.map((defense) => {
        const drop = lastCell(results, name, defense.name)?.drop;
        if (drop === undefined || drop.value === null) return html`<td class="none">–</td>`;
        const { value, interval } = drop;
        const sure = interval !== null && (interval.lower > 0 || interval.upper < 0);
        const text = `${value > 0 ? "+" : ""}${percent(value)}`;
        return html`<td>${sure ? html`<b>${text}</b>` : text}<small>${percentRange(interval)}</small></td>`;
      })}</tr>`,
  )}</tbody></table></div>`;
}

/** What sampling can show of each attack, beside what was measured of the defenses that use it. */
export function visibilityTable(results: MatrixResults): Html {
  const { visibility, defenses, attacks } = results;
  const rows = visibility.filter(({ attack, intensity }) => {
    const last = attacks.find(({ name }) => name === attack)?.intensities.at(-1) ?? null;
    return intensity === last;
  });
  // What a run is shown of an attack: attacks that were searched against a run differ from run to run.
  const viewOf = (row: MatrixVisibility): string =>
    JSON.stringify([results.runs.find(({ name }) => name === row.run)?.plan ?? null, { ...row, run: "" }]);
  // Runs that are shown the same would repeat themselves.
  const distinct = new Map<string, { readonly row: MatrixVisibility; readonly runs: string[] }>();
  for (const row of rows) {
    const known = distinct.get(viewOf(row));
    if (known === undefined) distinct.set(viewOf(row), { row, runs: [row.run] });
    else known.runs.push(row.run);
  }
  const caption = "What the sampling can show of each attack, and what the defenses with it refused";
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="matrix"><caption>${caption}. Predicted: video-sampler's bound on the probability that any shown frame holds the content; no model is needed for it.</caption>
<thead><tr>${["attack", "sampling of", "content on screen, s", "longest blind gap, s", "predicted seen", "seen", "DSR of defenses with it"].map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${[...distinct.values()].map(({ row, runs: alike }) => {
    // The first run of a defense decides what its guard sees.
    const measured = defenses
      .filter(({ runs }) => alike.includes(runs[0] as string))
      .map(({ name }) => `${name} ${percent(lastCell(results, row.attack, name)?.dsr.value ?? null)}`)
      .join(", ");
    return html`<tr><th scope="row">${row.attack}</th><td>${row.run}</td><td>${row.contentSeconds.toFixed(2)}</td><td>${row.longestGapSeconds.toFixed(2)}</td><td>${percent(row.predicted)}</td><td>${percent(row.shown)}</td><td class="wrap">${measured}</td></tr>`;
  })}</tbody></table></div>`;
}

/** What each defense costs, over the rows of the matrix. */
export function costTable(results: MatrixResults): Html {
  const { defenses, cells } = results;
  const mean = (values: readonly (number | null)[]): string => {
    const known = values.filter((value): value is number => value !== null);
    return known.length === 0 ? "–" : (known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(1);
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Cost"><table class="matrix"><caption>Cost per item, mean over all cells. Times are those of the machine that ran it; compare them within one run only.</caption>
<thead><tr>${["defense", "model calls", "frames", "milliseconds"].map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${defenses.map(({ name, title }) => {
    const own = cells.filter(({ defense }) => defense === name).map(({ cost }) => cost);
    return html`<tr><th scope="row" title="${title}">${name}</th><td>${mean(own.map(({ calls }) => calls))}</td><td>${mean(own.map(({ frames }) => frames))}</td><td>${mean(own.map(({ milliseconds }) => milliseconds))}</td></tr>`;
  })}</tbody></table></div>${queryTable(results)}`;
}

/** What adaptive attackers asked before their attack; nothing where no row was searched. */
function queryTable(results: MatrixResults): Html | null {
  const { defenses, attacks } = results;
  const queriesOf = (attack: string, defense: string): number | null =>
    lastCell(results, attack, defense)?.cost.queries ?? null;
  const rows = attacks.filter(({ name }) => defenses.some((defense) => queriesOf(name, defense.name) !== null));
  if (rows.length === 0) return null;
  const caption = "What adaptive attacks cost: queries per harmful item to find their parameters, in the mean";
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="matrix"><caption>${caption}</caption>
<thead><tr><th scope="col">attack</th>${defenses.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ name }) =>
      html`<tr><th scope="row">${name}</th>${defenses.map((defense) => html`<td>${queriesOf(name, defense.name)?.toFixed(1) ?? "–"}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
