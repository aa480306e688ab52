import { GrammarError } from "../errors.js";
import { GIVEN_SLOTS, type GrammarKind, grammarSchema, RECORD_FIELDS } from "./grammar-schema.js";
import { type Part, parseProduction, slotsOf } from "./production.js";

/** A production, read. */
export interface Production {
  readonly parts: readonly Part[];
  readonly weight: number;
  readonly heldOut: boolean;
}

/** A kind of record, its productions read. */
export interface Kind extends Pick<GrammarKind, "id" | "weight" | "textual" | "clip"> {
  readonly bind: ReadonlySet<string>;
  /** Whether it uses `{clip}`. */
  readonly needsDescription: boolean;
  /** What the grammar writes. */
  readonly fields: ReadonlyMap<(typeof RECORD_FIELDS)[number], readonly Part[]>;
  /** What a model writes, and what it is told; null for a kind that needs no model. */
  readonly model: {
    readonly prompt: readonly Part[];
    readonly writes: readonly (typeof RECORD_FIELDS)[number][];
  } | null;
}

/** One language of a grammar. */
export interface GrammarLanguage {
  readonly rules: ReadonlyMap<string, readonly Production[]>;
  readonly kinds: readonly Kind[];
}

/** A grammar that was checked and read. */
export interface CompiledGrammar {
  readonly id: string;
  readonly languages: ReadonlyMap<string, GrammarLanguage>;
  /** Whether any production is held out. */
  readonly hasHeldOut: boolean;
}

/** Most characters of a text that a grammar may make, and most steps to make it. */
const LONGEST = 20_000;
const MOST_STEPS = 50_000;
/** Most rules inside each other. */
const DEEPEST = 100;

interface Size {
  readonly length: number;
  readonly steps: number;
  readonly depth: number;
}
const NOTHING: Size = { length: 0, steps: 1, depth: 0 };

/**
 * Checks a grammar and reads its productions, so that drawing from it cannot fail: every slot is known, no rule contains itself, every rule is used, no
 * text grows beyond 20,000 characters, every field of a kind is written exactly once.
 *
 * @param value the parsed JSON of a grammar file
 * @throws GrammarError with the place of the first fault
 */
export function compileGrammar(value: unknown): CompiledGrammar {
  const parsed = grammarSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new GrammarError("invalid", issue?.message ?? "not a grammar", issue?.path.join(".") || "grammar", {
      cause: parsed.error,
    });
  }
  const { id, languages } = parsed.data;
  const compiled = new Map(
    Object.entries(languages).map(([language, { rules, kinds }]) => [
      language,
      compileLanguage(language, rules, kinds),
    ]),
  );
  const hasHeldOut = [...compiled.values()].some(({ rules }) =>
    [...rules.values()].some((productions) => productions.some(({ heldOut }) => heldOut)),
  );
  return { id, languages: compiled, hasHeldOut };
}

function compileLanguage(
  language: string,
  given: Readonly<
    Record<string, readonly (string | { text: string; weight?: number | undefined; heldOut?: boolean | undefined })[]>
  >,
  kinds: readonly GrammarKind[],
): GrammarLanguage {
  const rules = new Map(
    Object.entries(given).map(([rule, productions]) => {
      const place = `languages.${language}.rules.${rule}`;
      if ((GIVEN_SLOTS as readonly string[]).includes(rule))
        throw new GrammarError("invalid", `expected another name: {${rule}} is given`, place);
      const read = productions.map((production, i): Production => {
        const {
          text,
          weight = 1,
          heldOut = false,
        } = typeof production === "string" ? { text: production } : production;
        return { parts: parseProduction(text, `${place}.${i}`), weight, heldOut };
      });
      if (read.every(({ heldOut }) => heldOut))
        throw new GrammarError("no-split", "expected a production that is not held out, found none", place);
      return [rule, read] as const;
    }),
  );
  const ids = new Set<string>();
  const used = new Set<string>();
  const sizes = new RuleSizes(language, rules, used);
  const read = kinds.map((kind): Kind => {
    const place = `languages.${language}.kinds.${kind.id}`;
    if (ids.has(kind.id))
      throw new GrammarError("invalid", "expected kinds with different ids, found this one twice", place);
    ids.add(kind.id);
    return compileKind(kind, place, rules, sizes);
  });
  const unused = [...rules.keys()].find((rule) => !used.has(rule));
  if (unused !== undefined)
    throw new GrammarError(
      "unused-rule",
      "expected every rule to be used, found no slot for this one: a typing error?",
      `languages.${language}.rules.${unused}`,
    );
  return { rules, kinds: read };
}

function compileKind(
  kind: GrammarKind,
  place: string,
  rules: ReadonlyMap<string, readonly Production[]>,
  sizes: RuleSizes,
): Kind {
  const fields = new Map<(typeof RECORD_FIELDS)[number], readonly Part[]>();
  let needsDescription = false;
  const read = (field: string, text: string, givenSlots: readonly string[]): Part[] => {
    const parts = parseProduction(text, `${place}.${field}`);
    needsDescription ||= slotsOf(parts).has("clip");
    sizes.check(parts, `${place}.${field}`, givenSlots);
    return parts;
  };
  const clip = kind.clip === "none" ? [] : ["clip"];
  const writes = kind.model?.writes ?? [];
  if (new Set(writes).size < writes.length)
    throw new GrammarError("invalid", "expected each field once", `${place}.model.writes`);
  for (const field of RECORD_FIELDS) {
    const text = kind[field];
    if (text !== undefined && writes.includes(field))
      throw new GrammarError("invalid", `expected the ${field} from a production or from the model, found both`, place);
    if (text === undefined && !writes.includes(field) && field !== "think")
      throw new GrammarError("invalid", `expected a production of the ${field}, or ${field} among model.writes`, place);
    if (text !== undefined) fields.set(field, read(field, text, clip));
  }
  for (const rule of kind.bind)
    if (!rules.has(rule))
      throw new GrammarError("unknown-slot", `expected a rule, found none named ${rule}`, `${place}.bind`);
  const given = writes.includes("query") ? clip : [...clip, "query"];
  const model = kind.model && {
    writes: RECORD_FIELDS.filter((field) => writes.includes(field)),
    prompt: read("model.prompt", kind.model.prompt, given),
  };
  const { id, weight, textual } = kind;
  return {
    id,
    weight,
    textual,
    clip: kind.clip,
    bind: new Set(kind.bind),
    needsDescription,
    fields,
    model: model ?? null,
  };
}

/** The longest text and the most steps of each rule, which also finds rules that contain themselves and slots without a rule. */
class RuleSizes {
  readonly #known = new Map<string, Size | null>();

  constructor(
    readonly language: string,
    readonly rules: ReadonlyMap<string, readonly Production[]>,
    readonly used: Set<string>,
  ) {}

  check(parts: readonly Part[], place: string, given: readonly string[]): void {
    for (const slot of slotsOf(parts)) {
      if (given.includes(slot)) continue;
      if (!this.rules.has(slot))
        throw new GrammarError(
          "unknown-slot",
          `expected a rule for {${slot}}, found none${(GIVEN_SLOTS as readonly string[]).includes(slot) ? ": it is not given here" : ""}`,
          place,
        );
    }
    const { length, steps } = this.#sizeOf(parts, 0);
    if (length > LONGEST || steps > MOST_STEPS)
      throw new GrammarError(
        "too-large",
        `expected texts of at most ${LONGEST} characters in ${MOST_STEPS} steps, found up to ${length} in ${steps}`,
        place,
      );
  }

  #rule(name: string, level: number): Size {
    const place = `languages.${this.language}.rules.${name}`;
    const known = this.#known.get(name);
    if (known === null)
      throw new GrammarError("cycle", "expected a rule that does not contain itself, found a circle", place);
    if (known !== undefined && level + known.depth <= DEEPEST) return known;
    if (level >= DEEPEST || known !== undefined)
      throw new GrammarError("too-large", `expected at most ${DEEPEST} rules inside each other, found more`, place);
    this.used.add(name);
    this.#known.set(name, null);
    const size = { length: 0, steps: 0, depth: 0 };
    for (const [i, { parts }] of (this.rules.get(name) ?? []).entries()) {
      for (const slot of slotsOf(parts))
        if (!this.rules.has(slot))
          throw new GrammarError("unknown-slot", `expected a rule for {${slot}}, found none`, `${place}.${i}`);
      const found = this.#sizeOf(parts, level + 1);
      size.length = Math.max(size.length, found.length);
      size.steps = Math.max(size.steps, found.steps);
      size.depth = Math.max(size.depth, found.depth + 1);
    }
    this.#known.set(name, size);
    return size;
  }

  #sizeOf(parts: readonly Part[], level: number): Size {
    const sizes = parts.map((part): Size => {
      if (part.kind === "text") return { ...NOTHING, length: part.text.length };
      if (part.kind === "slot") return this.rules.has(part.name) ? this.#rule(part.name, level) : NOTHING;
      return largest(part.choices.map((choice) => this.#sizeOf(choice, level)));
    });
    return {
      length: sizes.reduce((sum, { length }) => sum + length, 0),
      steps: sizes.reduce((sum, { steps }) => sum + steps, 1),
      depth: Math.max(0, ...sizes.map(({ depth }) => depth)),
    };
  }
}

const largest = (sizes: readonly Size[]): Size => ({
  length: Math.max(...sizes.map(({ length }) => length)),
  steps: Math.max(...sizes.map(({ steps }) => steps)),
  depth: Math.max(...sizes.map(({ depth }) => depth)),
});
