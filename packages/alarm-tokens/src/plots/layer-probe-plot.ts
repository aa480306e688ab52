import type { LayerProbe } from "../analysis/linear-probe.js";
import { COLORS, colorOf, type PlotOptions } from "./plot-style.js";
import { renderPlot } from "./render-plot.js";

/** Probes of one token under one name. */
export interface ProbeSeries {
  /** Stands in the legend. */
  readonly name: string;
  /** Of every layer, in order. */
  readonly probes: readonly LayerProbe[];
}

/**
 * How well each layer tells harm from safety: the area under the ROC curve of its probe with the 95 % interval, one line a
 * series. The dashed line is chance.
 */
export function layerProbePlot(series: readonly ProbeSeries[], options: PlotOptions = {}): Promise<string> {
  const layers = [...new Set(series.flatMap(({ probes }) => probes.map(({ layer }) => layer)))].sort((a, b) => a - b);
  const spread = 0.16; // of a layer, so that intervals of equal probes stand beside each other
  const rows = series.flatMap(({ name, probes }, i) =>
    probes.map(({ layer, auc, interval: [lower, upper] }) => {
      const at = layer + spread * (i - (series.length - 1) / 2);
      return { name, at, auc, lower, upper };
    }),
  );
  const lowest = Math.min(0.5, ...rows.map(({ lower }) => lower));
  const [first = 0, last = 0] = [layers[0], layers.at(-1)];
  return renderPlot(
    (Plot) => ({
      insetTop: 6,
      x: {
        domain: [first - 0.5, last + 0.5],
        label: "layer (0: input embedding)",
        labelAnchor: "center",
        ticks: thinned(layers, 14),
        tickFormat: String,
      },
      y: { domain: [Math.floor(20 * lowest) / 20, 1], label: "AUC of a linear probe", grid: true },
      marks: [
        Plot.ruleY([0.5], { stroke: "#888", strokeDasharray: "3,3" }),
        Plot.line(rows, { x: "at", y: "auc", z: "name", stroke: "name", strokeWidth: 2 }),
        Plot.ruleX(rows, { x: "at", y1: "lower", y2: "upper", stroke: "name", strokeWidth: 1.5 }),
        Plot.dot(rows, { x: "at", y: "auc", fill: "name", r: 3.5 }),
      ],
      color: { domain: series.map(({ name }) => name), range: COLORS },
    }),
    options,
    series.map(({ name }, i) => ({ name, color: colorOf(i) })),
  );
}

/** At most `most` of the values, evenly chosen from the first on. */
export const thinned = (values: readonly number[], most: number): number[] => {
  const step = Math.ceil(values.length / most);
  return values.filter((_, i) => i % step === 0);
};
