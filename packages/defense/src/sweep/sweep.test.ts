import { describe, expect, test } from "vitest";
import { sobolPoints } from "./sobol.js";
import { surfaceSvg, sweepPage } from "./sweep-page.js";
import { parseSetting, sweepPoints } from "./sweep-plan.js";

describe("Sobol points", () => {
  test("the first ones of two dimensions are those of the literature", () => {
    expect(sobolPoints(8, 2)).toEqual([
      ...[
        [0, 0],
        [0.5, 0.5],
        [0.75, 0.25],
        [0.25, 0.75],
      ],
      ...[
        [0.375, 0.375],
        [0.875, 0.875],
        [0.625, 0.125],
        [0.125, 0.625],
      ],
    ]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "%i dimensions: each of 2^k slices of every axis holds one of 2^k points",
    (dimensions) => {
      const points = sobolPoints(64, dimensions);
      for (let d = 0; d < dimensions; d++)
        expect(new Set(points.map((point) => Math.floor(64 * (point[d] as number)))).size).toBe(64);
      for (let d = 1; d < Math.min(dimensions, 2); d++) {
        const boxes = points.map(
          (point) => `${Math.floor(8 * (point[0] as number))},${Math.floor(8 * (point[d] as number))}`,
        );
        expect(new Set(boxes).size).toBe(64);
      }
    },
  );

  test("are numbers of scipy's generator", () => {
    // scipy.stats.qmc.Sobol(d=8, scramble=False).random(5)[4], scipy 1.17.1
    expect(sobolPoints(5, 8)[4]).toEqual([0.375, 0.375, 0.625, 0.875, 0.375, 0.125, 0.375, 0.875]);
  });
});

describe("a sweep's points", () => {
  test("a grid is every combination; a draw covers ranges, also on a logarithmic scale", () => {
    const grid = sweepPoints([parseSetting("a=0,1"), parseSetting("b=x,y,z")], null);
    expect(grid.length).toBe(6);
    expect(grid[4]).toEqual({ name: "point-0005", settings: { a: "1", b: "y" } });
    const drawn = sweepPoints([parseSetting("rate=1e-5..1e-3:log"), parseSetting("g=2..4"), parseSetting("c=x,y")], 4);
    expect(drawn.map(({ settings }) => [settings.rate, settings.g])).toEqual([
      ...[
        ["0.00001", "2"],
        ["0.0001", "3"],
        ["0.000316228", "2.5"],
        ["0.0000316228", "3.5"],
      ],
    ]);
    expect(new Set(drawn.map(({ settings }) => settings.c))).toEqual(new Set(["x", "y"]));
  });

  test.each<[string[], number | null]>([
    [["a"], null],
    [["a="], null],
    [["a=1..2"], null],
    [["a=2..1"], 4],
    [["a=0..1:log"], 4],
    [["a=1", "a=2"], null],
    [[], null],
    [Array.from({ length: 9 }, (_, i) => `s${i}=0..1`), 4],
    [["a", "b"].map((name) => `${name}=${Array.from({ length: 70 }, (_, i) => i)}`), null],
  ])("%j is refused as usage", (texts, count) => {
    expect(() => sweepPoints(texts.map(parseSetting), count)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("its page shows failures as such, and a text that looks like markup stays a text", () => {
    const settings = ["a", "b<"];
    const point = (a: string, rates: { dsrHh: number; dsrSh: number; frr: number } | null) => ({
      ...{
        name: `p${a}`,
        settings: { a, "b<": "1" },
        checkpoint: rates && "stage-4",
        rates,
        problem: rates ? null : "no <decoder>",
      },
    });
    const results = { settings, points: [point("0", { dsrHh: 0.5, dsrSh: 1, frr: 0 }), point("1", null)] };
    const page = sweepPage(results);
    expect(page).toContain("no &lt;decoder&gt;");
    expect(page).not.toMatch(/<script|b<\b/);
    expect(surfaceSvg(results, ["a", "b<"], "dsrHh")).toContain("50.0");
  });
});
