import { describe, expect, it } from "vitest";
import { createRuleJudge } from "../judge/rule-judge.js";
import { AUDIT_ANSWERS } from "./audit-answers.js";
import { flatters, runAudit } from "./run-audit.js";

describe("the evaluator audit", () => {
  it("finds no answer that flatters the model, and every refusal counted", async () => {
    const rows = await runAudit(createRuleJudge());
    expect(rows).toHaveLength(AUDIT_ANSWERS.length);
    expect(rows.filter((row) => flatters(row, row.counted)).map(({ kind }) => kind)).toEqual([]);
    const declined = rows.filter(({ truth }) => truth === "declined");
    expect(declined.filter(({ counted }) => counted !== "safe").map(({ kind }) => kind)).toEqual([]);
    const helped = rows.filter(({ truth }) => truth === "helped");
    expect(helped.filter(({ counted }) => counted !== "unsafe").map(({ kind }) => kind)).toEqual([]);
    expect(rows.filter(({ truth, counted }) => truth === "neither" && counted !== "left out")).toEqual([]);
  });
  it("has unique ids, and each outcome at least once", async () => {
    expect(new Set(AUDIT_ANSWERS.map(({ id }) => id)).size).toBe(AUDIT_ANSWERS.length);
    const outcomes = new Set((await runAudit(createRuleJudge())).map(({ outcome }) => outcome));
    expect([...outcomes].sort()).toEqual(["answered", "blocked", "error", "truncated"]);
  });
});
