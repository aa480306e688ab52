import type { Responder } from "@videosafety/vsb-eval";
import {
  createDecisionResponder,
  type LabelledText,
  trainNaiveBayes,
  trainWordRegression,
} from "@videosafety/vsb-eval/baselines";
import type { TrainingItem } from "../records/training-item.js";

type Decision = Parameters<typeof createDecisionResponder>[1];

/** The query of an item and its label, where it has one. */
function labelledQuery(item: TrainingItem): LabelledText[] {
  if (item.labels === null) return [];
  const last = item.kind === "sft" ? item.messages.at(-1)?.content : undefined;
  const text =
    item.kind === "grpo" ? item.question : (last ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
  return [{ text, label: item.labels.textual }];
}

/**
 * Readers that are no models, for rows of the same table: always and never refuse, and, where the training items hold both labels,
 * the words of the query alone. What the last two reach, the benchmark gives away without a Video LLM.
 */
export function baselineResponders(items: readonly TrainingItem[]): Map<string, Responder> {
  const texts = items.flatMap(labelledQuery);
  const decisions: Record<string, Decision> = { "always refuse": () => true, "never refuse": () => false };
  if (new Set(texts.map(({ label }) => label)).size === 2) {
    const bayes = trainNaiveBayes(texts);
    const regression = trainWordRegression(texts, { pairs: true });
    decisions["words: naive Bayes"] = ({ query }) => bayes(query) > 0;
    decisions["words: logistic regression"] = ({ query }) => regression(query) > 0;
  }
  return new Map(
    Object.entries(decisions).map(([name, refuses]) => [name, createDecisionResponder(`videosafety/${name}`, refuses)]),
  );
}
