import type { Interval } from "../../stats/proportion-interval.js";
import { percent } from "../format-number.js";
import { type Html, html } from "../html.js";

/** A line over frame counts, or over shares. */
export interface ChartLine {
  /** Name in the legend. */
  readonly name: string;
  /** Points by x, ascending. */
  readonly points: readonly { readonly x: number; readonly value: number; readonly interval: Interval | null }[];
}

const WIDTH = 720;
const LEFT = 56;
const RIGHT = 24;
const BOTTOM = 40;

/** Legend entries per row, and the height of a row. */
const LEGEND = { columns: 4, width: 162, height: 20 } as const;
/** Series colours of the style sheet; lines beyond them are dashed. */
const COLOURS = 5;

/**
 * Lines in percent with interval bars, over a logarithmic (base 2) x axis: the frame sweep; or over a linear one: intensities.
 */
export function lineChart(
  title: string,
  xLabel: string,
  lines: readonly ChartLine[],
  { scale = "log2" }: { readonly scale?: "log2" | "linear" } = {},
): Html {
  const at = (x: number): number => (scale === "log2" ? Math.log2(x) : x);
  const legendRows = Math.max(1, Math.ceil(lines.length / LEGEND.columns));
  const TOP = 10 + LEGEND.height * legendRows;
  const HEIGHT = 270 + LEGEND.height * legendRows;
  // Bars of points at one x stand side by side.
  const beside = (s: number): number => (lines.length > COLOURS ? (s - (lines.length - 1) / 2) * 3 : 0);
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const low = at(xs[0] ?? 1);
  const span = Math.max(1e-9, at(xs.at(-1) ?? 2) - low);
  const px = (x: number): number => LEFT + 16 + ((at(x) - low) / span) * (WIDTH - LEFT - RIGHT - 32);
  const py = (value: number): number => TOP + (1 - value) * (HEIGHT - TOP - BOTTOM);
  const legendX = (s: number): number => LEFT + (s % LEGEND.columns) * LEGEND.width;
  const legendY = (s: number): number => 10 + Math.floor(s / LEGEND.columns) * LEGEND.height;
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
${[0, 0.25, 0.5, 0.75, 1].map(
  (tick) =>
    html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(tick)}" y2="${py(tick)}"/><text class="tick" x="${LEFT - 8}" y="${py(tick) + 4}" text-anchor="end">${100 * tick} %</text>`,
)}
${xs.map((x) => html`<text class="tick" x="${px(x)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${x}</text>`)}
<text class="tick" x="${WIDTH / 2}" y="${HEIGHT - 4}" text-anchor="middle">${xLabel}</text>
${lines.map(
  ({ name }, s) =>
    html`<g class="s${s % COLOURS}"><line class="${s < COLOURS ? "solid" : "dashed"}" x1="${legendX(s)}" x2="${legendX(s) + 18}" y1="${legendY(s)}" y2="${legendY(s)}"/><circle cx="${legendX(s) + 9}" cy="${legendY(s)}" r="4"/></g><text x="${legendX(s) + 24}" y="${legendY(s) + 4}">${name}</text>`,
)}
${lines.map(
  ({ name, points }, s) =>
    html`<g class="s${s % COLOURS}"><polyline class="${s < COLOURS ? "solid" : "dashed"}" points="${points.map(({ x, value }) => `${px(x) + beside(s)},${py(value)}`).join(" ")}"/>${points.map(
      ({ x, value, interval }) =>
        html`<g><title>${name}, ${x}: ${percent(value)} %</title>${
          interval === null
            ? null
            : html`<line x1="${px(x) + beside(s)}" x2="${px(x) + beside(s)}" y1="${py(interval.lower)}" y2="${py(interval.upper)}"/>`
        }<circle cx="${px(x) + beside(s)}" cy="${py(value)}" r="4"/></g>`,
    )}</g>`,
)}
</svg></figure>`;
}
