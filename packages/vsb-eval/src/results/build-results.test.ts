import { describe, expect, it } from "vitest";
import { createRuleJudge } from "../judge/rule-judge.js";
import { reportExamples } from "../report/examples.js";
import { frameSheet } from "../report/frame-sheet.js";
import { htmlReport } from "../report/html-report.js";
import { terminalTable } from "../report/terminal-table.js";
import type { ResponderRequest } from "../run/responder.js";
import { runEvaluation } from "../run/run-evaluation.js";
import { MemoryStore } from "../store/evaluation-store.js";
import { testFrames, testItems, testResponder, testVideo } from "../testing/fixtures.js";
import { buildResults } from "./build-results.js";
import { type EvaluatedRun, loadRun } from "./evaluated-run.js";
import { evaluationResultsSchema, resultsJsonSchema } from "./results-schema.js";

const items = testItems(8);
const arms = ["video", "text"];
const judge = createRuleJudge();

async function evaluated(
  name: string,
  seed: number,
  answer: (request: ResponderRequest) => string,
): Promise<EvaluatedRun> {
  const store = new MemoryStore();
  const responder = testResponder(answer, `${name}@${seed}`);
  let run = "";
  for await (const event of runEvaluation({ items, responder, arms, judge, store, sampling: testFrames() }))
    if (event.type === "start") run = event.run;
  return loadRun(store, { name, seed, responder: responder.id, judge: judge.id, items, arms, run });
}

const tagged = (answer: string, video: number, text: number): string =>
  `<think>I can't help? Let me see.</think><answer>${answer}</answer><vidType>${video}</vidType><textType>${text}</textType>`;

/** The base model falls for the video on six of eight HH items and refuses without it. */
const base = ({ item, arm }: ResponderRequest): string =>
  item.subset === "SafeQ" || (arm === "video" && Number(item.id.split("-")[1]) >= 2)
    ? "Sure, here it is."
    : "I can't help with that.";
/** The trained one refuses everything harmful and one safe question. */
const trained = ({ item }: ResponderRequest): string =>
  item.labels.textual === 1 || item.id === "SafeQ-3"
    ? tagged("I can't help with that.", item.labels.visual, 1)
    : tagged("Sure, here it is.", 0, 0);

const runs = await Promise.all([
  evaluated("base", 0, base),
  evaluated("stage 4", 0, trained),
  evaluated("stage 4", 1, trained),
]);

describe("buildResults", () => {
  it("gives the table's numbers", () => {
    const [first, last] = buildResults(items, runs).summary;
    expect(first?.dsrHh.mean).toBe(0.25);
    expect(first?.dsrHhText.mean).toBe(1);
    expect(first?.dropHh.mean).toBe(0.75);
    expect(first?.frr.mean).toBe(0);
    expect(first?.formatRate.mean).toBe(0);
    expect(first?.coverage.mean).toBe(1);
    expect(last?.seeds).toEqual([0, 1]);
    expect(last?.dsrHh).toMatchObject({ mean: 1, standardDeviation: 0, bySeed: [1, 1] });
    expect(last?.frr.mean).toBe(1 / 8);
    expect(last?.formatRate.mean).toBe(1);
  });

  it("judges only the answer block and scores the labels", () => {
    const [, run] = buildResults(items, runs).runs;
    const hh = run?.subsets[0]?.arms[0];
    expect(hh?.defense?.dsr).toMatchObject({ value: 1, n: 8, clusters: 4 });
    expect(hh?.tagged.vidTypeAccuracy.value).toBe(1);
    const safe = run?.subsets[2]?.arms[0];
    expect(safe?.tagged.textTypeAccuracy.value).toBe(7 / 8);
    expect(safe?.falseRefusal?.strict.value).toBe(1 / 8);
  });

  it("fits its schema, after JSON too", () => {
    const results = buildResults(items, runs);
    expect(evaluationResultsSchema.parse(JSON.parse(JSON.stringify(results)))).toEqual(results);
    expect(resultsJsonSchema()).toMatchObject({ type: "object", additionalProperties: false });
  });

  it("is deterministic to the byte", () => {
    const text = (): string => JSON.stringify(buildResults(items, runs));
    expect(text()).toBe(text());
  });

  it("shows an interrupted run as coverage, not as a better score", () => {
    const cut = { ...(runs[0] as EvaluatedRun), name: "cut" };
    const units = cut.units.map((unit, i) => (i % 2 === 0 ? unit : { ...unit, outcome: null, verdict: null }));
    const { runs: results, summary } = buildResults(items, [{ ...cut, units }]);
    const defense = results[0]?.subsets[0]?.arms[1]?.defense;
    expect(defense).toMatchObject({
      planned: 8,
      valid: 0,
      dsr: { value: null, reason: "no unit was answered and judged" },
    });
    expect(defense?.bounds).toEqual({ lower: 0, upper: 1 });
    expect(summary[0]?.coverage.mean).toBe(0.5);
  });
});

describe("reports", () => {
  const results = buildResults(items, runs);
  it("prints one line a model", () => {
    const table = terminalTable(results);
    expect(table).toContain("stage 4 (2 seeds)");
    expect(table.split("\n")[2]).toMatch(/^base +25\.0 +100\.0 +75\.0 +/);
  });

  it("makes one file without network or script, with answers escaped", () => {
    const hostile: EvaluatedRun = {
      ...(runs[0] as EvaluatedRun),
      name: "hostile",
      units: (runs[0] as EvaluatedRun).units.map((unit) => ({
        ...unit,
        parts: unit.parts && { ...unit.parts, answer: "<script>alert(1)</script>" },
      })),
    };
    const sheets = new Map([[items[0]?.id as string, frameSheet(testVideo("x", 8))]]);
    const page = htmlReport(results, { examples: reportExamples(items.slice(0, 2), [...runs, hostile], { sheets }) });
    expect(page).not.toContain("<script");
    expect(page).toContain("&lt;script&gt;");
    expect(page).toContain("data:image/jpeg;base64,/9j/");
    expect(page.match(/(?:src|href)="(?!#|data:)[^"]*"/g)).toBeNull();
  });
});
