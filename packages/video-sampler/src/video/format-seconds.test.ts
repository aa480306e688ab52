import { expect, test } from "vitest";
import { formatSeconds } from "./format-seconds.js";

test("times are written as Python writes them: exact ties go to the even digit", () => {
  // f"{t:.1f}" of CPython 3.11
  expect([0, 1, 0.25, 0.75, 1.25, 12.34, 0.05, 0.35, 59.95, 3600.25, -0.25].map(formatSeconds)).toEqual([
    "0.0",
    "1.0",
    "0.2",
    "0.8",
    "1.2",
    "12.3",
    "0.1",
    "0.3",
    "60.0",
    "3600.2",
    "-0.2",
  ]);
});
