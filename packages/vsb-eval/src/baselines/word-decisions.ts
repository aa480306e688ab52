import type { ResponderRequest } from "../run/responder.js";
import { type LabelledText, trainNaiveBayes, trainWordRegression } from "./text-classifier.js";

/** Whether a baseline refuses a request. */
export type Decision = (request: ResponderRequest) => boolean | Promise<boolean>;

/**
 * The baselines that need no clip, by the names of their rows: always and never refuse, and, where the texts hold both labels, the
 * words of the query alone. What the last two reach, a benchmark gives away without a Video LLM.
 *
 * @param texts queries to learn from
 */
export function wordDecisions(texts: readonly LabelledText[]): Map<string, Decision> {
  const decisions = new Map<string, Decision>([
    ["always refuse", () => true],
    ["never refuse", () => false],
  ]);
  if (new Set(texts.map(({ label }) => label)).size === 2) {
    const bayes = trainNaiveBayes(texts);
    const regression = trainWordRegression(texts, { pairs: true });
    decisions.set("words: naive Bayes", ({ query }) => bayes(query) > 0);
    decisions.set("words: logistic regression", ({ query }) => regression(query) > 0);
  }
  return decisions;
}
