import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import {
  AlarmShapeError,
  type AttentionShare,
  activationPatterns,
  attentionShares,
  layerProbes,
  reliability,
  rocCurve,
  tokenDrift,
} from "../index.js";
import {
  activationPlot,
  attentionHeadPlot,
  attentionPlot,
  frontierPlot,
  layerProbePlot,
  reliabilityPlot,
  rocPlot,
  tokenDriftPlot,
} from "../plots.js";

const cells = [
  { visual: 1, textual: 1 },
  { visual: 1, textual: 0 },
  { visual: 0, textual: 1 },
  { visual: 0, textual: 0 },
] as const;
const logits = cells.map(({ visual }) => 4 * visual - 2);
const points = rocCurve(
  logits,
  cells.map(({ visual }) => visual),
);
const labels = Array.from({ length: 40 }, (_, i) => (i % 2) as 0 | 1);
const probes = layerProbes([labels.map(() => 1), labels.map((label, i) => label + 0.2 * Math.sin(i)), labels], labels);
/** Two layers of two heads over 4 tokens: video, visual alarm, query, textual alarm. */
const shares: AttentionShare[] = attentionShares(
  [1, 2].map((layer) => {
    const rows = [
      [1, 0, 0, 0],
      [0.75, 0.25, 0, 0],
      [0.2, 0.6, 0.2, 0],
      [0.25, 0.25, 0.25, 0.25],
    ].flat();
    return { layer, data: Float32Array.from([...rows, ...rows]), dims: [2, 4, 4] };
  }),
  { visual: 1, textual: 3 },
  [
    { name: "video", start: 0, end: 1 },
    { name: "query", start: 2, end: 3 },
  ],
);

type Shape = { getAttribute(name: string): string | null; textContent: string | null };
const shapes = (svg: string, selector: string): Shape[] => [...parseHTML(svg).document.querySelectorAll(selector)];
const text = (svg: string): string[] => shapes(svg, "text").map((node) => node.textContent ?? "");

describe("plots", () => {
  const title = { title: "Title" };

  test("every plot is one SVG document with its title, names and marks", async () => {
    const all = {
      roc: await rocPlot([{ name: "visual", points }], title),
      frontier: await frontierPlot(
        [
          { name: "guard", points },
          { name: "refusal", points: [{ dsr: 0.9, frr: 0.1 }] },
        ],
        title,
      ),
      reliability: await reliabilityPlot([{ name: "visual", reliability: reliability([0.2, 0.8], [0, 1]) }], title),
      activation: await activationPlot(activationPatterns(logits, logits, cells), title),
      drift: await tokenDriftPlot(tokenDrift([{ stage: "stage 1", visual: [1, 0], textual: [0, 1] }]), title),
      probes: await layerProbePlot([{ name: "visual", probes }], title),
      attention: await attentionPlot(shares, title),
      heads: await attentionHeadPlot(shares, "video", title),
    };
    for (const [name, svg] of Object.entries(all)) {
      expect(svg, name).toMatch(/^<svg [\s\S]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>$/);
      expect(svg, name).not.toMatch(/NaN|undefined/);
      expect(
        text(svg).filter((line) => line === "Title"),
        name,
      ).toHaveLength(1);
    }
    expect(text(all.frontier)).toEqual(expect.arrayContaining(["guard", "refusal"]));
    const corner = text(await frontierPlot([{ name: "guard", points }], { minimumDsr: 0.9, maximumFrr: 0.08 }));
    expect(corner).toEqual(expect.arrayContaining(["90", "100", "8"]));
    expect(corner).not.toContain("80");
    expect(text(all.activation)).toEqual(expect.arrayContaining(["harmful video, safe query", "visual alarm"]));
    expect(text(all.drift)).toEqual(expect.arrayContaining(["stage 1", "cosine 0.00"]));
    expect(text(all.probes)).toEqual(expect.arrayContaining(["visual", "0", "1", "2", "↑ AUC of a linear probe"]));
    expect(text(all.attention)).toEqual(expect.arrayContaining(["even", "video", "query", "other", "textual alarm"]));
    expect(text(all.heads)).toEqual(expect.arrayContaining(["75 %", "25 %"]));
  });

  test("title and legend lie above the plot, whatever their number, and inside the picture", async () => {
    for (const count of [1, 3, 12]) {
      const names = Array.from({ length: count }, (_, i) => `a model of some name ${i}`);
      const svg = await frontierPlot(
        names.map((name) => ({ name, points })),
        { ...title, width: 420 },
      );
      const [, top = 0, width = 0] = (/viewBox="0 (\S+) (\S+) \S+"/.exec(svg) ?? []).map(Number);
      for (const node of shapes(svg, "svg > text")) {
        const [x, y] = [Number(node.getAttribute("x")), Number(node.getAttribute("y"))];
        expect(y).toBeGreaterThan(top + 10);
        expect(y).toBeLessThan(5);
        expect(x + 6 * (node.textContent ?? "").length).toBeLessThan(width + 1);
      }
      expect(text(svg)).toEqual(expect.arrayContaining(names));
    }
  });

  test("equal models that cannot be tuned are rings around each other", async () => {
    const same = [{ dsr: 1, frr: 0 }];
    const svg = await frontierPlot(["a", "b", "c"].map((name) => ({ name, points: same })));
    const radii = shapes(svg, 'g[aria-label="dot"] circle').map((node) => Number(node.getAttribute("r")));
    expect(new Set(radii).size).toBe(3);
  });

  test("bars of attention stand for all of it: the stack of every layer ends at 100 %", async () => {
    const bars = shapes(await attentionPlot(shares), 'g[aria-label="bar"] rect');
    const heights = new Map<string, number>();
    for (const bar of bars) {
      const x = bar.getAttribute("x") as string;
      heights.set(x, (heights.get(x) ?? 0) + Number(bar.getAttribute("height")));
    }
    expect(heights.size).toBe(3); // "even" and two layers, in both facets
    for (const height of heights.values()) expect(height).toBeCloseTo([...heights.values()][0] as number, 6);
  });

  test("numbers are left out where 28 layers of 12 heads leave no room for them", async () => {
    const many = Array.from({ length: 28 * 12 }, (_, i) => ({
      ...(shares[0] as AttentionShare),
      layer: 1 + Math.floor(i / 12),
      head: i % 12,
    }));
    const svg = await attentionHeadPlot(many, "video");
    expect(shapes(svg, 'g[aria-label="cell"] rect')).toHaveLength(2 * 28 * 12);
    expect(text(svg).filter((line) => /^\d+ %$/.test(line))).toEqual(["0 %"]);
    expect(text(await attentionPlot(many)).filter((line) => /^\d+$/.test(line)).length).toBeLessThan(2 * 10 + 12);
  });

  test("a part that is not there, and no shares at all, are typed errors", async () => {
    await expect((async () => attentionHeadPlot(shares, "sound"))()).rejects.toThrow(
      /one of video, query, other; found sound/,
    );
    await expect((async () => attentionPlot([]))()).rejects.toThrow(AlarmShapeError);
    await expect((async () => attentionHeadPlot([], "video"))()).rejects.toThrow(AlarmShapeError);
  });
});
