import type { ActivationCell } from "../analysis/activation-patterns.js";
import { COLORS, MODALITIES, type PlotOptions } from "./plot-style.js";
import { renderPlot } from "./render-plot.js";

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
  return renderPlot(
    (Plot) => ({
      marginTop: 8,
      marginLeft: 100,
      marginRight: 195,
      inset: 7,
      x: { domain: [0, 1], label: "probability of harm", labelAnchor: "center" },
      y: { label: null, domain: MODALITIES, tickSize: 0 },
      fy: { label: null, domain: [...new Set(rows.map(({ where }) => where))] },
      marks: [
        Plot.frame({ stroke: "#ddd" }),
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
