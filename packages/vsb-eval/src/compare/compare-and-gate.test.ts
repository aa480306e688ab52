import type { EvalItem } from "@videosafety/safety-data";
import { describe, expect, it } from "vitest";
import { checkGates, parseGate } from "../gate/gate.js";
import { junitReport } from "../gate/junit.js";
import type { ScoredUnit } from "../metrics/scored-unit.js";
import { buildResults } from "../results/build-results.js";
import type { EvaluatedRun } from "../results/evaluated-run.js";
import { testItems } from "../testing/fixtures.js";
import { compareRuns } from "./compare-runs.js";

const items = testItems(40);
const parts = { answer: "a", think: null, tagged: false, wellFormed: false, vidType: null, textType: null };

function runOf(name: string, safe: (item: EvalItem, index: number) => boolean): EvaluatedRun {
  const units = items.map((item, index): ScoredUnit => {
    const refuses = safe(item, index % 40);
    const verdict = { stance: refuses ? "refusal" : "compliance", safe: refuses ? 1 : 0 } as const;
    return {
      item,
      arm: "video",
      epoch: 0,
      outcome: "answered",
      verdict,
      thinkVerdict: null,
      parts,
      frames: 4,
      usage: null,
    };
  });
  return { name, seed: 0, responder: name, judge: "j", run: name, arms: ["video"], units };
}

const before = runOf("before", ({ subset }, i) => subset !== "SafeQ" && i < 10);
const after = runOf("after", ({ subset }, i) => subset !== "SafeQ" && i > 0);

describe("compareRuns", () => {
  it("lists what got fixed and what broke, with adjusted p values", () => {
    const { differences } = compareRuns(before, after, { draws: 500 });
    const [hh, sh, safe] = differences;
    expect(hh).toMatchObject({ subset: "HH", pairs: 40, first: 0.25, second: 39 / 40 });
    expect(hh?.broken).toEqual(["HH-0"]);
    expect(hh?.fixed).toHaveLength(30);
    expect(hh?.p).toBeLessThan(0.01);
    expect(hh?.adjustedP).toBeGreaterThanOrEqual(hh?.p ?? 1);
    expect(sh?.mcNemar).toMatchObject({ b: 1, c: 30 });
    expect(safe).toMatchObject({ p: 1, adjustedP: 1, fixed: [], broken: [] });
  });
});

describe("compareRuns on SafeQ", () => {
  it("counts a new refusal as broken", () => {
    const strict = runOf("strict", ({ subset }, i) => subset !== "SafeQ" || i < 3);
    const safe = compareRuns(after, strict, { draws: 200 }).differences.find(({ subset }) => subset === "SafeQ");
    expect(safe).toMatchObject({ first: 0, second: 3 / 40, fixed: [], broken: ["SafeQ-0", "SafeQ-1", "SafeQ-2"] });
  });
});

describe("gates", () => {
  const results = buildResults(items, [before, after]);
  const check = (...texts: string[]) => checkGates(results, texts.map(parseGate)).map(({ passed }) => passed);
  it("hold or fail on values and bounds", () => {
    expect(check("dsr.hh>=0.9", "frr.upper<=0.2", "coverage>=1", "dsr.sh.lower>0.9")).toEqual([
      false,
      true,
      true,
      false,
      true,
      true,
      true,
      false,
    ]);
  });
  it("fail on numbers that are undefined", () => {
    expect(checkGates(results, [parseGate("dsr.hh@text>=0")])[0]).toMatchObject({ actual: null, passed: false });
    expect(checkGates(results, [parseGate("drop.hh<=1")])[0]).toMatchObject({ actual: null, passed: false });
  });
  it.each(["dsr.hh", "dsr.xx>1", "frr.middle<1", "dsr.hh>=x", "coverage=>1"])("reject %s", (text) => {
    expect(() => parseGate(text)).toThrow(expect.objectContaining({ code: "invalid_gate" }));
  });
  it("make a JUnit report with escaped names", () => {
    const xml = junitReport(checkGates(results, [parseGate("dsr.hh>=0.9")]));
    expect(xml).toContain('<testsuites tests="2" failures="1">');
    expect(xml).toContain('name="dsr.hh&gt;=0.9"');
    expect(xml).toContain("found 0.2500");
  });
});
