import type { Rng } from "@videosafety/random";
import { GrammarError } from "../errors.js";
import type { CompiledGrammar, GrammarLanguage, Kind, Production } from "./compile-grammar.js";
import type { RecordField } from "./grammar-schema.js";
import type { Part } from "./production.js";

/** Which productions are drawn: those of training, or the held-out ones of every rule that has some. */
export type GrammarSplit = "train" | "heldOut";

/** What a grammar made of one kind: texts, and where they come from. */
export interface DrawnTexts {
  readonly fields: Readonly<Partial<Record<RecordField, string>>>;
  /** What the model is told; null where no model writes. */
  readonly prompt: string | null;
  /** Rules and productions of the query (of the prompt where a model writes the query), bound rules left out: `request.2`. Records of one
   * production differ in bound rules and alternatives only. */
  readonly production: string;
  /** Texts of the bound rules. */
  readonly bound: Readonly<Record<string, string>>;
}

const UNIFORM = (): 1 => 1;

/** Draws one of some values with weights. */
export function drawWeighted<T>(rng: Rng, values: readonly T[], weight: (value: T) => number = UNIFORM): T {
  const total = values.reduce((sum, value) => sum + weight(value), 0);
  let left = rng.uniform() * total;
  for (const value of values) {
    left -= weight(value);
    if (left < 0) return value;
  }
  return values[values.length - 1] as T;
}

/** @throws GrammarError "no-split" when the held-out split is asked of a grammar that holds nothing out */
export function checkSplit(grammar: CompiledGrammar, split: GrammarSplit): void {
  if (split === "heldOut" && !grammar.hasHeldOut)
    throw new GrammarError("no-split", 'expected productions with "heldOut": true, found none', grammar.id);
}

/** Draws the texts of a kind. A grammar that compiled cannot fail here. */
export function drawTexts(
  rng: Rng,
  { rules }: GrammarLanguage,
  kind: Kind,
  split: GrammarSplit,
  given: { readonly clip?: string },
): DrawnTexts {
  const bound = new Map<string, string>();
  const trace: string[] = [];
  const productionsOf = (rule: string): readonly [Production, number][] => {
    const all = (rules.get(rule) as readonly Production[]).map(
      (production, i) => [production, i] as [Production, number],
    );
    const heldOut = all.filter(([production]) => production.heldOut);
    if (split === "heldOut" && heldOut.length > 0) return heldOut;
    return all.filter(([production]) => !production.heldOut);
  };
  const drawRule = (rule: string, traced: boolean, slots: ReadonlyMap<string, string>): string => {
    const productions = productionsOf(rule);
    const [production, index] = drawWeighted(rng, productions, ([{ weight }]) => weight);
    const isBound = kind.bind.has(rule);
    if (traced && !isBound) trace.push(`${rule}.${index}`);
    return fill(production.parts, traced && !isBound, slots);
  };
  const fill = (parts: readonly Part[], traced: boolean, slots: ReadonlyMap<string, string>): string =>
    parts
      .map((part) => {
        if (part.kind === "text") return part.text;
        if (part.kind === "choice")
          return fill(part.choices[rng.integer(part.choices.length)] as readonly Part[], traced, slots);
        const known = slots.get(part.name) ?? bound.get(part.name);
        if (known !== undefined) return known;
        const text = drawRule(part.name, traced, slots);
        if (kind.bind.has(part.name)) bound.set(part.name, text);
        return text;
      })
      .join("");
  const slots = new Map(given.clip === undefined ? [] : [["clip", given.clip]]);
  const fields: Partial<Record<RecordField, string>> = {};
  for (const [field, parts] of kind.fields) fields[field] = fill(parts, field === "query", slots);
  if (fields.query !== undefined) slots.set("query", fields.query);
  const prompt = kind.model === null ? null : fill(kind.model.prompt, fields.query === undefined, slots);
  return { fields, prompt, production: trace.join(","), bound: Object.fromEntries(bound) };
}
