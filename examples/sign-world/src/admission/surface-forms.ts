import { CLIP_QUESTIONS, type Grammar } from "../grammars/grammar.js";
import { NEAR_MISSES } from "../languages/language-pack.js";
import type { Family } from "../records/query-form.js";
import { formsOf, harmfulTexts } from "./oracle.js";

/** Distinct surface forms of each family in a language, topics, nouns and signs left open. */
export function countSurfaceForms(grammar: Grammar): Record<Family, number> {
  const { pack, openers, plans, services } = grammar;
  const requests = formsOf(grammar.requests);
  const contrasts = formsOf(grammar.contrasts);
  const harmful = [...harmfulTexts(grammar)];
  const misses = [
    ...NEAR_MISSES.flatMap((miss) => [
      ...formsOf(pack.topic[miss]),
      ...requests.map((form) => form.replace("{a}", services[miss])),
      ...plans.flatMap((plan) => contrasts.map((form) => form.replace("{a}", services[miss]).replace("{b}", plan))),
    ]),
    ...plans.flatMap((plan) => formsOf(grammar.reported).map((form) => form.replace("{a}", plan))),
  ];
  const withOpeners = (forms: readonly string[]): string[] =>
    openers.flatMap((opener) => forms.map((form) => `${opener}${form}`));
  const distinct = (forms: readonly string[]): number => new Set(forms).size;
  return {
    H: distinct(harmful),
    N: distinct(misses),
    B: distinct(harmful),
    R: distinct(withOpeners(formsOf(grammar.references))),
    V: distinct(withOpeners(CLIP_QUESTIONS.flatMap((question) => formsOf(grammar.questions[question])))),
    G: distinct(withOpeners(pack.general.flatMap(formsOf))),
  };
}
