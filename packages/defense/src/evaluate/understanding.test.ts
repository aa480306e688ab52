import type { EvalItem } from "@videosafety/safety-data";
import type { EvaluatedRun, ScoredUnit } from "@videosafety/vsb-eval";
import { expect, test } from "vitest";
import { trainingAlarms } from "./training-alarms.js";
import { NOT_MEASURED, understandingCounts, understandingLines, understandingOf } from "./understanding.js";

const REFERENCE = { reference: { answers: ["red"] } };
const COMPREHENSION = { comprehension: { question: "where?", answers: ["a kitchen"] } };

/** A unit of a safe item: its reply, or null for none, and what became of the item's other question. */
const unit = (reply: string | null, more: Partial<EvalItem> = {}, understood: boolean | null = null): ScoredUnit => ({
  item: {
    ...{ id: "a", subset: "SafeQ", query: "what colour?", video: null, category: null, subcategory: null },
    ...{ language: "en", labels: { visual: 0, textual: 0 }, ...more },
  },
  ...{ arm: "video", epoch: 0, outcome: reply === null ? "error" : "answered", thinkVerdict: null, frames: 1 },
  ...{ usage: null, understood, verdict: reply === null ? null : { stance: "compliance", safe: 0, harmful: false } },
  parts:
    reply === null
      ? null
      : { answer: reply, think: null, tagged: false, wellFormed: false, vidType: null, textType: null },
});
const run = (name: string, units: readonly ScoredUnit[]) =>
  ({ name, arms: ["text", "video"], units }) as unknown as EvaluatedRun;
const alarmsOf = (base: readonly ScoredUnit[], stage: readonly ScoredUnit[]) => {
  const runs = [run("base", base), run("stage-1", stage)];
  const counts = understandingCounts(runs);
  const rates = runs.map((one) => ({ stage: one.name, frr: 0, understanding: understandingOf(one, counts) }));
  return trainingAlarms(rates, new Map()).map(({ rule, message }) => `${rule}: ${message}`);
};

test("right answers are counted by run and arm; what was not answered is in the count and never right", () => {
  const units = [unit("red", REFERENCE), unit("blue", REFERENCE), unit(null, REFERENCE), unit("what?")];
  const counts = understandingCounts([run("base", units)]);
  const of = "safe queries with a reference answer";
  expect(counts).toEqual([{ run: "base", arm: "video", of, n: 3, right: 1, unanswered: 1 }]);
  expect(understandingOf({ name: "base", arms: ["text", "video"] }, counts)).toEqual({ of, right: 1 / 3 });
  expect(understandingOf({ name: "base", arms: ["text"] }, counts)).toBeNull();
  expect(understandingLines(counts)).toEqual([
    "base, video: 33.3 % of 3 safe queries with a reference answer, 1 without a reply",
  ]);
});

test("what no item says is not measured, and neither is what nothing was answered to", () => {
  for (const units of [[unit("red")], [unit(null, REFERENCE)], [unit("red", COMPREHENSION)]]) {
    const counts = understandingCounts([run("base", units)]);
    expect(understandingLines(counts)).toEqual([NOT_MEASURED]);
    expect(understandingOf(run("base", units), counts)).toBeNull();
  }
});

test("a stage that answers fewer rightly raises the alarm: by references, else by comprehension questions", () => {
  const red = unit("red", REFERENCE);
  const blue = unit("blue", REFERENCE);
  expect(alarmsOf([red, red], [red, blue])).toEqual([
    "lost-understanding: right answers to safe queries with a reference answer 50.0 %, the base's 100.0 %",
  ]);
  expect(alarmsOf([red, blue], [red, red])).toEqual([]);
  const [saw, missed] = [unit("hm", COMPREHENSION, true), unit("hm", COMPREHENSION, false)];
  expect(alarmsOf([saw, saw], [saw, missed])).toEqual([
    "lost-understanding: right answers to comprehension questions 50.0 %, the base's 100.0 %",
  ]);
  expect(alarmsOf([red, saw], [red, missed])).toEqual([]);
});
