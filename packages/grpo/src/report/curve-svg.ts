/** One line of a chart. NaN and infinities break the line. */
export interface CurveSeries {
  /** Legend. */
  readonly name: string;
  /** x and y of each point. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A band between two curves instead of a line: the lower edge, same x as `points`. */
  readonly lower?: readonly (readonly [x: number, y: number])[];
}

/** Settings of `curveSvg`. */
export interface CurveOptions {
  /** Heading. */
  readonly title: string;
  /** Unit or note behind the heading. */
  readonly unit?: string;
  /** What the horizontal axis counts, before its last value. Default "step". */
  readonly axis?: string;
  /** Steps to mark with a vertical line. */
  readonly marks?: readonly number[];
  /** Size in CSS pixels; default 360 x 170. */
  readonly width?: number;
  readonly height?: number;
}

const COLOURS = ["#3b6fd4", "#d4663b", "#2f9e6e", "#9b59b6", "#b58900", "#6c7a89"];
const MARGIN = { left: 46, right: 10, top: 34, bottom: 20 };

/** Text made safe for HTML and SVG, in elements and attributes. */
export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A number short enough for an axis or a table: three significant digits, exponent where needed. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** Round tick values covering a range, two to five of them. */
export function ticks(low: number, high: number): number[] {
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? raw;
  const found: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k === 0 ? 0 : k * step);
  return found;
}

/** A line chart as one self-contained `<svg>` element; colours follow the page's light or dark text colour. */
export function curveSvg(series: readonly CurveSeries[], options: CurveOptions): string {
  const { width = 360, height = 170, marks = [], axis = "step" } = options;
  const all = series.flatMap((one) => [...one.points, ...(one.lower ?? [])]);
  const finite = all.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const title = `<text x="8" y="14" font-weight="600">${escapeMarkup(options.title)}${
    options.unit ? ` <tspan font-weight="400" opacity=".65">${escapeMarkup(options.unit)}</tspan>` : ""
  }</text>`;
  const open = `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeMarkup(options.title)}" font-family="system-ui, sans-serif" font-size="10" fill="currentColor" xmlns="http://www.w3.org/2000/svg">`;
  if (finite.length === 0) return `${open}${title}<text x="8" y="40" opacity=".65">no data</text></svg>`;
  const xs = finite.map(([x]) => x);
  const ys = finite.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  let [low, high] = [Math.min(...ys), Math.max(...ys)];
  const air = high > low ? 0.06 * (high - low) : Math.max(0.5 * Math.abs(low), 0.5);
  // Quantities that are never negative keep 0 as their floor.
  [low, high] = [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
  const plot = { w: width - MARGIN.left - MARGIN.right, h: height - MARGIN.top - MARGIN.bottom };
  const px = (x: number) => (MARGIN.left + (right > left ? (x - left) / (right - left) : 0.5) * plot.w).toFixed(1);
  const py = (y: number) => (MARGIN.top + (1 - (y - low) / (high - low)) * plot.h).toFixed(1);
  const grid = ticks(low, high)
    .map(
      (tick) =>
        `<line x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${py(tick)}" y2="${py(tick)}" stroke="currentColor" opacity=".12"/>` +
        `<text x="${MARGIN.left - 4}" y="${py(tick)}" dy="3" text-anchor="end" opacity=".65">${shortNumber(tick)}</text>`,
    )
    .join("");
  const foot = `<text x="${MARGIN.left}" y="${height - 6}" opacity=".65">${left}</text><text x="${width - MARGIN.right}" y="${height - 6}" text-anchor="end" opacity=".65">${escapeMarkup(`${axis} ${right}`.trim())}</text>`;
  const lines = marks
    .filter((step) => step >= left && step <= right)
    .map(
      (step) =>
        `<line x1="${px(step)}" x2="${px(step)}" y1="${MARGIN.top}" y2="${MARGIN.top + plot.h}" stroke="#c0392b" stroke-dasharray="3 3"/>`,
    )
    .join("");
  const path = (points: CurveSeries["points"]) => {
    let pen = "M";
    return points
      .map(([x, y]) => {
        if (!Number.isFinite(x) || !Number.isFinite(y)) {
          pen = "M";
          return "";
        }
        const command = `${pen}${px(x)} ${py(y)}`;
        pen = "L";
        return command;
      })
      .join("");
  };
  const drawn = series
    .map(({ points, lower }, index) => {
      const colour = COLOURS[index % COLOURS.length];
      if (!lower) return `<path d="${path(points)}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
      const outline = `${path(points)}${path([...lower].reverse()).replace(/^M/, "L")}Z`;
      return `<path d="${outline}" fill="${colour}" opacity=".22"/>`;
    })
    .join("");
  let offset = 8;
  const legend =
    series.length < 2
      ? ""
      : series
          .map(({ name }, index) => {
            const item = `<rect x="${offset}" y="20" width="8" height="8" fill="${COLOURS[index % COLOURS.length]}"/><text x="${offset + 11}" y="27">${escapeMarkup(name)}</text>`;
            offset += 20 + 6.5 * name.length;
            return item;
          })
          .join("");
  return `${open}${title}${legend}${grid}${foot}${drawn}${lines}</svg>`;
}
