import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { RUN_FILE } from "../../test/authors-data.js";
import { main } from "../cli/main-node.js";
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

  test("a surface over two of three settings has one cell per pair, the mean of what was measured there", () => {
    const settings = ["a", "b", "c"];
    const points = sweepPoints(["a=0,1", "b=0,1", "c=0,1,2"].map(parseSetting), null).map(({ name, settings: own }) => {
      const [a, b, c] = settings.map((path) => Number(own[path])) as [number, number, number];
      const rates = { dsrHh: (a + 2 * b + 4 * c) / 20, dsrSh: 0, frr: a === 1 && c > 0 ? null : 0.1 };
      const failed = b === 0 && c === 2;
      return { name, settings: own, checkpoint: null, rates: failed ? null : rates, problem: failed ? "no" : null };
    });
    const results = { settings, points };
    const cells = (rate: "dsrHh" | "frr") =>
      [...surfaceSvg(results, ["a", "b"], rate).matchAll(/<title>(.*?)<\/title>/g)].map(([, title]) => title);
    expect(cells("dsrHh")).toEqual([
      "a 0, b 0: 10.0 (2 of 3 runs)",
      "a 0, b 1: 30.0 (3 of 3 runs)",
      "a 1, b 0: 15.0 (2 of 3 runs)",
      "a 1, b 1: 35.0 (3 of 3 runs)",
    ]);
    expect(cells("frr")[2]).toBe("a 1, b 0: 10.0 (1 of 3 runs)");
    expect(surfaceSvg(results, ["a", "b"], "dsrHh")).toContain("mean over the others");
    expect(sweepPage(results).match(/aria-label="DSR on HH by /g)?.length).toBe(3);
    const drawn = Array.from({ length: 30 }, (_, i) => ({ ...points[0], settings: { a: `${i}`, b: `${i}` } }));
    expect(surfaceSvg({ settings: ["a", "b"], points: drawn as never }, ["a", "b"], "dsrHh")).not.toContain(
      "10.0</text>",
    );
  });
});

/** Stands in for this program: stage 4 of every point refuses as often as its seed says; the second misses its gate, the third does not train, the fourth has no numbers. */
const PROGRAM = `
import { mkdirSync, writeFileSync } from "node:fs";
const [command, ...args] = process.argv.slice(2);
const out = command === "train" ? args[args.indexOf("--out") + 1] : args[0];
const point = Number(out.at(-1));
if (command === "train") {
  mkdirSync(out, { recursive: true });
  if (point === 3) console.error("videosafety train: no decoder");
  process.exit(point === 3 ? 1 : 0);
}
const rate = { mean: point / 10 };
const row = { name: point === 4 ? "base" : "stage-4", dsrHh: rate, dsrSh: rate, frr: rate };
writeFileSync(out + "/results.json", JSON.stringify({ checkpoints: ["base", "stage-4"], evaluation: { summary: [row] } }));
process.exit(point === 2 ? 3 : 0);
`;

test("a point whose gate does not hold keeps its numbers, one without numbers is a failure; both make the sweep fail", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sweep-"));
  const program = process.argv[1] as string;
  try {
    process.argv[1] = join(folder, "program.mjs");
    await writeFile(process.argv[1], PROGRAM);
    await writeFile(join(folder, "run.yaml"), RUN_FILE);
    const terminal = { out: () => {}, err: () => {}, interactive: false };
    const out = join(folder, "out");
    const args = ["sweep", join(folder, "run.yaml"), "--over", "seed=1,2,3,4", "--jobs", "4", "--out", out];
    expect(await main(args, terminal, new AbortController().signal)).toBe(1);
    const { points } = JSON.parse(await readFile(join(out, "sweep.json"), "utf8"));
    expect(points).toMatchObject([
      { checkpoint: "stage-4", rates: { dsrHh: 0.1 }, problem: null },
      { checkpoint: "stage-4", rates: { dsrHh: 0.2 }, problem: "a gate does not hold" },
      { checkpoint: null, rates: null, problem: "videosafety train: no decoder" },
      { checkpoint: null, rates: null, problem: "results.json: expected numbers of stage-4, found none" },
    ]);
  } finally {
    process.argv[1] = program;
    await rm(folder, { recursive: true });
  }
});
