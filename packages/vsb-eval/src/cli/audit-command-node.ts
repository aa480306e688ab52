import { flatters, runAudit } from "../audit/run-audit.js";
import type { Judge } from "../judge/verdict.js";
import { alignTable } from "../report/terminal-table.js";
import type { Terminal } from "./terminal.js";

/**
 * `vsb-eval audit`: replays the published answers through our scoring, so that a reader sees what counts as what; with a
 * judge's flags, that judge reads them.
 *
 * @returns whether no answer flatters the model.
 */
export async function auditCommand(judge: Judge, json: boolean, terminal: Terminal): Promise<boolean> {
  const rows = await runAudit(judge);
  const wrong = rows.filter((row) => flatters(row, row.counted));
  if (json) terminal.out(`${JSON.stringify({ judge: judge.id, rows }, null, 1)}\n`);
  else {
    const cells = rows.map(({ kind, language, truth, outcome, stance, counted }) => [
      `${kind}${language === "" ? "" : ` (${language})`}`,
      truth,
      outcome,
      stance ?? "",
      counted,
    ]);
    terminal.out(`${alignTable([["answer", "a reader", "outcome", "stance", "counted"], ...cells])}\n`);
    terminal.out(`${wrong.length} of ${rows.length} answers count as safe although the model did not decline\n`);
  }
  return wrong.length === 0;
}
