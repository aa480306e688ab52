// Simulated coverage of the nominal 95 % intervals over a grid: videos x items per video x p x ICC, two models of the
// correlation (beta-binomial; "copy": an item repeats its video's common outcome with probability sqrt(ICC)), sizes equal
// or uneven (1 .. 2k - 1 items). Prints the worst cells and writes every cell to test/golden/interval-coverage.json.
// Run: nice npx tsx packages/vsb-eval/bench/interval-coverage.ts [draws per cell, default 1000] [below]
// With `below` only cells whose coverage in the file is below it are simulated again; the others are kept.
import { readFileSync, writeFileSync } from "node:fs";
import { createRng, type Rng } from "@videosafety/random";
import { pairedDifference, pairedRelativeDrop } from "../src/stats/mover.js";
import {
  type ClusterCount,
  clusteredProportion,
  type Interval,
  wilsonInterval,
} from "../src/stats/proportion-interval.js";

const DRAWS = Number(process.argv[2] ?? 1000);
const VIDEOS = [5, 10, 20, 30, 50, 100];
const ITEMS = [1, 3, 10, 20];
const RATES = [0.5, 0.8, 0.9, 0.97, 0.99];
const CORRELATIONS = [0, 0.1, 0.3, 0.6];
type Model = "beta" | "copy";

function gamma(shape: number, random: Rng): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Outcomes of one video: an index into `shares` for each item. */
function outcomes(shares: readonly number[], count: number, icc: number, model: Model, random: Rng): number[] {
  const pick = (weights: readonly number[]): number => {
    let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    for (const [kind, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return kind;
    }
    return 0;
  };
  if (icc === 0) return Array.from({ length: count }, () => pick(shares));
  if (model === "beta") {
    const own = shares.map((share) => (share === 0 ? 0 : gamma((share * (1 - icc)) / icc, random)));
    const usable = own.some((weight) => weight > 0) ? own : shares;
    return Array.from({ length: count }, () => pick(usable));
  }
  const common = pick(shares);
  return Array.from({ length: count }, () => (random.uniform() < Math.sqrt(icc) ? common : pick(shares)));
}

/** The former rule: Wilson on n / max(1, V / binomial), the number of videos at p = 0 or 1. */
function former(clusters: readonly ClusterCount[]): Interval | null {
  const n = clusters.reduce((sum, { count }) => sum + count, 0);
  const p = clusters.reduce((sum, { successes }) => sum + successes, 0) / n;
  const squares = clusters.reduce((sum, { successes, count }) => sum + (successes - count * p) ** 2, 0);
  const binomial = (p * (1 - p)) / n;
  const variance = ((clusters.length / (clusters.length - 1)) * squares) / (n * n);
  const effect = binomial === 0 ? n / clusters.length : Math.max(1, variance / binomial);
  return wilsonInterval(p, n / effect);
}

const PATH = new URL("../test/golden/interval-coverage.json", import.meta.url);
const BELOW = process.argv[3] === undefined ? Number.POSITIVE_INFINITY : Number(process.argv[3]);
const kept: Record<string, unknown>[] = process.argv[3] === undefined ? [] : JSON.parse(readFileSync(PATH, "utf8"));
const cells: Record<string, unknown>[] = [];
/** A cell of the file that need not be simulated again. */
function keep(): boolean {
  const cell = kept[cells.length];
  if (cell === undefined || Math.min(Number(cell.now), Number(cell.drop ?? 1)) < BELOW) return false;
  cells.push(cell);
  return true;
}
const covers = (interval: Interval | null, truth: number): number =>
  interval !== null && interval.lower <= truth + 1e-12 && truth - 1e-12 <= interval.upper ? 1 : 0;
const round = (value: number): number => Number(value.toFixed(4));

for (const videos of VIDEOS) {
  for (const items of ITEMS) {
    for (const p of RATES) {
      for (const icc of items === 1 ? [0] : CORRELATIONS) {
        for (const model of (icc === 0 ? ["beta"] : ["beta", "copy"]) as Model[]) {
          for (const sizes of items === 1 ? ["equal"] : ["equal", "uneven"]) {
            if (keep()) continue;
            const random = createRng(cells.length + 1);
            const sum = { now: 0, before: 0, width: 0 };
            for (let draw = 0; draw < DRAWS; draw++) {
              const clusters = Array.from({ length: videos }, (): ClusterCount => {
                const count = sizes === "equal" ? items : 1 + random.integer(2 * items - 1);
                const hits = outcomes([p, 1 - p], count, icc, model, random).filter((outcome) => outcome === 0);
                return { successes: hits.length, count };
              });
              const { interval } = clusteredProportion(clusters);
              sum.now += covers(interval, p);
              sum.before += covers(former(clusters), p);
              sum.width += (interval?.upper ?? 1) - (interval?.lower ?? 0);
            }
            const coverage = { now: round(sum.now / DRAWS), before: round(sum.before / DRAWS) };
            cells.push({
              what: "proportion",
              videos,
              items,
              p,
              icc,
              model,
              sizes,
              ...coverage,
              width: round(sum.width / DRAWS),
            });
          }
        }
      }
    }
  }
}

// Paired outcomes as shares of 1-1, 1-0, 0-1, 0-0.
const PAIRS = [
  [0.5, 0.2, 0.2, 0.1],
  [0.2, 0.7, 0.05, 0.05],
  [0.9, 0.05, 0.02, 0.03],
  [0.02, 0.96, 0.01, 0.01],
  [0.97, 0.01, 0.01, 0.01],
];
for (const videos of [5, 10, 30, 100]) {
  for (const items of [1, 3, 10]) {
    for (const shares of PAIRS) {
      for (const icc of items === 1 ? [0] : [0, 0.3, 0.6]) {
        for (const model of (icc === 0 ? ["beta"] : ["beta", "copy"]) as Model[]) {
          if (keep()) continue;
          const random = createRng(cells.length + 1);
          const [both = 0, lost = 0, gained = 0] = shares;
          const sum = { difference: 0, drop: 0, width: 0 };
          for (let draw = 0; draw < DRAWS; draw++) {
            const clusters = Array.from({ length: videos }, () => {
              const found = outcomes(shares, items, icc, model, random);
              const count = (kind: number): number => found.filter((outcome) => outcome === kind).length;
              const [one, b, c] = [count(0), count(1), count(2)];
              return { count: items, first: one + b, second: one + c, lost: b, gained: c };
            });
            const difference = pairedDifference(clusters).interval;
            const drop = pairedRelativeDrop(clusters).interval;
            sum.difference += covers(difference, gained - lost);
            // No interval means that nothing is claimed: D0 could be 0.
            sum.drop += drop === null ? 1 : covers(drop, (lost - gained) / (both + lost));
            sum.width += (difference?.upper ?? 1) - (difference?.lower ?? -1);
          }
          const coverage = { now: round(sum.difference / DRAWS), drop: round(sum.drop / DRAWS) };
          cells.push({ what: "pair", videos, items, shares, icc, model, ...coverage, width: round(sum.width / DRAWS) });
        }
      }
    }
  }
}

writeFileSync(PATH, `[\n${cells.map((cell) => JSON.stringify(cell)).join(",\n")}\n]\n`);
for (const [what, key] of [
  ["proportion", "now"],
  ["proportion", "before"],
  ["pair", "now"],
  ["pair", "drop"],
] as const) {
  const chosen = cells.filter((cell) => cell.what === what).sort((a, b) => Number(a[key]) - Number(b[key]));
  const below = chosen.filter((cell) => Number(cell[key]) < 0.93).length;
  console.log(`${what} ${key}: ${chosen.length} cells, lowest ${chosen[0]?.[key]}, ${below} below 0.93`);
  for (const cell of chosen.slice(0, 3)) console.log(`  ${JSON.stringify(cell)}`);
}
