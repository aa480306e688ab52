import { expect, test } from "vitest";
import { runNames } from "./run-names-node.js";

test("two runs whose folders have the same name stay two rows", () => {
  expect(runNames(["a/run", "b/run", "c/other/"])).toEqual(["a/run", "b/run", "other"]);
  expect(runNames([])).toEqual([]);
});
