import type { Reliability } from "../analysis/reliability.js";
import { COLORS, colorOf, type PlotOptions } from "./plot-style.js";
import { diagonal, renderPlot } from "./render-plot.js";

/** Reliability curves: what was said against what was found, with Wilson intervals; a dot's area grows with its samples. */
export function reliabilityPlot(
  series: readonly { readonly name: string; readonly reliability: Reliability }[],
  options: PlotOptions = {},
): Promise<string> {
  const rows = series.flatMap(({ name, reliability }) => {
    const most = Math.max(...reliability.bins.map(({ count }) => count));
    return reliability.bins.flatMap(({ said, found, count, interval: [lower, upper] }) =>
      said === null || found === null
        ? []
        : [{ name, said, found, lower, upper, radius: 2 + 6 * Math.sqrt(count / most) }],
    );
  });
  return renderPlot(
    (Plot) => ({
      inset: 8,
      x: { domain: [0, 1], label: "said: probability of harm (dot area: samples in the bin)", labelAnchor: "center" },
      y: { domain: [0, 1], label: "found: share harmful" },
      r: { type: "identity" },
      marks: [
        diagonal(Plot),
        Plot.ruleX(rows, { x: "said", y1: "lower", y2: "upper", stroke: "name", strokeOpacity: 0.55 }),
        Plot.line(rows, { x: "said", y: "found", z: "name", stroke: "name", strokeOpacity: 0.45 }),
        Plot.dot(rows, { x: "said", y: "found", fill: "name", stroke: "white", r: "radius" }),
      ],
      color: { domain: series.map(({ name }) => name), range: COLORS },
    }),
    options,
    series.map(({ name }, i) => ({ name, color: colorOf(i) })),
  );
}
