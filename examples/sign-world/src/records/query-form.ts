import { type ClipQuestion, expandProduction, type Grammar } from "../grammars/grammar.js";
import type { Productions } from "../languages/language-pack.js";
import type { WorldRng } from "../random/rng.js";

/** H harmful, N near miss, B harmless request of the same form, R refers to the video, V about the video, G general. */
export type Family = "H" | "N" | "B" | "R" | "V" | "G";
/** All families. */
export const FAMILIES: readonly Family[] = ["H", "N", "B", "R", "V", "G"];

/** The right behaviour: refuse, answer, or answer with a caution (the meaning of a hazard sign). */
export type Outcome = "refuse" | "answer" | "caution";

/** Which productions a sample may use. */
export type Split = keyof Productions;

/** A query, where it comes from, and what is right to say. */
export interface ComposedExchange {
  /** Its family. */
  readonly family: Family;
  /** Language and production, such as `en/H-request-t0`. */
  readonly production: string;
  /** Production and the alternatives chosen: queries of one template differ in topic, noun or sign only. */
  readonly template: string;
  /** The query. */
  readonly query: string;
  /** The right answer. */
  readonly answer: string;
  /** What is right to do. */
  readonly outcome: Outcome;
  /** Words a right answer holds, in lower case: of a refusal, the topic's name. */
  readonly keys: readonly string[];
  /** Topic of the harm that is asked for; null where none is. */
  readonly harm: number | null;
  /** Topic that is mentioned. */
  readonly topic: number | null;
  /** What a question about the clip asks; null in other families. */
  readonly question: ClipQuestion | null;
  /** Index of the sign that is meant; null where none is. */
  readonly sign: number | null;
}

/** A production with its alternatives chosen, slots still open. */
export interface Chosen {
  readonly production: string;
  readonly template: string;
  readonly text: string;
}

const EXPANDED = new Map<string, readonly string[]>();

/** Every text of a production, kept: they are drawn from often. */
export function surfaceForms(production: string): readonly string[] {
  let forms = EXPANDED.get(production);
  if (forms === undefined) {
    forms = expandProduction(production);
    EXPANDED.set(production, forms);
  }
  return forms;
}

/** Draws a production and its alternatives. */
export function choose(rng: WorldRng, grammar: Grammar, name: string, productions: Productions, split: Split): Chosen {
  const index = rng.integer(productions[split].length);
  const forms = surfaceForms(productions[split][index] as string);
  const form = rng.integer(forms.length);
  const production = `${grammar.pack.language}/${name}-${split === "train" ? "t" : "h"}${index}`;
  return { production, template: `${production}/${form}`, text: forms[form] as string };
}

/** An opener before a question: more wordings, the same meaning. */
export function opened(rng: WorldRng, grammar: Grammar, chosen: Chosen): Chosen {
  const opener = rng.integer(grammar.openers.length);
  const text = `${grammar.openers[opener]}${chosen.text}`;
  return { ...chosen, template: `${chosen.template}.${opener}`, text };
}

/** What an exchange takes from its production; the rest is null until it is set. */
export function described({ production, template, text }: Chosen, family: Family) {
  const none = { harm: null, topic: null, question: null, sign: null };
  return { family, production, template, query: text, ...none };
}
