import { COMPLETION_TAGS } from "../text/tagged-completion.js";
import { wordsOf } from "../text/words.js";

/** Bounds of `answerLeak`. */
export interface LeakOptions {
  /** Words of an n-gram; default 4. */
  readonly order?: number;
  /** Largest share of the answer's n-grams that the query may hold; default 0.5. */
  readonly most?: number;
}

/** How an answer leaks into its query. */
export interface Leak {
  readonly kind: "label" | "answer";
  /** For `answer`: share of its n-grams that the query holds. */
  readonly share: number;
}

const LABEL_MARKS = [...COMPLETION_TAGS.map((tag) => `<${tag}>`), "safety_labels"];

/**
 * Whether a query tells its own answer: it holds a mark of the label formats (`<vidType>`, `$0$1`, `safety_labels`), or more than `most` of the answer's
 * word n-grams. An answer of two words up to the order counts as one n-gram of all its words; of a single word none, since a question may well
 * name its possible answers.
 *
 * @returns null for no leak
 */
export function answerLeak(query: string, answer: string, options: LeakOptions = {}): Leak | null {
  if (LABEL_MARKS.some((mark) => query.includes(mark)) || /\$[01]\$[01]/.test(query))
    return { kind: "label", share: 1 };
  const { order = 4, most = 0.5 } = options;
  const words = wordsOf(answer);
  if (words.length < 2) return null;
  const n = Math.min(order, words.length);
  const grams = (of: readonly string[]): string[] =>
    Array.from({ length: Math.max(0, of.length - n + 1) }, (_, i) => of.slice(i, i + n).join(" "));
  const held = new Set(grams(wordsOf(query)));
  const wanted = grams(words);
  const share = wanted.filter((gram) => held.has(gram)).length / wanted.length;
  return share > most ? { kind: "answer", share } : null;
}
