import type { EvaluationResults } from "../results/results.js";
import { percentRange, seedPercent } from "./format-number.js";
import { SUMMARY_COLUMNS } from "./summary-columns.js";

/** Columns of a terminal that a character takes: 2 for East Asian wide and full-width forms, 0 for combining marks. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
      character,
    )
      ? 2
      : 1;
  }
  return width;
}

/** Rows of cells as aligned text: the first column left, the others right; the first row is the heading. */
export function alignTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ""))));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, i) => {
        const cell = row[i] ?? "";
        const padding = " ".repeat(width - widthOf(cell));
        return i === 0 ? cell + padding : padding + cell;
      })
      .join("  ")
      .trimEnd();
  const [heading = [], ...body] = rows;
  return [line(heading), widths.map((width) => "-".repeat(width)).join("  "), ...body.map(line)].join("\n");
}

/**
 * The summary as plain text: one line a model with rates in percent, and below it the 95 % intervals (of the units,
 * clustered by video; ± is the standard deviation over seeds). Where units lack a verdict a third line says what
 * they could do: `worst..best`. A model whose numbers are of another arm than `video` is marked with it.
 */
export function terminalTable(results: EvaluationResults): string {
  const heading = ["", ...SUMMARY_COLUMNS.map(({ title }) => title)];
  const rows = results.summary.flatMap((row) => {
    const means = SUMMARY_COLUMNS.map(({ value }) => value(row));
    const seeds = row.seeds.length > 1 ? ` (${row.seeds.length} seeds)` : "";
    const intervals = means.map(({ interval }) => percentRange(interval));
    const arm = row.arm === "video" ? "" : ` @${row.arm}`;
    const values = [`${row.name}${arm}${seeds}`, ...means.map(seedPercent)];
    const bounds = means.map((mean) => percentRange(mean.bounds));
    return [
      values,
      ...(intervals.some((text) => text !== "") ? [["", ...intervals]] : []),
      ...(bounds.some((text) => text !== "") ? [["  worst..best", ...bounds]] : []),
    ];
  });
  return alignTable([heading, ...rows]);
}
