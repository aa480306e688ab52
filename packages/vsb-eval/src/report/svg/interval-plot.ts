import type { Interval } from "../../stats/proportion-interval.js";
import { percent, percentRange } from "../format-number.js";
import { type Html, html } from "../html.js";
import { labelRoom, rowLabel } from "./row-label.js";

/** One dot with its interval. */
export interface PlotPoint {
  /** Series, which decides the colour. */
  readonly series: string;
  /** Value in [0, 1]; null draws nothing. */
  readonly value: number | null;
  /** Interval; null draws the dot alone. */
  readonly interval: Interval | null;
}

/** One line of a plot. */
export interface PlotRow {
  /** Name at the left. */
  readonly label: string;
  /** Its dots. */
  readonly points: readonly PlotPoint[];
}

const WIDTH = 720;
const RIGHT = 24;
const SERIES_GAP = 14;
const ROW_GAP = 16;
const TOP = 30;

/** Dots with intervals in percent, one line a row, series side by side: what differs and how surely, at a glance. */
export function intervalPlot(title: string, rows: readonly PlotRow[], series: readonly string[]): Html {
  const room = labelRoom(rows.map(({ label }) => label));
  const x = (value: number): number => room + value * (WIDTH - room - RIGHT);
  const rowHeight = Math.max(1, series.length) * SERIES_GAP + ROW_GAP;
  const height = TOP + rows.length * rowHeight + 24;
  const bottom = height - 20;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
${ticks.map(
  (tick) =>
    html`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 8}" y2="${bottom}"/><text class="tick" x="${x(tick)}" y="${bottom + 14}" text-anchor="middle">${100 * tick} %</text>`,
)}
${series.map(
  (name, s) =>
    html`<circle class="s${s}" cx="${156 + s * 150}" cy="10" r="5"/><text x="${167 + s * 150}" y="14">${name}</text>`,
)}
${rows.map((row, r) => {
  const top = TOP + r * rowHeight;
  return html`${rowLabel(row.label, room, top + (rowHeight - ROW_GAP) / 2 + 4)}${row.points.map(
    ({ series: name, value, interval }) => {
      const s = series.indexOf(name);
      if (value === null || s < 0) return null;
      const y = top + s * SERIES_GAP + SERIES_GAP / 2;
      return html`<g class="s${s}"><title>${row.label}, ${name}: ${percent(value)} % ${percentRange(interval)}</title>${
        interval === null ? null : html`<line x1="${x(interval.lower)}" x2="${x(interval.upper)}" y1="${y}" y2="${y}"/>`
      }<circle cx="${x(value)}" cy="${y}" r="5"/></g>`;
    },
  )}`;
})}
</svg></figure>`;
}
