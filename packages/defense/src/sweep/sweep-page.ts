import { curveSvg } from "@videosafety/grpo/train";
import { type Html, html, REPORT_STYLE, raw } from "@videosafety/vsb-eval/pages";

/** Numbers of a checkpoint, as shares. */
export interface PointRates {
  readonly dsrHh: number | null;
  readonly dsrSh: number | null;
  readonly frr: number | null;
}

/** A finished run of a sweep. */
export interface SweepResult {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Of the last checkpoint. */
  readonly checkpoint: string | null;
  readonly rates: PointRates | null;
  /** What went wrong: why it has no numbers, or which check they fail; null when nothing did. */
  readonly problem: string | null;
}

/** Everything that a sweep found: `sweep.json`. */
export interface SweepResults {
  readonly settings: readonly string[];
  readonly points: readonly SweepResult[];
}

const RATES = { dsrHh: "DSR on HH", dsrSh: "DSR on SH", frr: "FRR" } as const;
const RATE_KEYS = Object.keys(RATES) as (keyof PointRates)[];
const percent = (share: number | null | undefined): string => (share == null ? "-" : (100 * share).toFixed(1));

/** Mean of a rate over the points that have it; null where none has. */
function meanRate(points: readonly SweepResult[], rate: keyof PointRates): number | null {
  const values = points.flatMap(({ rates }) => rates?.[rate] ?? []);
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Points by the value of a setting. */
function byValue(points: readonly SweepResult[], path: string): Map<string, SweepResult[]> {
  const groups = new Map<string, SweepResult[]>();
  for (const point of points) {
    const value = point.settings[path] ?? "";
    groups.set(value, [...(groups.get(value) ?? []), point]);
  }
  const order = [...groups].sort(([a], [b]) => Number(a) - Number(b) || a.localeCompare(b));
  return new Map(order);
}

/** Rates over one setting: the mean over all other settings at each of its values. */
function marginal({ points }: SweepResults, path: string): string {
  const groups = [...byValue(points, path)];
  const series = RATE_KEYS.map((key) => ({
    name: RATES[key],
    points: groups.map(([x, own]): [number, number] => [Number(x), 100 * (meanRate(own, key) ?? Number.NaN)]),
  }));
  return curveSvg(series, { title: path, unit: "%, mean over the others", axis: "", width: 420, height: 220 });
}

/** Most values of a setting whose cells have room for their numbers. */
const WRITTEN = 12;

/**
 * A rate at every pair of values of two settings that was run, the mean over all other settings: a response surface of what was run, and nothing
 * between. A pair without numbers is an empty cell; what the mean is of stands in the cell's title.
 */
export function surfaceSvg(
  { points }: SweepResults,
  [x, y]: readonly [string, string],
  rate: keyof PointRates,
): string {
  const [width, height, left, bottom, top] = [440, 300, 64, 40, 30];
  const columns = byValue(points, x);
  const [xs, ys] = [[...columns.keys()], [...byValue(points, y).keys()]];
  const [w, h] = [(width - left - 8) / xs.length, (height - bottom - top) / ys.length];
  const px = (value: string): number => left + (xs.indexOf(value) + 0.5) * w;
  const py = (value: string): number => height - bottom - (ys.indexOf(value) + 0.5) * h;
  const written = Math.max(xs.length, ys.length) <= WRITTEN;
  const cell = (a: string, b: string, own: readonly SweepResult[]): Html => {
    const value = meanRate(own, rate);
    const counted = own.filter(({ rates }) => (rates?.[rate] ?? null) !== null).length;
    const fill = value === null ? "none" : `hsl(${Math.round(210 - 190 * value)} 60% 55% / 0.55)`;
    const text = written
      ? html`<text x="${px(a)}" y="${py(b) + 4}" text-anchor="middle">${percent(value)}</text>`
      : null;
    return html`<g><title>${x} ${a}, ${y} ${b}: ${percent(value)} (${counted} of ${own.length} runs)</title><rect x="${px(a) - w / 2}" y="${py(b) - h / 2}" width="${w}" height="${h}" fill="${fill}" stroke="currentColor" stroke-opacity=".15"/>${text}</g>`;
  };
  const cells = [...columns].flatMap(([a, column]) => [...byValue(column, y)].map(([b, own]) => cell(a, b, own)));
  const every = (values: readonly string[]): string[] =>
    values.filter((_, i) => i % Math.ceil(values.length / 8) === 0);
  const others = points.some((point, i) =>
    points.slice(0, i).some(({ settings }) => settings[x] === point.settings[x] && settings[y] === point.settings[y]),
  );
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${RATES[rate]} by ${x} and ${y}" xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" font-size="10" fill="currentColor">
<text x="8" y="14" font-weight="600">${RATES[rate]}, %${others ? ", mean over the others" : ""}</text>${cells}
${every(xs).map((value) => html`<text x="${px(value)}" y="${height - bottom + 14}" text-anchor="middle">${value}</text>`)}
${every(ys).map((value) => html`<text x="${left - 6}" y="${py(value) + 4}" text-anchor="end">${value}</text>`)}
<text x="${width / 2}" y="${height - 6}" text-anchor="middle">${x}</text><text x="8" y="26">${y}</text></svg>`.text;
}

/** A sweep as one HTML file: table, curves per setting, and a surface per pair of settings. */
export function sweepPage(results: SweepResults): string {
  const { settings, points } = results;
  const pairs = settings.flatMap((first, i) => settings.slice(i + 1).map((second) => [first, second] as const));
  const numeric = settings.filter(
    (path) =>
      new Set(points.map((point) => Number(point.settings[path]))).size > 1 &&
      points.every((point) => Number.isFinite(Number(point.settings[path]))),
  );
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sweep</title>
<style>${raw(REPORT_STYLE)}.charts{display:flex;flex-wrap:wrap;gap:12px 18px}.charts svg{width:420px;max-width:100%}td.wrap{min-width:14em}</style></head><body>
<h1>Sweep over ${settings.join(", ")}</h1><p class="muted">${points.length} runs; numbers of each run's last checkpoint, with the video.</p>
<h2>Runs</h2>${sweepTable(results)}
${numeric.length === 0 ? null : html`<h2>By setting</h2><div class="charts">${numeric.map((path) => raw(marginal(results, path)))}</div>`}
${pairs.length === 0 ? null : html`<h2>Response</h2>${pairs.map((pair) => html`<div class="charts">${RATE_KEYS.map((rate) => raw(surfaceSvg(results, pair, rate)))}</div>`)}`}
</body></html>
`.text;
}

/** The runs of a sweep as a table. */
export function sweepTable({ settings, points }: SweepResults): Html {
  return html`<div class="scroll"><table><thead><tr><th>run</th>${settings.map((path) => html`<th>${path}</th>`)}<th>checkpoint</th>${Object.values(RATES).map((name) => html`<th>${name}, %</th>`)}<th></th></tr></thead><tbody>${points.map(
    ({ name, settings: own, checkpoint, rates, problem }) =>
      html`<tr><td>${name}</td>${settings.map((path) => html`<td>${own[path] ?? ""}</td>`)}<td>${checkpoint ?? "-"}</td>${RATE_KEYS.map((key) => html`<td>${percent(rates?.[key])}</td>`)}<td class="wrap">${problem ?? ""}</td></tr>`,
  )}</tbody></table></div>`;
}
