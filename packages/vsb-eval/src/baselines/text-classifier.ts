import { type SparseRow, trainLogisticRegression } from "./logistic-regression.js";
import { wordFeatures } from "./word-features.js";

/** A text with its label: 0 = safe, 1 = harmful. */
export interface LabelledText {
  /** The text. */
  readonly text: string;
  /** 0 = safe, 1 = harmful. */
  readonly label: 0 | 1;
}

/** Log-odds that a text is harmful; above 0 means harmful. */
export type TextScore = (text: string) => number;

/**
 * Multinomial naive Bayes on words with add-one smoothing (Manning, Raghavan and Schütze 2008, section 13.2). Words that
 * training never saw are left out.
 *
 * @throws RangeError unless both labels occur
 */
export function trainNaiveBayes(texts: readonly LabelledText[], options: { readonly pairs?: boolean } = {}): TextScore {
  checkLabels(texts);
  const counts = [new Map<string, number>(), new Map<string, number>()] as const;
  const totals: [number, number] = [0, 0];
  const documents: [number, number] = [0, 0];
  for (const { text, label } of texts) {
    documents[label]++;
    for (const word of wordFeatures(text, options)) {
      counts[label].set(word, (counts[label].get(word) ?? 0) + 1);
      totals[label]++;
    }
  }
  const vocabulary = new Set([...counts[0].keys(), ...counts[1].keys()]);
  const logChance = (word: string, label: 0 | 1): number =>
    Math.log(((counts[label].get(word) ?? 0) + 1) / (totals[label] + vocabulary.size));
  const prior = Math.log(documents[1] / documents[0]);
  return (text) =>
    wordFeatures(text, options).reduce(
      (sum, word) => (vocabulary.has(word) ? sum + logChance(word, 1) - logChance(word, 0) : sum),
      prior,
    );
}

/**
 * Logistic regression on the presence of words (and pairs of words). Words that training never saw are left out.
 *
 * @throws RangeError unless both labels occur
 */
export function trainWordRegression(
  texts: readonly LabelledText[],
  options: { readonly pairs?: boolean } = {},
): TextScore {
  checkLabels(texts);
  const columns = new Map<string, number>();
  for (const { text } of texts)
    for (const word of wordFeatures(text, options)) if (!columns.has(word)) columns.set(word, columns.size);
  const rowOf = (text: string): SparseRow => {
    const present = new Set(wordFeatures(text, options).flatMap((word) => columns.get(word) ?? []));
    return { columns: [...present], values: Array.from(present, () => 1) };
  };
  const model = trainLogisticRegression(
    texts.map(({ text }) => rowOf(text)),
    texts.map(({ label }) => label),
    { columns: columns.size },
  );
  return (text) => model.score(rowOf(text));
}

function checkLabels(texts: readonly LabelledText[]): void {
  const harmful = texts.filter(({ label }) => label === 1).length;
  if (harmful > 0 && harmful < texts.length) return;
  throw new RangeError(`expected texts with both labels to learn from, found ${harmful} harmful of ${texts.length}`);
}
