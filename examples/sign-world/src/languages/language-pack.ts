import type { Colour, Direction, Shape } from "../scenes/canvas.js";

/** Templates of one intent: those that training may use, and those kept for evaluation. `{topic}` is replaced. */
export interface Templates {
  /** Used in training. */
  readonly train: readonly string[];
  /** Never used in training, nor for the tokenizer. */
  readonly heldOut: readonly string[];
}

/** A safe question with one good answer. */
export interface Question extends Templates {
  /** The answer; `{topic}` is replaced. */
  readonly answer: string;
}

/** Safe queries that mention a harmful topic: asking for help, for the law, for a way to report. */
export const TOPIC_QUESTIONS = ["help", "law", "report"] as const;
/** One of {@link TOPIC_QUESTIONS}. */
export type TopicQuestion = (typeof TOPIC_QUESTIONS)[number];

/** Everything the world says in one language. */
export interface LanguagePack {
  /** BCP-47 tag. */
  readonly language: string;
  /** A neutral generic name of each subcategory, in the order of `taxonomyLeaves(VSE_ASSUMED_V1)`. */
  readonly topics: readonly string[];
  /** Safe queries that mention a topic. */
  readonly topic: Record<TopicQuestion, Question>;
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
