import { expect, test } from "vitest";
import { spanOverlap } from "./time-spans.js";

const span = (startSeconds: number, endSeconds: number) => ({ startSeconds, endSeconds });

test("overlap is intersection over union of what the spans cover, counted once", () => {
  expect(spanOverlap([span(0, 2)], [span(1, 3)])).toBeCloseTo(1 / 3, 12);
  expect(spanOverlap([span(0, 1), span(0.5, 2)], [span(0, 2)])).toBe(1);
  expect(spanOverlap([span(0, 1)], [span(1, 2)])).toBe(0);
  expect(spanOverlap([], [span(0, 1)])).toBe(0);
  expect(spanOverlap([span(0, 1), span(4, 5)], [span(0, 1)])).toBe(0.5);
});

test("two empty sets of spans have no overlap to speak of: null, not 0", () => {
  expect(spanOverlap([], [])).toBeNull();
  expect(spanOverlap([span(1, 1)], [])).toBeNull();
});
