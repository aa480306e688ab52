import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type AnswerRow, type ArmResults, hasResults, readAllResults, writeResults } from "./arm-results-node.js";
import { ARMS, SURFACES } from "./arms.js";
import { metricOf, observe } from "./metrics.js";
import { differenceOfArms, shareOf } from "./statistics.js";
import { byArm, differencesTable, scoresTable, surfaceTables } from "./study-report.js";

const row = (id: string, more: Partial<AnswerRow> = {}): AnswerRow => ({
  id,
  outcome: "refuse",
  family: "H",
  language: "en",
  production: `en/H-${id}`,
  cluster: `clip-${id}`,
  pair: null,
  novelty: "seen",
  question: null,
  category: "violence",
  visual: 1,
  textual: 1,
  withClip: true,
  behaviour: "refused",
  keyed: true,
  topicInReasoning: null,
  wellFormed: true,
  ...more,
});
const results = (arm: string, answers: readonly AnswerRow[], more: Partial<ArmResults> = {}): ArmResults => ({
  arm,
  seed: 1,
  draw: "test",
  settings: {},
  base: "",
  environment: {},
  training: [],
  answers,
  ...more,
});
const many = (count: number, more: (i: number) => Partial<AnswerRow>) =>
  Array.from({ length: count }, (_, i) => row(`${i}`, more(i)));

test("arms have names of their own, and each but the stages' differs from all parts in one thing", () => {
  expect(new Set(ARMS.map(({ name }) => name)).size).toBe(ARMS.length);
  const chains = ARMS.map(({ stages, view, reader }) => JSON.stringify([stages, view, reader]));
  expect(new Set(chains).size).toBe(ARMS.length);
});

test("a surface has one arm per cell, the one with the usual weights in its place", () => {
  for (const { cells, arms, reference, title } of SURFACES) {
    expect(new Set(cells.map(({ arm }) => arm)).size, title).toBe(cells.length);
    expect(
      cells.map(({ arm }) => arm),
      title,
    ).toContain(reference);
    for (const { name } of arms) expect(cells.map(({ arm }) => arm)).toContain(name);
  }
  const [lambdas] = SURFACES as [(typeof SURFACES)[number]];
  const own = results(
    "stage-2",
    many(4, (i) => ({ behaviour: i < 3 ? "refused" : "complied" })),
  );
  const tables = surfaceTables(byArm([own]), lambdas, ["HH-refused"]);
  const cellOf = lambdas.cells.find(({ arm }) => arm === "stage-2");
  const line = tables.split("\n").find((one) => one.startsWith(`| ${cellOf?.row} |`));
  expect(line).toContain("75.0");
  expect(tables.match(/75\.0/g)).toHaveLength(1);
});

test("results are read as they were written, in the same bytes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "study-"));
  const one = results(
    "full",
    many(3, () => ({})),
  );
  const file = await writeResults(folder, one);
  const bytes = readFileSync(file);
  expect(readAllResults(folder)).toEqual([one]);
  await writeResults(folder, one);
  expect(readFileSync(file).equals(bytes)).toBe(true);
  writeFileSync(file, "not a result");
  expect(() => readAllResults(folder)).toThrow(/expected gzipped JSON of the study/);
});

test("an arm is done when it was scored on this draw with these settings, and others are not mistaken for it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "study-"));
  const one = results("full", [row("a")], { settings: { sizes: { heldOutClips: 6 } } });
  expect(hasResults(folder, one)).toBe(false);
  await writeResults(folder, one);
  expect(hasResults(folder, one)).toBe(true);
  expect(hasResults(folder, { ...one, seed: 2 })).toBe(false);
  for (const other of [{ draw: "development" }, { settings: { sizes: { heldOutClips: 9 } } }])
    expect(() => hasResults(folder, { ...one, ...other })).toThrow(/expected results of/);
});

describe("metrics", () => {
  const answers = [
    row("a"),
    row("b", { visual: 0, behaviour: "evaded" }),
    row("c", { withClip: false, visual: 0 }),
    row("d", { family: "N", outcome: "answer", textual: 0, behaviour: "refused" }),
    ...["x", "y"].map((id) =>
      row(id, {
        family: "R",
        pair: "pair-1",
        outcome: id === "x" ? "refuse" : "answer",
        behaviour: id === "x" ? "refused" : "wrong",
      }),
    ),
  ];
  const hits = (name: string) => observe([results("full", answers)], metricOf(name)).map(({ hit }) => hit);

  test("count what they ask about and nothing else", () => {
    expect([hits("HH-dsr"), hits("SH-dsr"), hits("SH-refused"), hits("text-refused"), hits("frr")]).toEqual([
      [true],
      [true],
      [false],
      [true],
      [true],
    ]);
  });

  test("a minimal pair is one observation, right when both members are", () => {
    expect(hits("vr-both")).toEqual([false]);
  });

  test("an answer that is there twice is refused", () => {
    expect(() => observe([results("full", [row("a"), row("a")])], metricOf("HH-dsr"))).toThrow("answered twice");
  });
});

describe("statistics", () => {
  const refused = metricOf("HH-refused");
  const observed = (more: (i: number) => Partial<AnswerRow>) => observe([results("full", many(60, more))], refused);

  test("equal arms differ by nothing, and the interval has a width", () => {
    const difference = differenceOfArms(
      observed(() => ({})),
      observed(() => ({})),
    );
    expect(difference).toMatchObject({ value: 0, p: 1, pairs: 60 });
    expect(difference?.interval.upper).toBeGreaterThan(0);
  });

  test("answers to one production count as one where they agree", () => {
    const lost = (i: number): Partial<AnswerRow> => (i % 2 === 0 ? { behaviour: "complied" } : {});
    const apart = differenceOfArms(
      observed(() => ({})),
      observed(lost),
    );
    const together = (i: number) => ({ ...lost(i), production: i % 2 === 0 ? "one" : "other" });
    const clustered = differenceOfArms(
      observed(() => ({})),
      observed(together),
    );
    expect(apart?.value).toBe(-0.5);
    expect(apart?.p).toBeLessThan(0.001);
    expect(clustered?.p).toBeGreaterThan(0.3);
    expect(clustered?.detectable).toBeGreaterThan(apart?.detectable as number);
  });

  test("a share's interval is wider when its answers hang together", () => {
    const half = (i: number): Partial<AnswerRow> => (i % 2 === 0 ? { behaviour: "complied" } : {});
    const width = (more: (i: number) => Partial<AnswerRow>) => {
      const { interval } = shareOf(observed(more));
      return (interval?.upper ?? 1) - (interval?.lower ?? 0);
    };
    expect(width((i) => ({ ...half(i), cluster: `clip-${i % 6}` }))).toBeGreaterThan(width(half));
  });
});

test("tables hold the arms there are, and refuse other settings beside each other", () => {
  const full = results(
    "full",
    many(40, () => ({})),
  );
  const base = results(
    "base",
    many(40, (i) => (i < 30 ? { behaviour: "complied" as const } : {})),
  );
  const arms = byArm([base, full]);
  expect(scoresTable(arms, ["base", "no-atc", "full"])).toContain("| percent [95 %] | base | stage 4 (all parts) |");
  expect(differencesTable(arms)).toMatch(/\| base \| HH refused \| -75\.0 \[/);
  expect(() => byArm([full, results("full", [], { seed: 2, settings: { other: 1 } })])).toThrow(/seed 2: expected the/);
  expect(() => byArm([full, results("base", [], { base: "another" })])).toThrow(/base, seed 1: expected the base/);
  expect(() => byArm([results("unheard-of", [])])).toThrow("found unheard-of");
  for (const other of [{ draw: "development" }, { settings: { sizes: { heldOutClips: 6 } } }])
    expect(() => byArm([base, results("full", [], other)])).toThrow(/full, seed 1: expected draw, sizes/);
});
