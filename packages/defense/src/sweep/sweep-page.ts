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
const percent = (share: number | null | undefined): string => (share == null ? "-" : (100 * share).toFixed(1));

/** Rates over one setting: the mean over all other settings at each of its values. */
function marginal({ points }: SweepResults, path: string): string {
  const byValue = new Map<number, PointRates[]>();
  for (const { settings, rates } of points) {
    const x = Number(settings[path]);
    if (rates !== null && Number.isFinite(x)) byValue.set(x, [...(byValue.get(x) ?? []), rates]);
  }
  const xs = [...byValue.keys()].sort((a, b) => a - b);
  const mean = (x: number, key: keyof PointRates): number => {
    const values = (byValue.get(x) ?? []).flatMap((rates) => rates[key] ?? []);
    return values.length === 0 ? Number.NaN : (100 * values.reduce((a, b) => a + b, 0)) / values.length;
  };
  const series = Object.entries(RATES).map(([key, name]) => ({
    name,
    points: xs.map((x): [number, number] => [x, mean(x, key as keyof PointRates)]),
  }));
  return curveSvg(series, { title: path, unit: "%, mean over the other settings", width: 420, height: 220 });
}

/** Every point of two settings as a coloured place, with its value: a response surface of what was run, and nothing between. */
export function surfaceSvg(
  { points }: SweepResults,
  [x, y]: readonly [string, string],
  rate: keyof PointRates,
): string {
  const [width, height, left, bottom, top] = [440, 300, 64, 40, 30];
  const placesOf = (path: string): string[] =>
    [...new Set(points.map(({ settings }) => settings[path] as string))].sort(
      (a, b) => Number(a) - Number(b) || a.localeCompare(b),
    );
  const [xs, ys] = [placesOf(x), placesOf(y)];
  const px = (value: string): number => left + ((xs.indexOf(value) + 0.5) * (width - left - 8)) / xs.length;
  const py = (value: string): number =>
    height - bottom - ((ys.indexOf(value) + 0.5) * (height - bottom - top)) / ys.length;
  const [w, h] = [(width - left - 8) / xs.length, (height - bottom - top) / ys.length];
  const cells = points.map(({ settings, rates }): Html => {
    const value = rates?.[rate] ?? null;
    const [cx, cy] = [px(settings[x] as string), py(settings[y] as string)];
    const fill = value === null ? "none" : `hsl(${Math.round(210 - 190 * value)} 60% 55% / 0.55)`;
    return html`<rect x="${cx - w / 2}" y="${cy - h / 2}" width="${w}" height="${h}" fill="${fill}" stroke="currentColor" stroke-opacity=".15"/><text x="${cx}" y="${cy + 4}" text-anchor="middle">${percent(value)}</text>`;
  });
  const every = (values: readonly string[]): string[] =>
    values.filter((_, i) => i % Math.ceil(values.length / 8) === 0);
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${RATES[rate]} by ${x} and ${y}" xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" font-size="10" fill="currentColor">
<text x="8" y="14" font-weight="600">${RATES[rate]}, %</text>${cells}
${every(xs).map((value) => html`<text x="${px(value)}" y="${height - bottom + 14}" text-anchor="middle">${value}</text>`)}
${every(ys).map((value) => html`<text x="${left - 6}" y="${py(value) + 4}" text-anchor="end">${value}</text>`)}
<text x="${width / 2}" y="${height - 6}" text-anchor="middle">${x}</text><text x="8" y="26">${y}</text></svg>`.text;
}

/** A sweep as one HTML file: table, curves per setting, and surfaces where two settings or more were varied. */
export function sweepPage(results: SweepResults): string {
  const { settings, points } = results;
  const [first, second] = settings;
  const numeric = settings.filter(
    (path) =>
      new Set(points.map((point) => Number(point.settings[path]))).size > 1 &&
      points.every((point) => Number.isFinite(Number(point.settings[path]))),
  );
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sweep</title>
<style>${raw(REPORT_STYLE)}.charts{display:flex;flex-wrap:wrap;gap:12px 18px}.charts svg{width:420px;max-width:100%}</style></head><body>
<h1>Sweep over ${settings.join(", ")}</h1><p class="muted">${points.length} runs; numbers of each run's last checkpoint, with the video.</p>
<h2>Runs</h2>${sweepTable(results)}
${numeric.length === 0 ? null : html`<h2>By setting</h2><div class="charts">${numeric.map((path) => raw(marginal(results, path)))}</div>`}
${first === undefined || second === undefined ? null : html`<h2>Response</h2><div class="charts">${(Object.keys(RATES) as (keyof PointRates)[]).map((rate) => raw(surfaceSvg(results, [first, second], rate)))}</div>`}
</body></html>
`.text;
}

/** The runs of a sweep as a table. */
export function sweepTable({ settings, points }: SweepResults): Html {
  return html`<div class="scroll"><table><thead><tr><th>run</th>${settings.map((path) => html`<th>${path}</th>`)}<th>checkpoint</th>${Object.values(RATES).map((name) => html`<th>${name}, %</th>`)}<th></th></tr></thead><tbody>${points.map(
    ({ name, settings: own, checkpoint, rates, problem }) =>
      html`<tr><td>${name}</td>${settings.map((path) => html`<td>${own[path] ?? ""}</td>`)}<td>${checkpoint ?? "-"}</td>${(Object.keys(RATES) as (keyof PointRates)[]).map((key) => html`<td>${percent(rates?.[key])}</td>`)}<td class="wrap">${problem ?? ""}</td></tr>`,
  )}</tbody></table></div>`;
}
