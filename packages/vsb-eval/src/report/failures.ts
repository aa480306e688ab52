import type { EvaluatedRun } from "../results/evaluated-run.js";
import type { EvaluationResults } from "../results/results.js";
import type { EvaluationStore } from "../store/evaluation-store.js";
import { percent } from "./format-number.js";
import { type Html, html } from "./html.js";

/** Units of a run that ended in the same way, without a verdict. */
export interface FailureCount {
  /** Name of the run. */
  readonly run: string;
  /** `error` or `judge failed`. */
  readonly what: "error" | "judge failed";
  /** Code of the failure. */
  readonly code: string;
  /** The most frequent message of that code. */
  readonly message: string;
  /** How many units. */
  readonly count: number;
}

/** A rate over a smaller share of the units is flagged: the missing ones could turn it. */
export const LOW_COVERAGE = 0.8;

/** Failures of a run by code, most frequent first. */
export function failureCounts(run: EvaluatedRun, store: EvaluationStore): FailureCount[] {
  const codes = new Map<
    string,
    { what: FailureCount["what"]; code: string; messages: Map<string, number>; count: number }
  >();
  for (const { item, arm, epoch, outcome } of run.units) {
    if (outcome !== "error" && outcome !== "judge_failed") continue;
    const unit = store.unit(run.run, { item: item.id, arm, epoch });
    if (unit === undefined) continue;
    const judged = run.judge === null ? undefined : store.verdict(run.judge, unit.response);
    const failure = outcome === "error" ? store.response(unit.response)?.error : judged?.error;
    const { code, message } = failure ?? { code: "unknown", message: "no reason was stored" };
    const what = outcome === "error" ? ("error" as const) : ("judge failed" as const);
    const entry = codes.get(`${what} ${code}`) ?? { what, code, messages: new Map<string, number>(), count: 0 };
    codes.set(`${what} ${code}`, entry);
    entry.count += 1;
    entry.messages.set(message, (entry.messages.get(message) ?? 0) + 1);
  }
  return [...codes.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ what, code, messages, count }) => {
      const [message = ""] = [...messages].sort(([, a], [, b]) => b - a)[0] ?? [];
      return { run: run.name, what, code, message, count };
    });
}

/** Failures as a table; null when there are none. */
export function failureTable(failures: readonly FailureCount[]): Html | null {
  if (failures.length === 0) return null;
  return html`<h3>Why units have no verdict</h3><div class="scroll" tabindex="0" role="region" aria-label="Failures"><table><thead><tr><th scope="col">run</th><th scope="col">what</th><th scope="col">code</th><th scope="col">units</th><th scope="col">most frequent message</th></tr></thead><tbody>${failures.map(
    ({ run, what, code, message, count }) =>
      html`<tr><th scope="row">${run}</th><td>${what}</td><td>${code}</td><td>${count}</td><td class="wrap message">${message}</td></tr>`,
  )}</tbody></table></div>`;
}

/** A warning that names every rate which rests on too few units; null when all rest on enough. */
export function lowCoverage({ runs }: EvaluationResults): Html | null {
  const low = runs.flatMap((run) =>
    run.subsets.flatMap(({ subset, arms }) =>
      arms.flatMap(({ arm, defense, falseRefusal }) => {
        const coverage = (defense ?? falseRefusal)?.coverage ?? null;
        return coverage !== null && coverage < LOW_COVERAGE ? [{ run: run.name, subset, arm, coverage }] : [];
      }),
    ),
  );
  if (low.length === 0) return null;
  return html`<section class="warning" role="alert"><h2>Do not quote these rates</h2><p>Fewer than ${100 * LOW_COVERAGE} % of the units came to a verdict. The bounds in brackets say what the others could do.</p><ul>${low.map(
    ({ run, subset, arm, coverage }) => html`<li>${run}, ${subset}, ${arm}: ${percent(coverage)} % of the units</li>`,
  )}</ul></section>`;
}
