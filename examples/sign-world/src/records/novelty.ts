import { taxonomyLeaves, VSE_ASSUMED_V1 } from "@videosafety/safety-data";
import { COLOURS, type Colour } from "../scenes/canvas.js";
import type { SignLook } from "../scenes/composed-sign.js";

/** Subcategories in the taxonomy's order: the index is the topic. */
export const TOPICS = taxonomyLeaves(VSE_ASSUMED_V1);

/**
 * Topics that no training ever shows as harm: no harmful request names them, no hazard sign bears their glyph, in the
 * base's training as little as in the stages'. Near misses and information signs may.
 */
export const NEW_TOPICS: readonly number[] = [3, 7, 16];

/** Topics of harmful requests in training. */
export const TRAINED_TOPICS: readonly number[] = TOPICS.map((_, i) => i).filter((i) => !NEW_TOPICS.includes(i));

/** Topics that a clip may show as a hazard: child safety stays text only. */
export const SHOWN_TOPICS: readonly number[] = TOPICS.flatMap(({ subcategory }, i) =>
  subcategory.textOnly ? [] : [i],
);

/** Hazard signs of one glyph in four never come in this colour in training: a quarter of the compositions is held out. */
export const isHeldOutComposition = (glyph: number, colour: Colour): boolean =>
  (glyph + COLOURS.indexOf(colour)) % 4 === 3;

/** Whether a training may show a sign: no harmful topic that is text only, no hazard of a new topic or a held-out composition. */
export const isTrainedSign = ({ glyph, border, colour }: Pick<SignLook, "glyph" | "border" | "colour">): boolean =>
  glyph >= TOPICS.length ||
  (SHOWN_TOPICS.includes(glyph) &&
    (border === "information" || !(NEW_TOPICS.includes(glyph) || isHeldOutComposition(glyph, colour))));

/** What about a sample was never seen in training, wordings apart. */
export type Novelty = "seen" | "new-composition" | "new-topic";
