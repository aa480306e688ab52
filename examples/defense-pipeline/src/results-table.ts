import { alarmLines } from "@videosafety/defense";
import { terminalTable } from "@videosafety/vsb-eval";
import type { PipelineResults } from "./write-results-node.js";

/** The table of a run: vsb-eval's, what the answers to safe queries are worth, and every count of the world. */
export function resultsTable({ evaluation, usefulness, scores, alarms }: PipelineResults): string {
  const shares = Object.entries(usefulness).map(([stage, share]) =>
    share === null ? `${stage} -` : `${stage} ${(100 * share).toFixed(1)}`,
  );
  const parts = [terminalTable(evaluation), `right answers to safe queries, %: ${shares.join(", ")}`];
  parts.push(scoresTable(scores));
  parts.push(alarms.length === 0 ? "training alarms: none" : ["training alarms:", ...alarmLines(alarms)].join("\n  "));
  return parts.join("\n\n");
}

/** One line per score, one column per checkpoint: percent, and of how many in the last column. */
function scoresTable(scores: PipelineResults["scores"]): string {
  const stages = Object.keys(scores);
  const names = [...new Set(stages.flatMap((stage) => Object.keys(scores[stage] ?? {})))].sort();
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const cells = stages.map((stage) => {
      const share = scores[stage]?.[name];
      return (share ? ((100 * share.count) / share.of).toFixed(1) : "-").padStart(8);
    });
    const of = Math.max(...stages.map((stage) => scores[stage]?.[name]?.of ?? 0));
    return `${name.padEnd(width)} ${cells.join(" ")}  of ${of}`;
  });
  return [`${"%".padEnd(width)} ${stages.map((stage) => stage.padStart(8)).join(" ")}`, ...lines].join("\n");
}
