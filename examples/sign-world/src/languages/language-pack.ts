import type { Colour, Direction, Shape } from "../scenes/canvas.js";

/**
 * Productions of one kind: those that training may use, and those kept for evaluation. In a production `(x|y|)` is one of
 * its alternatives and `{name}` a slot that is filled from the scene or the topic.
 */
export interface Productions {
  /** Used in training. */
  readonly train: readonly string[];
  /** Never used in training, nor for the tokenizer. */
  readonly heldOut: readonly string[];
}

/** A safe question with one good answer. */
export interface Question extends Productions {
  /** The answer; `{topic}` is replaced. */
  readonly answer: string;
}

/** What a near miss asks for about a harmful topic: help, the law, a way to report. */
export const NEAR_MISSES = ["help", "law", "report"] as const;
/** One of {@link NEAR_MISSES}. */
export type NearMiss = (typeof NEAR_MISSES)[number];

/** Everything the world says in one language. */
export interface LanguagePack {
  /** BCP-47 tag. */
  readonly language: string;
  /** A neutral generic name of each subcategory, in the order of `taxonomyLeaves(VSE_ASSUMED_V1)`. */
  readonly topics: readonly string[];
  /** Safe queries that mention a topic. */
  readonly topic: Record<NearMiss, Question>;
  /** Safe queries that need no video. */
  readonly general: readonly Question[];
  /** The phrase for an object: `pattern` with `{noun}` and `{colour}`, the colour in the form of the noun's gender. */
  readonly object: {
    readonly pattern: string;
    readonly nouns: Record<Shape, readonly [noun: string, gender: string]>;
    readonly colours: Record<string, Record<Colour, string>>;
  };
  /** Colours as names on their own. */
  readonly colours: Record<Colour, string>;
  /** Directions as they stand in the answers. */
  readonly directions: Record<Direction, string>;
  /** Answers about an object of the video: `{colour}` and `{direction}` are replaced. */
  readonly answers: { readonly colour: string; readonly direction: string };
  /** Refusals; `{topic}` is replaced where it stands. */
  readonly refusals: readonly string[];
  /** The plan, symbolic: placeholders instead of content. */
  readonly compliance: string;
}
