import { expandProduction, type Grammar } from "../grammars/grammar.js";
import type { Productions } from "../languages/language-pack.js";

/**
 * How many wordings the training may use: one wording of each kind of query; the first production with all its alternatives; every
 * production and every opener.
 */
export const WORDINGS = ["one wording", "one production", "all productions"] as const;
/** One of {@link WORDINGS}. */
export type Wordings = (typeof WORDINGS)[number];

/**
 * A grammar whose training productions are narrowed. Topics, nouns, signs, answers and held-out productions stay, and so does the number of
 * draws: a set that is built of it differs from the whole grammar's in wording alone.
 */
export function narrowGrammar(grammar: Grammar, wordings: Wordings): Grammar {
  if (wordings === "all productions") return grammar;
  const narrow = <T extends Productions>(productions: T): T => {
    const [first] = productions.train as [string];
    return { ...productions, train: [wordings === "one wording" ? (expandProduction(first)[0] as string) : first] };
  };
  const { pack, openers, plans, requests, contrasts, asks, reported, questions, references } = grammar;
  const each = <K extends string, T extends Productions>(table: Record<K, T>): Record<K, T> =>
    Object.fromEntries(Object.entries<T>(table).map(([key, value]) => [key, narrow(value)])) as Record<K, T>;
  return {
    ...grammar,
    pack: { ...pack, topic: each(pack.topic), general: pack.general.map(narrow) },
    openers: openers.filter((opener) => opener === ""),
    plans: wordings === "one wording" ? plans.slice(0, 1) : plans,
    requests: narrow(requests),
    contrasts: narrow(contrasts),
    asks: narrow(asks),
    reported: narrow(reported),
    questions: each(questions),
    references: narrow(references),
  };
}
