import { expect, test } from "vitest";
import { KeptResults } from "./kept-results.js";

test("the oldest result leaves first, and a text too long to be kept drives none out", () => {
  const kept = new KeptResults<number>(2, 4);
  kept.keep("a", 1);
  kept.keep("b", 2);
  kept.keep("longer", 3);
  expect([kept.get("a"), kept.get("b"), kept.get("longer")]).toEqual([1, 2, undefined]);
  kept.keep("c", 4);
  expect([kept.get("a"), kept.get("b"), kept.get("c")]).toEqual([undefined, 2, 4]);
});
