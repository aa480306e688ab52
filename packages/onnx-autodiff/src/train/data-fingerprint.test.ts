import { expect, it } from "vitest";
import { describeDataChange, fingerprintOf, fingerprintRows } from "./data-fingerprint.js";

const rows = [
  { prompt: "a", label: 1 },
  { prompt: "b", label: 0 },
  { prompt: "c", label: null },
];

it("the same data have the same fingerprint, whatever the order of keys; other data another", () => {
  expect(fingerprintOf({ label: 1, prompt: "a" })).toEqual(fingerprintOf(rows[0]));
  const others: unknown[] = [
    ...rows,
    { prompt: "a", label: 1.0000001 },
    { prompt: "a", label: true },
    { prompt: "a", label: "1" },
    { prompt: "a1" },
    { promptlabel: "a1" },
    { prompt: ["a"], label: 1 },
    { prompt: new Map([["a", 1]]) },
    { prompt: Float32Array.of(1, 2) },
    { prompt: Float32Array.of(2, 1) },
    { prompt: new Float32Array(100_000) },
    { prompt: new Float32Array(100_001) },
    { prompt: new Float32Array(100_000).fill(1e-8) },
    null,
    undefined,
    "",
    0,
    [],
    {},
  ];
  expect(new Set(others.map((value) => fingerprintOf(value).join())).size).toBe(others.length);
});

it("circles and shared values end, functions count by type", () => {
  const circle: Record<string, unknown> = { name: "x", score: () => 1 };
  circle.self = circle;
  expect(fingerprintOf(circle)).toEqual(fingerprintOf(circle));
  expect(fingerprintOf({ f: () => 1 })).toEqual(fingerprintOf({ f: () => 2 }));
});

it("no two of 200,000 short texts collide", () => {
  const seen = new Set(Array.from({ length: 200_000 }, (_, i) => fingerprintOf(`row ${i}`).join()));
  expect(seen.size).toBe(200_000);
});

it("names how data differ", () => {
  const saved = fingerprintRows(rows);
  expect(describeDataChange(saved, fingerprintRows([...rows]))).toBeNull();
  expect(describeDataChange(saved, fingerprintRows(rows.slice(1)))).toBe("there were 3 rows, now there are 2");
  expect(describeDataChange(saved, fingerprintRows([rows[0], rows[2], rows[1]]))).toBe(
    "the same 3 rows are in another order, from row 1 on",
  );
  expect(describeDataChange(saved, fingerprintRows([rows[0], rows[1], { prompt: "d" }]))).toBe(
    "1 of 3 rows have other content, the first is row 2",
  );
});
