import type { EvalItem } from "@videosafety/safety-data";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareRuns } from "../../compare/compare-runs.js";
import { sha256Hex, sha256Sync } from "../../content-key.js";
import { createRuleJudge } from "../../judge/rule-judge.js";
import type { Judge } from "../../judge/verdict.js";
import { buildResults } from "../../results/build-results.js";
import { type LoadRunOptions, loadRun } from "../../results/evaluated-run.js";
import { MemoryStore } from "../../store/evaluation-store.js";
import { testFrames, testItems, testResponder } from "../../testing/fixtures.js";
import type { EvaluationOptions } from "../evaluation-options.js";
import { judgeRun } from "../judge-run.js";
import { runEvaluation } from "../run-evaluation.js";

const items = testItems(4);
const judge = createRuleJudge();
const other: Judge = { id: "other", judge: async () => ({ stance: "refusal", safe: 1 }) };
const differs = expect.objectContaining({ code: "run_differs" });

async function stored(changes: Partial<EvaluationOptions> = {}): Promise<MemoryStore> {
  const store = new MemoryStore();
  const responder = testResponder(() => "I can't help with that.");
  const options = { items, responder, arms: ["video"], judge, store, sampling: testFrames(), ...changes };
  for await (const _ of runEvaluation(options));
  return store;
}
const load = (store: MemoryStore, changes: Partial<LoadRunOptions> = {}) =>
  loadRun(store, { name: "m", responder: "test-model@1", judge: judge.id, items, arms: ["video"], ...changes });
const edited = (change: (item: EvalItem) => Partial<EvalItem>): EvalItem[] =>
  items.map((item, i) => (i === 2 ? { ...item, ...change(item) } : item));

describe("a run is read only with what it asked", () => {
  it.each([
    ["query", (item: EvalItem) => ({ query: `${item.query}!` })],
    ["labels", () => ({ labels: { visual: 0, textual: 1 } as const, subset: "SH" as const })],
    ["policy", () => ({ policy: "another" })],
    ["video", () => ({ video: { path: "another.mp4" } })],
    ["language", () => ({ language: "fr" })],
  ])("an edited %s is refused at score and when judging again", async (_, change) => {
    const store = await stored();
    expect(() => load(store, { items: edited(change) })).toThrow(differs);
    const again = async () => {
      const run = store.runs()[0] as string;
      for await (const _event of judgeRun({ store, run, items: edited(change), judge: other }));
    };
    await expect(again()).rejects.toEqual(differs);
    expect(load(store, { items: edited(change), allow: ["items"] }).units).toHaveLength(12);
  });
  it("an edited item is asked or filed anew by the same run", async () => {
    const store = await stored();
    const changed = edited(() => ({ labels: { visual: 0, textual: 1 }, subset: "SH" }));
    const responder = testResponder(() => "I can't help with that.");
    const options = { items: changed, responder, arms: ["video"], judge, store, sampling: testFrames() };
    for await (const _ of runEvaluation(options));
    expect(responder.calls).toBe(0);
    expect(load(store, { items: changed }).units).toHaveLength(12);
  });
  it("another judge or model is refused", async () => {
    const store = await stored();
    expect(() => load(store, { judge: "other" })).toThrow(/expected verdicts of other, found those of refusal-rules/);
    expect(() => load(store, { responder: "else" })).toThrow(differs);
  });
  it("one of several runs in a store must be named", async () => {
    const store = await stored();
    const responder = testResponder(() => "Sure.", "second@1");
    for await (const _ of runEvaluation({ items, responder, arms: ["text"], judge, store, sampling: null }));
    expect(() => load(store)).toThrow(expect.objectContaining({ code: "invalid_input" }));
  });
});

describe("runs are compared only over the same items, judge and sampler", () => {
  it.each([
    ["items", { items: edited((item) => ({ query: `${item.query}?` })) }, {}],
    ["judge", { judge: other }, { judge: "other" }],
    ["sampling", { sampling: { ...testFrames(), parameters: { plan: "denser" } } }, {}],
    ["generation", { generation: { maxNewTokens: 16 } }, {}],
    ["truncated", {}, { truncated: "exclude" as const }],
  ] as const)("%s", async (kind, options, reading) => {
    const first = load(await stored());
    const second = load(await stored(options), { ...reading, ...("items" in options ? { items: options.items } : {}) });
    expect(() => compareRuns(first, second)).toThrow(new RegExp(`allow the difference "${kind}"`));
    expect(compareRuns(first, second, { allow: [kind] }).differences.length).toBeGreaterThan(0);
    if (kind !== "sampling" && kind !== "generation")
      expect(() => buildResults(items, [first, second])).toThrow(differs);
  });
  it("seeds of one model compare", async () => {
    const [first, second] = [load(await stored()), load(await stored({ generation: { seed: 7 } }))];
    expect(compareRuns(first, second).differences).toHaveLength(3);
  });
});

describe("sha256Sync", () => {
  it("equals Web Crypto", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 300 }), async (text) => {
        expect(sha256Sync(text)).toBe(await sha256Hex(new TextEncoder().encode(text)));
      }),
    );
    expect(sha256Sync("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});
