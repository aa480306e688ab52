import type * as PlotLibrary from "@observablehq/plot";
import type { OperatingPoint } from "../analysis/roc.js";
import { COLORS, colorOf, type LegendEntry, type PlotOptions } from "./plot-style.js";
import { diagonal, type Library, renderPlot } from "./render-plot.js";

/** Operating points under one name. */
export interface FrontierSeries {
  /** Stands in the legend. */
  readonly name: string;
  /** A curve (`rocCurve`), or a single point for a model that cannot be tuned. */
  readonly points: readonly Pick<OperatingPoint, "dsr" | "frr">[];
}

/** ROC curves, one per series, as an SVG document. */
export function rocPlot(series: readonly FrontierSeries[], options: PlotOptions = {}): Promise<string> {
  return renderPlot(
    (Plot) => ({
      inset: 4,
      x: { domain: [0, 1], label: "false positive rate", labelAnchor: "center" },
      y: { domain: [0, 1], label: "true positive rate" },
      marks: [diagonal(Plot), ...curves(Plot, series)],
      color: { domain: series.map(({ name }) => name), range: COLORS },
    }),
    options,
    legendOf(series),
  );
}

/**
 * The DSR / FRR frontier: curves for guards, rings for models without a threshold. `maximumFrr` (default 0.3) and
 * `minimumDsr` (default 0) cut the axes: choose them so that every ring stays inside.
 */
export function frontierPlot(
  series: readonly FrontierSeries[],
  options: PlotOptions & { readonly maximumFrr?: number; readonly minimumDsr?: number } = {},
): Promise<string> {
  const { maximumFrr = 0.3, minimumDsr = 0 } = options;
  return renderPlot(
    (Plot) => ({
      inset: 4,
      x: { domain: [0, 100 * maximumFrr], label: "false refusal rate (%)", labelAnchor: "center" },
      y: { domain: [100 * minimumDsr, 100], label: "defense success rate (%)", grid: true },
      r: { type: "identity" },
      marks: curves(Plot, series, 100),
      color: { domain: series.map(({ name }) => name), range: COLORS },
    }),
    options,
    legendOf(series),
  );
}

/** Rings grow with each single point, so that those of equal models lie around each other. */
const radiusOf = (singles: number): number => 3 + 2.5 * singles;

function withRadius(series: readonly FrontierSeries[]): (FrontierSeries & { readonly radius: number | null })[] {
  let singles = 0;
  return series.map((one) => ({ ...one, radius: one.points.length === 1 ? radiusOf(singles++) : null }));
}

const legendOf = (series: readonly FrontierSeries[]): LegendEntry[] =>
  withRadius(series).map(({ name, radius }, i) =>
    radius === null ? { name, color: colorOf(i) } : { name, color: colorOf(i), mark: "ring", radius },
  );

function curves(Plot: Library, series: readonly FrontierSeries[], scale = 1): PlotLibrary.Markish[] {
  const rows = withRadius(series).flatMap(({ name, points, radius }) =>
    points.map(({ dsr, frr }) => ({ name, dsr: dsr * scale, frr: frr * scale, radius })),
  );
  return [
    Plot.line(
      rows.filter(({ radius }) => radius === null),
      { x: "frr", y: "dsr", z: "name", stroke: "name", strokeWidth: 2, clip: true },
    ),
    Plot.dot(
      rows.filter(({ radius }) => radius !== null),
      { x: "frr", y: "dsr", stroke: "name", strokeWidth: 2, r: ({ radius }) => radius },
    ),
  ];
}
