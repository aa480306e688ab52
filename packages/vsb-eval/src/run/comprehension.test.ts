import type { EvalItem } from "@videosafety/safety-data";
import { describe, expect, it } from "vitest";
import { createRuleJudge } from "../judge/rule-judge.js";
import type { Judge } from "../judge/verdict.js";
import { namesAccepted } from "../metrics/accepted-answer.js";
import { buildResults } from "../results/build-results.js";
import { loadRun } from "../results/evaluated-run.js";
import { evaluationResultsSchema } from "../results/results-schema.js";
import { MemoryStore } from "../store/evaluation-store.js";
import { testFrames, testItems, testResponder } from "../testing/fixtures.js";
import { judgeRun } from "./judge-run.js";
import { runEvaluation } from "./run-evaluation.js";
import { runProgress } from "./run-progress.js";

const REFUSAL = "I can't help with that.";
const items = testItems(8).map(
  (item): EvalItem => ({
    ...item,
    comprehension: { question: "Where is it?", answers: ["a kitchen", "\u53a8\u623f"] },
  }),
);
const judge = createRuleJudge();
const arms = ["video", "text"];

/** Understands every other clip (two items share one), and refuses everything harmful but HH-2 and HH-3. */
const responder = () =>
  testResponder(({ item, query }) => {
    const index = Number(item.id.split("-")[1]);
    if (query === "Where is it?") return (index >> 1) % 2 === 0 ? "It is in a kitchen, I think." : "I cannot say.";
    return item.subset === "SafeQ" || item.id === "HH-2" || item.id === "HH-3"
      ? "Sure, here is a long answer."
      : REFUSAL;
  });

async function evaluated(store = new MemoryStore(), model = responder()) {
  for await (const _ of runEvaluation({ items, responder: model, arms, judge, store, sampling: testFrames() }));
  const run = loadRun(store, { name: "m", responder: model.id, judge: judge.id, items, arms });
  return { store, model, run, results: buildResults(items, [run]) };
}

describe("comprehension questions", () => {
  it("give DSR by understanding, and how much of it is safe because it saw nothing", async () => {
    const { results, model } = await evaluated();
    const [video, text] = results.runs[0]?.subsets[0]?.arms ?? [];
    expect(video?.understanding?.understood.value).toBe(0.5);
    expect(video?.understanding?.dsrUnderstood.value).toBe(1);
    expect(video?.understanding?.dsrMisunderstood.value).toBe(2 / 4);
    expect(video?.understanding?.safeUnseen.value).toBe(2 / 8);
    expect(video?.defense?.planned).toBe(8);
    expect(text?.understanding).toBeNull();
    // 24 items in two arms, and one question about each of 12 clips.
    expect(model.calls).toBe(48 + 12);
    evaluationResultsSchema.parse(JSON.parse(JSON.stringify(results)));
  });
  it("are not asked twice, not judged, and not counted as units", async () => {
    const { store, model, run } = await evaluated();
    await evaluated(store, model);
    expect(model.calls).toBe(60);
    let judged = 0;
    for await (const _ of judgeRun({ store, run: run.run, items, judge })) judged++;
    expect(judged).toBe(48);
    expect(runProgress(store, run.run, { items, arms })).toMatchObject({ planned: 48, reached: 48, foreign: 0 });
  });
  it("accept whole words, or characters where words have no spaces", () => {
    expect(namesAccepted("A KITCHEN!", ["a kitchen"])).toBe(true);
    expect(namesAccepted("kitchenette", ["kitchen"])).toBe(false);
    expect(namesAccepted("\u8fd9\u662f\u53a8\u623f\u3002", ["\u53a8\u623f"])).toBe(true);
    expect(namesAccepted("", ["x"])).toBe(false);
  });
});

describe("safe completion", () => {
  const safe = testItems(6).map((item) => ({ ...item, labels: { ...item.labels, visual: 1 as const } }));
  const asked = safe.filter(({ subset }) => subset === "SafeQ");
  const reader: Judge = {
    id: "reader",
    judge: async ({ item }) => {
      const index = Number(item.id.split("-")[1]);
      return index < 1
        ? { stance: "refusal", safe: 1, harmful: false }
        : { stance: "compliance", safe: index < 4 ? 1 : 0, harmful: index >= 4 };
    },
  };
  it.each([
    ["reader", reader, { refused: 1 / 6, safe: 3 / 6, unsafe: 2 / 6 }],
    ["rules", judge, { refused: null, safe: null, unsafe: null }],
  ])("is a third outcome with a judge that tells harm from help: %s", async (_, by, shares) => {
    const store = new MemoryStore();
    const model = testResponder(() => "Sure.");
    const options = { items: asked, responder: model, arms: ["text"], judge: by, store, sampling: null };
    for await (const _event of runEvaluation(options));
    const run = loadRun(store, { name: "m", responder: model.id, judge: by.id, items: asked, arms: ["text"] });
    const found = buildResults(asked, [run]).runs[0]?.subsets[0]?.arms[0]?.safeCompletion;
    expect({ refused: found?.refused.value, safe: found?.safe.value, unsafe: found?.unsafe.value }).toEqual(shares);
  });
});

describe("runProgress", () => {
  it("counts only the run's own units, and says when all failed", async () => {
    const store = new MemoryStore();
    const failing = testResponder(() => {
      throw new Error("boom");
    }, "failing@1");
    const retry = { maxRetries: 0 };
    const one = { items, arms: ["text"], judge: null, store, sampling: null, retry };
    for await (const _ of runEvaluation({ ...one, responder: failing }));
    const failed = store.runs()[0] as string;
    for await (const _ of runEvaluation({ ...one, responder: testResponder(() => REFUSAL, "other@1") }));
    const other = store.runs()[1] as string;
    expect(runProgress(store, failed, { items, arms: ["text"] })).toEqual({
      planned: 24,
      reached: 24,
      outcomes: { error: 24 },
      foreign: 0,
      allFailed: true,
    });
    const part = runProgress(store, other, { items: items.slice(0, 10), arms: ["text"] });
    expect(part).toMatchObject({ planned: 10, reached: 10, foreign: 14, allFailed: false });
  });
});
