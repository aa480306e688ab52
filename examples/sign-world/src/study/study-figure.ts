import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { ArmResults } from "./arm-results-node.js";
import { SWEEP_ARMS, titleOf } from "./arms.js";
import { metricOf, observe } from "./metrics.js";
import { shareOf } from "./statistics.js";

const SHOWN = ["HH-refused", "SH-refused", "frr", "safe-right", "V-right", "vr-both"];

/** Shares of every arm with their two-way clustered intervals, one panel per score, as SVG; arms of the surfaces have tables of their own. */
export function studyFigure(all: ReadonlyMap<string, readonly ArmResults[]>): string {
  const arms = new Map([...all].filter(([name]) => !SWEEP_ARMS.some((arm) => arm.name === name)));
  const titles = [...arms.keys()].map((name) => titleOf(name).replaceAll("*", ""));
  const points = Array.from(arms, ([name, results], i) =>
    SHOWN.flatMap((metric) => {
      const { value, interval } = shareOf(observe(results, metricOf(metric)));
      if (value === null) return [];
      return [
        {
          arm: titles[i] ?? name,
          score: metricOf(metric).title,
          percent: 100 * value,
          lower: 100 * (interval?.lower ?? value),
          upper: 100 * (interval?.upper ?? value),
        },
      ];
    }),
  ).flat();
  const { document } = parseHTML("<html><body></body></html>");
  const figure = Plot.plot({
    document,
    width: 1220,
    height: 90 + 26 * arms.size,
    marginLeft: 310,
    marginTop: 40,
    style: { background: "white", fontFamily: "sans-serif", fontSize: "12px" },
    x: { label: "percent", domain: [0, 100], ticks: 3, grid: true },
    y: { label: null, domain: titles },
    fx: { label: null, domain: SHOWN.map((metric) => metricOf(metric).title) },
    marks: [
      Plot.ruleY(points, { fx: "score", y: "arm", x1: "lower", x2: "upper", stroke: "#0072b2", strokeWidth: 2 }),
      Plot.dot(points, { fx: "score", y: "arm", x: "percent", fill: "#d55e00", r: 4 }),
    ],
  });
  figure.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${figure.outerHTML}\n`;
}
