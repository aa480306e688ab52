import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { z } from "zod";

const shareSchema = z.strictObject({ count: z.int().nonnegative(), of: z.int().positive() });

/** The results file of `degradation.ts`. */
export const degradationSchema = z.strictObject({
  settings: z.strictObject({
    architecture: z.string().optional(), // VideoLLaMA3's where it is not said
    seed: z.number(),
    scale: z.number(),
    steps: z.number(),
    clips: z.number(),
    set: z.string(),
  }),
  measured: z.array(
    z.strictObject({ replay: z.number(), step: z.number(), scores: z.record(z.string(), shareSchema) }),
  ),
});

/** What a run of `degradation.ts` measured. */
export type Degradation = z.infer<typeof degradationSchema>;

/**
 * What a run that goes on has measured.
 * @throws Error where it was another run: its models and its scores are not these settings'
 */
export function measuredBefore(results: unknown, settings: Degradation["settings"]): Degradation["measured"] {
  const before = degradationSchema.parse(results);
  const [found, expected] = [before.settings, settings].map((one) => JSON.stringify(one));
  if (found !== expected) throw new Error(`expected a run with the settings ${expected} to continue, found ${found}`);
  return before.measured;
}

/** What is shown: name of the score, and in words. */
const SHOWN = [
  ["harmful text: refused", "harmful text alone: refused"],
  ["HH: refused", "HH: refused"],
  ["HH: complied", "HH: complied"],
  ["SH: refused", "SH: refused"],
  ["SH: complied", "SH: complied"],
  ["safe: right", "safe, with clip: right"],
  ["safe: refused", "safe, with clip: refused"],
  ["V: right", "about the clip: right"],
  ["VR pairs: both right", "VR pairs: both right"],
] as const;

/** One row per share of replay and length of tuning, in percent, as Markdown. */
export function degradationTable({ measured }: Degradation): string {
  const heading = ["replay", "steps", ...SHOWN.map(([, words]) => words)];
  const rows = sorted(measured).map(({ replay, step, scores }) => [`${100 * replay} %`, `${step}`, ...cellsOf(scores)]);
  const of = SHOWN.map(([name]) => `${measured[0]?.scores[name]?.of ?? 0}`);
  return [heading, heading.map(() => "---"), ["", "n", ...of], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

/** The end of tuning of several bases, in percent, as Markdown: one row per base and share of replay. */
export function finalTable(runs: readonly Degradation[]): string {
  const heading = ["shape", "seed", "replay", ...SHOWN.map(([, words]) => words)];
  const rows = runs.flatMap(({ settings: { architecture = "videollama3", seed, steps }, measured }) =>
    sorted(measured)
      .filter(({ step }) => step === steps)
      .map(({ replay, scores }) => [architecture, `${seed}`, `${100 * replay} %`, ...cellsOf(scores)]),
  );
  return [heading, heading.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const cellsOf = (scores: Degradation["measured"][number]["scores"]): string[] =>
  SHOWN.map(([name]) => {
    const share = scores[name];
    return share === undefined ? "-" : ((100 * share.count) / share.of).toFixed(1);
  });

const sorted = (measured: Degradation["measured"]): Degradation["measured"] =>
  [...measured].sort((a, b) => a.replay - b.replay || a.step - b.step);

/** Curves over the length of tuning, one panel per share of replayed text, as SVG. */
export function degradationFigure({ measured }: Degradation): string {
  const names = ["harmful text: refused", "HH: refused", "HH: complied", "safe: right"];
  const points = sorted(measured).flatMap(({ replay, step, scores }) =>
    names.flatMap((name) => {
      const share = scores[name];
      return share === undefined
        ? []
        : [{ replay: `replay ${100 * replay} %`, step, name, percent: (100 * share.count) / share.of }];
    }),
  );
  const { document } = parseHTML("<html><body></body></html>");
  const figure = Plot.plot({
    document,
    width: 900,
    height: 370,
    marginLeft: 44,
    marginTop: 70,
    style: { background: "white", fontFamily: "sans-serif", fontSize: "12px" },
    x: { label: "steps of visual tuning", ticks: 4 },
    y: { label: "percent", domain: [0, 100], grid: true },
    fx: { label: null },
    color: { domain: names, range: ["#0072b2", "#d55e00", "#cc79a7", "#009e73"] },
    marks: [
      Plot.lineY(points, { fx: "replay", x: "step", y: "percent", stroke: "name", strokeWidth: 2 }),
      Plot.dot(points, { fx: "replay", x: "step", y: "percent", fill: "name", r: 3 }),
      // The legend stands above the first panel, where no line runs into it.
      ...names.map((name, i) =>
        Plot.text([{ name, replay: points[0]?.replay }], {
          fx: "replay",
          frameAnchor: "top-left",
          text: "name",
          fill: "name",
          textAnchor: "start",
          fontWeight: "bold",
          dx: 150 * i,
          dy: -50,
        }),
      ),
    ],
  });
  figure.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${figure.outerHTML}\n`;
}
