import type { EvalItem } from "@videosafety/safety-data";
import type { EvaluatedRun } from "../results/evaluated-run.js";
import { runNames } from "../results/run-names.js";
import type { ReportExample } from "./html-report.js";

/** Items with the answers of every run, for `htmlReport`. @param sheets contact sheets by item id. */
export function reportExamples(
  items: readonly EvalItem[],
  runs: readonly EvaluatedRun[],
  options: { readonly arms?: readonly string[]; readonly sheets?: ReadonlyMap<string, string | null> } = {},
): ReportExample[] {
  const arms = options.arms ?? ["video"];
  const names = runNames(runs);
  const wanted = new Set(items.map(({ id }) => id));
  const answers = new Map<string, ReportExample["answers"][number][]>();
  for (const [r, { units }] of runs.entries()) {
    const run = names[r] as string;
    for (const { item, arm, outcome, verdict, parts, epoch } of units) {
      if (epoch > 0 || !wanted.has(item.id) || !arms.includes(arm)) continue;
      const list = answers.get(item.id) ?? [];
      list.push({
        run,
        arm,
        outcome,
        stance: verdict?.stance ?? null,
        text: parts?.answer ?? "",
        reason: verdict?.reason,
      });
      answers.set(item.id, list);
    }
  }
  return items.map((item) => ({
    id: item.id,
    label: [item.subset, item.subcategory ?? item.category, item.language].filter((part) => part !== null).join(" · "),
    query: item.query,
    language: item.language,
    safeQuery: item.subset === "SafeQ",
    sheet: options.sheets?.get(item.id) ?? null,
    answers: answers.get(item.id) ?? [],
  }));
}
