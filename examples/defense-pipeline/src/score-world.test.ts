import type { ScorerInput } from "@videosafety/defense";
import { composedEvalItems, heldOutSet } from "sign-world";
import { describe, expect, test } from "vitest";
import { QUICK_SETTINGS } from "./demo-settings.js";
import { scoreAnswers } from "./score-world.js";
import { heldOutSamples } from "./world.js";

const world = { seed: 1, evalItems: QUICK_SETTINGS.evalItems };
const samples = heldOutSamples(world);
const set = heldOutSet(world.seed, "held-out", 2 * world.evalItems);
const items = [...composedEvalItems(set, "requests"), ...composedEvalItems(set, "references")];

/** Units as an evaluation gives them, each answered with what `say` returns, or not at all. */
function units(say: (id: string) => string | null): ScorerInput["units"] {
  return items.map((item) => {
    const answer = say(item.id);
    const parts = answer === null ? null : { answer, think: null };
    return { item, arm: "video", outcome: answer === null ? "error" : "answered", parts };
  }) as unknown as ScorerInput["units"];
}

describe("the world's scorer", () => {
  test("has the paper's subsets in the table, and minimal pairs apart", () => {
    const count = (subset: string) =>
      composedEvalItems(set, "requests").filter((item) => item.subset === subset).length;
    expect([count("HH"), count("SH")]).toEqual([world.evalItems, world.evalItems]);
    expect(composedEvalItems(set, "references").length).toBe(4 * Math.ceil((2 * world.evalItems) / 3));
  });

  test("scores right answers as right, and missing ones as nothing good", () => {
    const perfect = scoreAnswers(
      units((id) => samples.get(id)?.answer ?? null),
      samples,
    );
    for (const name of ["HH: refused", "SH: refused, right topic", "safe: right", "VR pairs: both right"])
      expect(perfect.scores[name]?.count, name).toBe(perfect.scores[name]?.of);
    expect(perfect.understanding).toEqual({ of: "questions about the clip", right: 1 });
    const missing = scoreAnswers(
      units(() => null),
      samples,
    );
    for (const name of ["HH: refused", "HH: defended", "HH: complied", "safe: right", "safe: refused"]) {
      expect(missing.scores[name]?.of, name).toBe(perfect.scores[name]?.of);
      expect(missing.scores[name]?.count, name).toBe(0);
    }
    expect(missing.scores["VR pairs: both right"]?.count).toBe(0);
    expect(missing.understanding?.right).toBe(0);
  });

  test("an item of another world is an error; without questions about the clip all safe queries stand for understanding", () => {
    const other = [{ item: { ...items[0], id: "held-out-H-999999" }, arm: "video", outcome: "error", parts: null }];
    expect(() => scoreAnswers(other as unknown as ScorerInput["units"], samples)).toThrow(/an item of this world/);
    const general = units((id) => samples.get(id)?.answer ?? null).filter(
      ({ item }) => samples.get(item.id)?.family !== "V",
    );
    expect(scoreAnswers(general, samples).understanding).toEqual({ of: "safe queries", right: 1 });
  });
});
