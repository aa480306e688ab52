import type { TokenDrift } from "../embeddings/token-drift.js";
import { COLORS, colorOf, MODALITIES, type PlotOptions } from "./plot-style.js";
import { renderPlot } from "./render-plot.js";

/** Lengths of both tokens, and the cosine between them, over stages. */
export function tokenDriftPlot(drift: readonly TokenDrift[], options: PlotOptions = {}): Promise<string> {
  const rows = drift.flatMap(({ stage, visual, textual }) => [
    { stage, name: MODALITIES[0], norm: visual.norm },
    { stage, name: MODALITIES[1], norm: textual.norm },
  ]);
  const cosines = drift.flatMap(({ stage, visual, textual, cosineBetween }) =>
    cosineBetween === null
      ? []
      : [{ stage, norm: Math.min(visual.norm, textual.norm), text: `cosine ${cosineBetween.toFixed(2)}` }],
  );
  return renderPlot(
    (Plot) => ({
      marginRight: 86,
      x: { type: "point", label: null, domain: drift.map(({ stage }) => stage) },
      y: { label: "length of the alarm vector", zero: true, nice: true, grid: true },
      marks: [
        Plot.line(rows, { x: "stage", y: "norm", z: "name", stroke: "name", strokeWidth: 2 }),
        Plot.dot(rows, { x: "stage", y: "norm", fill: "name", r: 4 }),
        // Below and after the shorter one, on a white edge: no line of a growing token runs there.
        Plot.text(cosines, {
          x: "stage",
          y: "norm",
          text: "text",
          dx: 6,
          dy: 12,
          textAnchor: "start",
          fill: "#444",
          stroke: "white",
          strokeWidth: 4,
        }),
      ],
      color: { domain: MODALITIES, range: COLORS },
    }),
    options,
    MODALITIES.map((name, i) => ({ name, color: colorOf(i) })),
  );
}
