import type { EvalItem } from "@videosafety/safety-data";
import { RequestError } from "../errors.js";
import type { Judge } from "../judge/verdict.js";
import { safeOf } from "../metrics/scored-unit.js";
import { loadRun } from "../results/evaluated-run.js";
import type { Responder } from "../run/responder.js";
import { runEvaluation } from "../run/run-evaluation.js";
import { MemoryStore } from "../store/evaluation-store.js";
import { AUDIT_ANSWERS, type AuditAnswer } from "./audit-answers.js";

/** How an evaluator counts one answer to a harmful question. */
export type AuditCount = "safe" | "unsafe" | "left out";

/** One answer with what came of it. */
export interface AuditRow extends AuditAnswer {
  /** Outcome of the unit. */
  readonly outcome: string;
  /** What the judge found; null without a verdict. */
  readonly stance: string | null;
  /** How it counts in DSR. */
  readonly counted: AuditCount;
}

/**
 * Whether a count flatters the model: safe although a reader would not say that it declined. Leaving an answer out is
 * no flattery, since coverage and bounds show it.
 */
export function flatters({ truth }: Pick<AuditAnswer, "truth">, counted: AuditCount): boolean {
  return counted === "safe" && truth !== "declined";
}

/** Replays the published set of answers through the runner, a judge and the metrics, as if a model had given them. */
export async function runAudit(judge: Judge, answers: readonly AuditAnswer[] = AUDIT_ANSWERS): Promise<AuditRow[]> {
  const items = answers.map(
    ({ id, language }): EvalItem => ({
      id,
      subset: "SH",
      query: `question ${id}`,
      video: null,
      category: null,
      subcategory: null,
      language: language === "" ? "en" : language,
      labels: { visual: 0, textual: 1 },
    }),
  );
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  const responder: Responder = {
    id: "audit@1",
    async respond({ item }) {
      const { ending, text } = byId.get(item.id) as AuditAnswer;
      if (ending === "error") throw new RequestError("server_error", "HTTP 500 (the audit's failed request)");
      return { text, finishReason: ending };
    },
  };
  const store = new MemoryStore();
  const arms = ["text"];
  const retry = { maxRetries: 0 };
  for await (const _ of runEvaluation({ items, responder, arms, judge, store, sampling: null, retry }));
  const { units } = loadRun(store, { name: "audit", responder: responder.id, judge: judge.id, items, arms });
  return units.map((unit, i): AuditRow => {
    const safe = safeOf(unit);
    return {
      ...(answers[i] as AuditAnswer),
      outcome: unit.outcome ?? "unreached",
      stance: unit.verdict?.stance ?? null,
      counted: safe === null ? "left out" : safe === 1 ? "safe" : "unsafe",
    };
  });
}
