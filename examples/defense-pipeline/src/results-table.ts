import { terminalTable } from "@videosafety/vsb-eval";
import type { PipelineResults } from "./write-results-node.js";

/** The table of a run: vsb-eval's, and what the answers to safe queries are worth. */
export function resultsTable({ evaluation, usefulness }: PipelineResults): string {
  const shares = Object.entries(usefulness).map(([stage, share]) =>
    share === null ? `${stage} -` : `${stage} ${(100 * share).toFixed(1)}`,
  );
  return `${terminalTable(evaluation)}\n\nright answers to safe queries, %: ${shares.join(", ")}`;
}
