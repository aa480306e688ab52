import type * as PlotLibrary from "@observablehq/plot";
import type { ActivationCell } from "./activation-patterns.js";
import { MissingPeerError } from "./errors.js";
import type { Reliability } from "./reliability.js";
import type { OperatingPoint } from "./roc.js";
import type { TokenDrift } from "./token-drift.js";

/** Options of every plot. */
export interface PlotOptions {
  /** Written above the plot. */
  readonly title?: string;
  /** Pixels; default 420. */
  readonly width?: number;
  /** Pixels; default 340. */
  readonly height?: number;
}

/** Operating points under one name. */
export interface FrontierSeries {
  /** Stands beside the curve. */
  readonly name: string;
  /** A curve (`rocCurve`), or a single point for a model that cannot be tuned. */
  readonly points: readonly Pick<OperatingPoint, "dsr" | "frr">[];
}

/** Colours that also differ in grey and for most colour-blind readers (Okabe and Ito). */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const MODALITIES = ["visual alarm", "textual alarm"];

/** ROC curves, one per series, as an SVG document. */
export function rocPlot(series: readonly FrontierSeries[], options: PlotOptions = {}): Promise<string> {
  return render(
    (Plot) => ({
      aspectRatio: 1,
      x: { domain: [0, 1], label: "false positive rate" },
      y: { domain: [0, 1], label: "true positive rate" },
      marks: [
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: "#bbb", strokeDasharray: "3,3" },
        ),
        ...curves(Plot, series),
      ],
      color: { domain: series.map(({ name }) => name), range: COLORS },
    }),
    options,
    series.map(({ name }) => name),
  );
}

/** The DSR / FRR frontier: curves for guards, dots for models without a threshold. `maximumFrr` (default 0.3) cuts the axis. */
export function frontierPlot(
  series: readonly FrontierSeries[],
  options: PlotOptions & { readonly maximumFrr?: number } = {},
): Promise<string> {
  const { maximumFrr = 0.3 } = options;
  return render(
    (Plot) => ({
      x: { domain: [0, 100 * maximumFrr], label: "false refusal rate (%)" },
      y: { domain: [0, 100], label: "defense success rate (%)", grid: true },
      marks: curves(Plot, series, 100),
      color: { domain: series.map(({ name }) => name), range: COLORS },
    }),
    options,
    series.map(({ name }) => name),
  );
}

/** Reliability curves: what was said against what was found, with Wilson intervals. */
export function reliabilityPlot(
  series: readonly { readonly name: string; readonly reliability: Reliability }[],
  options: PlotOptions = {},
): Promise<string> {
  const rows = series.flatMap(({ name, reliability }) =>
    reliability.bins.flatMap(({ said, found, interval: [lower, upper] }) =>
      said === null || found === null ? [] : [{ name, said, found, lower, upper }],
    ),
  );
  return render(
    (Plot) => ({
      x: { domain: [0, 1], label: "said: probability of harm" },
      y: { domain: [0, 1], label: "found: share harmful" },
      marks: [
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: "#bbb", strokeDasharray: "3,3" },
        ),
        Plot.ruleX(rows, { x: "said", y1: "lower", y2: "upper", stroke: "name", strokeOpacity: 0.5 }),
        Plot.line(rows, { x: "said", y: "found", z: "name", stroke: "name", strokeWidth: 1.5 }),
        Plot.dot(rows, { x: "said", y: "found", fill: "name", r: 3 }),
      ],
      color: { domain: series.map(({ name }) => name), range: COLORS },
    }),
    options,
    series.map(({ name }) => name),
  );
}

/** Both alarms in the four cells: medians, quartiles (thick) and 5-95 % (thin). */
export function activationPlot(cells: readonly ActivationCell[], options: PlotOptions = {}): Promise<string> {
  const rows = cells.flatMap((cell) =>
    (["visual", "textual"] as const).flatMap((modality, i) => {
      const [q05, q25, median, q75, q95] = cell[modality].quantiles;
      const word = (label: 0 | 1): string => (label === 1 ? "harmful" : "safe");
      const where = `${word(cell.videoLabel)} video, ${word(cell.queryLabel)} query`;
      return median === undefined ? [] : [{ where, alarm: MODALITIES[i], q05, q25, median, q75, q95 }];
    }),
  );
  return render(
    (Plot) => ({
      marginLeft: 100,
      marginRight: 195,
      x: { domain: [0, 1], label: "probability of harm" },
      y: { label: null, domain: MODALITIES },
      fy: { label: null, domain: rows.map(({ where }) => where) },
      marks: [
        Plot.ruleX([0.5], { stroke: "#bbb", strokeDasharray: "3,3" }),
        Plot.ruleY(rows, { fy: "where", y: "alarm", x1: "q05", x2: "q95", stroke: "alarm" }),
        Plot.ruleY(rows, {
          fy: "where",
          y: "alarm",
          x1: "q25",
          x2: "q75",
          stroke: "alarm",
          strokeWidth: 6,
          strokeOpacity: 0.5,
        }),
        Plot.dot(rows, { fy: "where", y: "alarm", x: "median", fill: "alarm", r: 4 }),
      ],
      color: { domain: MODALITIES, range: COLORS },
    }),
    { width: 620, ...options },
    [],
  );
}

/** Lengths of both tokens, and the cosine between them, over stages. */
export function tokenDriftPlot(drift: readonly TokenDrift[], options: PlotOptions = {}): Promise<string> {
  const rows = drift.flatMap(({ stage, visual, textual }) => [
    { stage, name: MODALITIES[0], norm: visual.norm },
    { stage, name: MODALITIES[1], norm: textual.norm },
  ]);
  const cosines = drift.flatMap(({ stage, visual, textual, cosineBetween }) =>
    cosineBetween === null
      ? []
      : [{ stage, norm: Math.max(visual.norm, textual.norm), text: `cosine ${cosineBetween.toFixed(2)}` }],
  );
  return render(
    (Plot) => ({
      x: { type: "point", label: null, domain: drift.map(({ stage }) => stage) },
      y: { label: "length of the alarm vector", zero: true, grid: true },
      marks: [
        Plot.line(rows, { x: "stage", y: "norm", z: "name", stroke: "name", strokeWidth: 1.5 }),
        Plot.dot(rows, { x: "stage", y: "norm", fill: "name", r: 4 }),
        Plot.text(cosines, { x: "stage", y: "norm", text: "text", dy: -10, fill: "#555" }),
      ],
      color: { domain: MODALITIES, range: COLORS },
    }),
    options,
    MODALITIES,
  );
}

function curves(Plot: Library, series: readonly FrontierSeries[], scale = 1): PlotLibrary.Markish[] {
  const rows = series.flatMap(({ name, points }) =>
    points.map(({ dsr, frr }) => ({ name, dsr: dsr * scale, frr: frr * scale, single: points.length === 1 })),
  );
  return [
    Plot.line(
      rows.filter(({ single }) => !single),
      { x: "frr", y: "dsr", z: "name", stroke: "name", strokeWidth: 1.5, clip: true },
    ),
    Plot.dot(
      rows.filter(({ single }) => single),
      { x: "frr", y: "dsr", fill: "name", r: 4 },
    ),
  ];
}

type Library = typeof PlotLibrary;

/** Both libraries are optional peers, so that a guard in production does not carry them. */
async function loadLibraries() {
  try {
    const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
    return { Plot, parseHTML };
  } catch (cause) {
    throw new MissingPeerError(
      "expected the optional peers of the plots, found that one is missing; npm install @observablehq/plot linkedom",
      { cause },
    );
  }
}

const TITLE_HEIGHT = 30;

/** Draws without a browser; the legend stands in the lower right corner, so that the result is one SVG. */
async function render(
  build: (plot: Library) => PlotLibrary.PlotOptions,
  options: PlotOptions,
  legend: readonly string[],
): Promise<string> {
  const { width = 420, height = 340, title } = options;
  const { Plot, parseHTML } = await loadLibraries();
  const plot = build(Plot);
  const { document } = parseHTML("<html><body></body></html>");
  const names = legend.map((name, i) => ({ name, dy: -8 - 15 * (legend.length - 1 - i), color: COLORS[i] as string }));
  const svg = Plot.plot({
    document,
    width,
    height,
    marginTop: 30,
    marginBottom: 40,
    marginLeft: 48,
    style: { background: "white", color: "#222", fontFamily: "sans-serif", fontSize: "12px" },
    ...plot,
    marks: [
      ...(plot.marks ?? []),
      ...names.map(({ name, dy, color }) =>
        Plot.text([name], { frameAnchor: "bottom-right", dx: -6, dy, text: [name], fill: color, fontWeight: "bold" }),
      ),
    ],
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  if (title === undefined) return svg.outerHTML;
  const heading = document.createElementNS("http://www.w3.org/2000/svg", "text");
  for (const [name, value] of Object.entries({
    x: 6,
    y: -12,
    "font-size": 14,
    "font-weight": "bold",
    fill: "#222",
    "text-anchor": "start",
  })) {
    heading.setAttribute(name, String(value));
  }
  heading.textContent = title;
  svg.appendChild(heading);
  const name = document.createElementNS("http://www.w3.org/2000/svg", "title"); // read out by screen readers
  name.textContent = title;
  svg.insertBefore(name, svg.firstChild);
  svg.setAttribute("viewBox", `0 ${-TITLE_HEIGHT} ${width} ${height + TITLE_HEIGHT}`);
  svg.setAttribute("height", String(height + TITLE_HEIGHT));
  return svg.outerHTML;
}
