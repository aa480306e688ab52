import { RequestError } from "@videosafety/endpoint/server";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openRequest, readItems } from "./read-request.js";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const decode = (bytes: Uint8Array): string => utf8.decode(bytes);
const limits = { maxItems: 50, maxScores: 1000, openRlhfProblemType: "free-form", completionPrefix: "" };
const names = ["accuracy", "format"];
const read = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  const opened = openRequest("rewards", bytes, names, limits, decode);
  const { count } = opened.envelope;
  const middle = count >> 1;
  const part = (from: number, to: number) => readItems(bytes, opened, [from, to], limits, decode);
  return { ...opened.envelope, items: [...part(0, middle), ...part(middle, count)] };
};

const text = fc.oneof(fc.string(), fc.constantFrom('"', "\\", '\\"', "],[", '"items":[', "水", "\u{1f469}", "{}"));
const item = fc.record(
  {
    completion: text,
    solution: text,
    problem_type: text.map((t) => t.slice(0, 100)),
    id: text,
    completion_length: fc.nat(),
  },
  { requiredKeys: ["completion", "solution", "problem_type"] },
);
const body = fc.record(
  {
    items: fc.array(item, { maxLength: 12 }),
    rewards: fc.constant(["format"]),
    details: fc.boolean(),
    completion_prefix: text,
  },
  { requiredKeys: ["items"] },
);

describe("a body read in pieces", () => {
  it("gives what JSON.parse gives, whatever the texts hold and however it is spaced", () => {
    fc.assert(
      fc.property(body, fc.constantFrom(undefined, 2, "\t"), fc.boolean(), (value, space, reversed) => {
        const ordered = reversed ? Object.fromEntries(Object.entries(value).reverse()) : value;
        const { items, completionPrefix, details, count } = read(JSON.stringify(ordered, null, space));
        expect(items).toEqual(value.items);
        expect([count, completionPrefix, details]).toEqual([
          value.items.length,
          value.completion_prefix ?? "",
          value.details ?? false,
        ]);
      }),
      { numRuns: 300 },
    );
  });

  it("refuses every text that JSON.parse refuses, and never throws anything else", () => {
    const valid = JSON.stringify({
      items: [
        { completion: "a", solution: "b", problem_type: "c" },
        { completion: "d", solution: "e", problem_type: "f" },
      ],
    });
    fc.assert(
      fc.property(
        fc.nat(valid.length),
        fc.nat(6),
        fc.constantFrom("", ",", "]", "[", "{", "}", '"', ":", " ", "\\", "1"),
        (at, length, piece) => {
          const damaged = valid.slice(0, at) + piece + valid.slice(at + length);
          let parses = true;
          try {
            JSON.parse(damaged);
          } catch {
            parses = false;
          }
          try {
            read(damaged);
            expect(parses).toBe(true);
          } catch (error) {
            if (!(error instanceof RequestError)) throw error;
            expect([400, 413]).toContain(error.status);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("names the first item that is wrong, and a list that is missing, twice there, or none", () => {
    const good = { completion: "a", solution: "b", problem_type: "c" };
    for (const [wrong, message] of [
      [JSON.stringify({ items: [good, { ...good, typo: 1 }, {}] }), /^items\[1\]/],
      ["{}", /items: expected a list, found none/],
      ['{"items":3}', /items: expected a list, found number/],
      ['{"items":[],"items":[]}', /found none or several/],
      ['["items",[]]', /expected/],
      ['{"items":[{}}', /JSON/],
      [`{"items":[${JSON.stringify(good)},]}`, /expected 1 items there, found 0/],
    ] as const)
      expect(() => read(wrong)).toThrow(message);
  });
});
