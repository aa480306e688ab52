import fc from "fast-check";
import { expect, test } from "vitest";
import { findAttack } from "./attack-registry.js";
import { type SearchPoint, searchAttack, searchedAttack, searchParameters } from "./attack-search.js";
import { contentSpans, type Footage, plainFootage } from "./footage.js";

/** Highest at (0.7, 0.2): what an attacker would have to find. */
const hill = ({ x = 0, y = 0 }: SearchPoint): number => 1 - (x - 0.7) ** 2 - (y - 0.2) ** 2;
const dimensions = ["x", "y"];

test("keeps its budget, counts every query, and returns the best of them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      fc.constantFrom("random" as const, "evolution" as const),
      async (budget, seed, method) => {
        let queries = 0;
        const result = await searchParameters({
          dimensions,
          budget,
          seed,
          method,
          score: (point) => {
            queries++;
            for (const value of Object.values(point)) expect(value >= 0 && value <= 1).toBe(true);
            return hill(point);
          },
        });
        expect(queries).toBe(budget);
        expect(result.tried).toHaveLength(budget);
        expect(result.score).toBe(Math.max(...result.tried.map(({ score }) => score)));
        const again = await searchParameters({ dimensions, budget, seed, method, score: hill });
        expect(again.tried).toEqual(result.tried);
      },
    ),
    { numRuns: 30 },
  );
});

test("evolution comes closer than chance with equal queries", async () => {
  const best = async (method: "random" | "evolution"): Promise<number> => {
    let sum = 0;
    for (let seed = 0; seed < 30; seed++)
      sum += 1 - (await searchParameters({ dimensions, budget: 40, seed, method, score: hill })).score;
    return sum / 30;
  };
  expect(await best("evolution")).toBeLessThan(0.5 * (await best("random")));
});

test("stops when it is enough, and refuses what cannot be searched", async () => {
  const result = await searchParameters({
    dimensions,
    budget: 500,
    seed: 1,
    method: "random",
    score: hill,
    enough: 0.9,
  });
  expect(result.succeeded && result.tried.length < 500).toBe(true);
  const common = { seed: 1, method: "random" as const };
  await expect(searchParameters({ ...common, dimensions: [], budget: 5, score: hill })).rejects.toThrow(
    /nothing to adapt/,
  );
  await expect(searchParameters({ ...common, dimensions, budget: 0, score: hill })).rejects.toThrow(/budget/);
  await expect(searchParameters({ ...common, dimensions, budget: 5, score: () => Number.NaN })).rejects.toThrow(/NaN/);
  const signal = AbortSignal.abort();
  await expect(searchParameters({ ...common, dimensions, budget: 5, score: hill, signal })).rejects.toThrow();
});

test("finds where a sampler does not look, and the arm uses what was found for the item", async () => {
  const footage = plainFootage({
    itemSeconds: 10,
    frameRate: 10,
    content: [0, 10],
    carrierSeconds: 10,
    assumed: () => [0],
    known: () => [0],
  });
  const attack = findAttack("fragment-short");
  const input = { query: "q", language: "en", history: [], footage };
  // A sampler that looks everywhere but at seconds 6 to 7.
  const seen = (made: Footage): number => contentSpans(made).filter(([start, end]) => start < 6 || end > 7).length;
  const found = await searchAttack({
    attack,
    intensity: 0.97,
    input,
    budget: 60,
    seed: 3,
    method: "evolution",
    enough: -0.5,
    score: ({ footage: made }) => -seen(made as Footage),
  });
  expect(found.succeeded).toBe(true);
  const adaptive = searchedAttack(attack, new Map([["item-1", found.point]]));
  const apply = (item: string) => adaptive.apply(input, { intensity: 0.97, seed: 99, item }).footage as Footage;
  expect(adaptive.name).toBe("adaptive-fragment-short");
  expect(seen(apply("item-1"))).toBe(0);
  expect(apply("item-2")).toEqual(attack.apply(input, { intensity: 0.97, seed: 99 }).footage);
});
