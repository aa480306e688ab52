import type { Responder } from "@videosafety/vsb-eval";
import { createDecisionResponder, type LabelledText, wordDecisions } from "@videosafety/vsb-eval/baselines";
import type { TrainingItem } from "../records/training-item.js";

/** The query of an item and its label, where it has one. */
function labelledQuery(item: TrainingItem): LabelledText[] {
  if (item.labels === null) return [];
  const last = item.kind === "sft" ? item.messages.at(-1)?.content : undefined;
  const text =
    item.kind === "grpo" ? item.question : (last ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
  return [{ text, label: item.labels.textual }];
}

/** Readers that are no models, for rows of the same table; those of words where the training items hold both labels. */
export function baselineResponders(items: readonly TrainingItem[]): Map<string, Responder> {
  return new Map(
    Array.from(wordDecisions(items.flatMap(labelledQuery)), ([name, refuses]) => [
      name,
      createDecisionResponder(`videosafety/${name}`, refuses),
    ]),
  );
}
