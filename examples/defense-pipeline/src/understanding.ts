import type { StageRates } from "@videosafety/defense";
import type { TruthScores } from "./pipeline-data.js";

/** What a stage's understanding is measured by: questions about the clip, or all safe queries where none was asked. */
export function understandingOf({ usefulness, scores }: TruthScores): StageRates["understanding"] {
  const clip = scores["V: right"];
  if (clip !== undefined) return { of: "questions about the clip", right: clip.count / clip.of };
  return usefulness === null ? null : { of: "safe queries", right: usefulness };
}
