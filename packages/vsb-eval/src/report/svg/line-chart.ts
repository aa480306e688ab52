import type { Interval } from "../../stats/proportion-interval.js";
import { percent } from "../format-number.js";
import { type Html, html } from "../html.js";

/** A line over frame counts. */
export interface ChartLine {
  /** Name in the legend. */
  readonly name: string;
  /** Points by x, ascending. */
  readonly points: readonly { readonly x: number; readonly value: number; readonly interval: Interval | null }[];
}

const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 56;
const RIGHT = 24;
const TOP = 30;
const BOTTOM = 40;

/** Lines in percent over a logarithmic (base 2) x axis, with interval bars: the frame sweep. */
export function lineChart(title: string, xLabel: string, lines: readonly ChartLine[]): Html {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const low = Math.log2(xs[0] ?? 1);
  const span = Math.max(1e-9, Math.log2(xs.at(-1) ?? 2) - low);
  const px = (x: number): number => LEFT + 16 + ((Math.log2(x) - low) / span) * (WIDTH - LEFT - RIGHT - 32);
  const py = (value: number): number => TOP + (1 - value) * (HEIGHT - TOP - BOTTOM);
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
    html`<circle class="s${s}" cx="${LEFT + 6 + s * 150}" cy="10" r="5"/><text x="${LEFT + 17 + s * 150}" y="14">${name}</text>`,
)}
${lines.map(
  ({ name, points }, s) =>
    html`<g class="s${s}"><polyline points="${points.map(({ x, value }) => `${px(x)},${py(value)}`).join(" ")}"/>${points.map(
      ({ x, value, interval }) =>
        html`<g><title>${name}, ${x}: ${percent(value)} %</title>${
          interval === null
            ? null
            : html`<line x1="${px(x)}" x2="${px(x)}" y1="${py(interval.lower)}" y2="${py(interval.upper)}"/>`
        }<circle cx="${px(x)}" cy="${py(value)}" r="4"/></g>`,
    )}</g>`,
)}
</svg></figure>`;
}
