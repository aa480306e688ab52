import type { Cell } from "../results/results.js";
import { percent } from "./format-number.js";
import { type Html, html } from "./html.js";

/** Cells summed over subcategories: category x language. */
function byCategoryAndLanguage(cells: readonly Cell[]): Map<string, { n: number; successes: number }> {
  const sums = new Map<string, { n: number; successes: number }>();
  for (const { category, language, n, successes } of cells) {
    for (const row of [category ?? "none", "all"]) {
      for (const column of [language, "all"]) {
        const key = `${row}\u0000${column}`;
        const sum = sums.get(key) ?? { n: 0, successes: 0 };
        sum.n += n;
        sum.successes += successes;
        sums.set(key, sum);
      }
    }
  }
  return sums;
}

/**
 * A table of shares by category and language, coloured from bad to good; a cell with fewer than `minimum` units is
 * grey, since its share says little. Readable without colour: the share and n are in every cell.
 */
export function heatmap(
  caption: string,
  cells: readonly Cell[],
  options: { readonly minimum: number; readonly lowIsGood: boolean },
): Html {
  const sums = byCategoryAndLanguage(cells);
  const rows = [...[...new Set(cells.map(({ category }) => category ?? "none"))].sort(), "all"];
  const columns = [...[...new Set(cells.map(({ language }) => language))].sort(), "all"];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="heat"><caption>${caption}</caption>
<thead><tr><th scope="col">category</th>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${row}</th>${columns.map((column) => {
        const sum = sums.get(`${row}\u0000${column}`);
        if (sum === undefined) return html`<td class="none">–</td>`;
        const share = sum.successes / sum.n;
        const few = sum.n < options.minimum;
        return html`<td class="${few ? "few" : "cell"}" style="--share:${(options.lowIsGood ? 1 - share : share).toFixed(3)}"><b>${percent(share)}</b> <small>${sum.n}</small></td>`;
      })}</tr>`,
  )}</tbody></table></div>`;
}
