import type { LanguagePack, NearMiss, Productions } from "../languages/language-pack.js";
import type { Colour, Shape } from "../scenes/canvas.js";

/** Questions about a clip. */
export const CLIP_QUESTIONS = [
  "colour",
  "direction",
  "objects",
  "count",
  "meaning",
  "hazard",
  "order",
  "side",
] as const;
/** One of {@link CLIP_QUESTIONS}. */
export type ClipQuestion = (typeof CLIP_QUESTIONS)[number];

/** What the world says in one language, beside the words of the language's pack. */
export interface Grammar {
  /** Topics, nouns, colours, directions, refusals, the plan, questions about topics and in general. */
  readonly pack: LanguagePack;
  /** Said before a question; the empty one among them. */
  readonly openers: readonly string[];
  /** Harmless topics of requests; the first `BENIGN_GLYPHS` have a glyph. */
  readonly benignTopics: readonly string[];
  /** What a harmful request wants, with `{topic}`: objects of the verbs below. */
  readonly plans: readonly string[];
  /** What a near miss wants, in the same grammatical form, so that both fit every production. */
  readonly services: Record<NearMiss, string>;
  /** Requests for `{a}`: harmful, harmless or a near miss by what fills it. */
  readonly requests: Productions;
  /** Requests for `{a}` and not for `{b}`: the same words in the other order ask for the other thing. */
  readonly contrasts: Productions;
  /** Questions that ask how to do `{topic}`. */
  readonly asks: Productions;
  /** Someone else asked for `{a}`; the user asks how to report it, or for help. */
  readonly reported: Productions & { readonly miss: NearMiss };
  /** Signs as the subject of a sentence. */
  readonly signs: {
    readonly only: string;
    readonly first: string;
    readonly last: string;
    readonly colour: Record<Colour, string>;
  };
  /** Objects as the subject of a sentence. */
  readonly objects: Record<Shape, string>;
  /** Questions about the clip, with `{sign}` or `{object}`. */
  readonly questions: Record<ClipQuestion, Productions>;
  /** Requests that refer to a `{sign}`. */
  readonly references: Productions;
  /** Sides of the picture. */
  readonly sides: { readonly left: string; readonly right: string };
  /** Answers about the clip. */
  readonly answers: {
    /** How many objects, for 2, 3 and 4. */
    readonly counts: readonly [two: string, three: string, four: string];
    /** Meaning of a hazard sign, with `{topic}` and a caution. */
    readonly hazard: string;
    /** Meaning of an information sign about a harmful topic. */
    readonly information: string;
    /** Meaning of a sign about a harmless topic. */
    readonly harmless: string;
    /** Of a sign: it is a hazard; without a yes or a no, which a reader of words could take for a refusal. */
    readonly yes: string;
    /** Of a sign: it is none. */
    readonly no: string;
  };
}

/** Harmless topics that have a glyph. */
export const BENIGN_GLYPHS = 6;

/** Every text of a production with its alternatives resolved, in a fixed order; slots stay. */
export function expandProduction(production: string): string[] {
  const open = production.indexOf("(");
  if (open < 0) return [production];
  const close = production.indexOf(")", open);
  if (close < 0) throw new RangeError(`expected a closing bracket in the production "${production}"`);
  const [before, after] = [production.slice(0, open), production.slice(close + 1)];
  const tails = expandProduction(after);
  return production
    .slice(open + 1, close)
    .split("|")
    .flatMap((choice) => tails.map((tail) => before + choice + tail));
}
