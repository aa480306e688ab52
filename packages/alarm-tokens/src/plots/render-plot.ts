import type * as PlotLibrary from "@observablehq/plot";
import { MissingPeerError } from "../errors.js";
import type { LegendEntry, PlotOptions } from "./plot-style.js";

/** The plot library, handed to the functions that build plots: it is loaded only when one is drawn. */
export type Library = typeof PlotLibrary;

/** Where chance, or perfect calibration, would lie. */
export const diagonal = (Plot: Library): PlotLibrary.Markish =>
  Plot.line(
    [
      [0, 0],
      [1, 1],
    ],
    { stroke: "#bbb", strokeDasharray: "3,3" },
  );

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

const TITLE_HEIGHT = 28;
const LEGEND_HEIGHT = 19;
const LEGEND_GAP = 6;
const INK = "#222";

/**
 * Draws without a browser, as one SVG document: title and legend above, where no mark can run into them.
 *
 * @throws MissingPeerError when a library is not installed.
 */
export async function renderPlot(
  build: (plot: Library) => PlotLibrary.PlotOptions,
  options: PlotOptions,
  legend: readonly LegendEntry[],
): Promise<string> {
  const { width = 420, height = 340, title } = options;
  const { Plot, parseHTML } = await loadLibraries();
  const { document } = parseHTML("<html><body></body></html>");
  const svg = Plot.plot({
    document,
    width,
    height,
    marginTop: 30,
    marginBottom: 40,
    marginLeft: 48,
    marginRight: 20,
    style: { background: "white", color: INK, fontFamily: "sans-serif", fontSize: "12px" },
    ...build(Plot),
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const draw = (tag: string, attributes: Record<string, string | number>, text?: string): void => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
    if (text !== undefined) node.textContent = text;
    svg.appendChild(node);
  };
  const rows = legendRows(legend, width);
  const head =
    (title === undefined ? 0 : TITLE_HEIGHT) + (rows.length > 0 ? rows.length * LEGEND_HEIGHT + LEGEND_GAP : 0);
  if (title !== undefined) {
    draw(
      "text",
      { x: 6, y: 18 - head, "font-size": 14, "font-weight": "bold", fill: INK, "text-anchor": "start" },
      title,
    );
    const name = document.createElementNS("http://www.w3.org/2000/svg", "title"); // read out by screen readers
    name.textContent = title;
    svg.insertBefore(name, svg.firstChild);
  }
  rows.forEach((row, i) => {
    const y = (i - rows.length) * LEGEND_HEIGHT - LEGEND_GAP + 10;
    for (const { x, name, color, mark = "line", radius = 4 } of row) {
      if (mark === "line") draw("line", { x1: x, x2: x + 14, y1: y, y2: y, stroke: color, "stroke-width": 2.5 });
      else if (mark === "square") draw("rect", { x: x + 2, y: y - 5, width: 10, height: 10, fill: color });
      else draw("circle", { cx: x + 7, cy: y, r: Math.min(radius, 7), fill: "none", stroke: color, "stroke-width": 2 });
      draw("text", { x: x + 20, y: y + 4, fill: INK, "text-anchor": "start" }, name);
    }
  });
  svg.setAttribute("viewBox", `0 ${-head} ${width} ${height + head}`);
  svg.setAttribute("height", String(height + head));
  return svg.outerHTML;
}

/** Breaks the legend into rows that fit, by an estimate of the text's width: no font is at hand here. */
function legendRows(legend: readonly LegendEntry[], width: number): (LegendEntry & { readonly x: number })[][] {
  const rows: (LegendEntry & { readonly x: number })[][] = [];
  let next = Infinity;
  for (const entry of legend) {
    const needed = 20 + 6.6 * entry.name.length;
    if (next + needed > width - 6) {
      rows.push([]);
      next = 6;
    }
    rows.at(-1)?.push({ ...entry, x: next });
    next += needed + 14;
  }
  return rows;
}
