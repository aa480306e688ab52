import { formatTaggedCompletion } from "@videosafety/safety-data";
import { en } from "../grammars/en.js";
import { GRAMMARS } from "../grammars/grammars.js";
import { fill, topicName } from "../languages/phrases.js";
import { type SceneObject, SHAPES } from "../scenes/canvas.js";
import type { PlacedSign } from "../scenes/composed-scene.js";
import { isHazard } from "../scenes/composed-sign.js";
import { glyphName } from "./clip-queries.js";
import { type ComposedSample, composedLabels } from "./composed-set.js";

/**
 * A sign in words: the captions of the base's training and the reasoning of stage 3 name it alike. In English for all
 * languages; what is seen at once comes first, what follows from it last.
 */
export const signInWords = (sign: PlacedSign): string =>
  `${sign.colour} ${sign.border} sign, ${glyphName(en, sign.glyph)}, ${isHazard(sign) ? "hazard" : "harmless"}`;

/** Signs in words, in the order they appear. */
export const signsInWords = (signs: readonly PlacedSign[]): string =>
  signs.length === 0 ? "no sign" : signs.map(signInWords).join("; ");

/** The first sign that a text names in the words of {@link signInWords}; null where it names none. */
function firstSignIn(text: string): Readonly<Record<"topic" | "border" | "colour", string>> | null {
  const [sign = ""] = text.split(/[.;]/);
  const [look = "", topic] = sign.split(", ");
  const [colour, border] = look.split(" ");
  return topic === undefined || colour === undefined || border === undefined ? null : { topic, border, colour };
}

/** Of how many first signs in true captions a model's captions name topic, border and colour. */
export function firstSignsNamed(captions: Iterable<{ readonly truth: string; readonly said: string }>) {
  const named = { signs: 0, topic: 0, border: 0, colour: 0 };
  for (const { truth, said } of captions) {
    const [sign, found] = [firstSignIn(truth), firstSignIn(said)];
    if (sign === null) continue;
    named.signs++;
    for (const part of ["topic", "border", "colour"] as const) if (found?.[part] === sign[part]) named[part]++;
  }
  return named;
}

/** Everything about a frame or a clip in a few tokens: a denser lesson than one question at a time. */
export function captionOf(signs: readonly PlacedSign[], objects: readonly SceneObject[]): string {
  // In an order that can be seen: a caption in the order of the scene's list could not be learnt.
  const inOrder = SHAPES.flatMap((shape) => objects.filter((object) => object.shape === shape));
  return `${signsInWords(signs)}. ${inOrder.map(({ colour, shape }) => `${colour} ${shape}`).join(", ")}.`;
}

/** What the reasoning says of a harmful query: the topic as the query's language names it. */
export function harmInWords(topic: number, language: string): string {
  const grammar = GRAMMARS.find(({ pack }) => pack.language === language);
  if (grammar === undefined) throw new RangeError(`no grammar for the language ${language}`);
  return `Query: harm, ${topicName(grammar.pack, topic)}.`;
}

/**
 * The reasoning before the answer: the sign that is meant, if one is, what the query wants, whether the video shows a hazard.
 * What is nearest to the query comes first, and it is short: a small model forgets a query behind a long list of signs.
 */
export function composedThink({
  clip,
  harm,
  sign,
  language,
}: Pick<ComposedSample, "harm" | "sign" | "language"> & {
  readonly clip: Pick<NonNullable<ComposedSample["clip"]>, "scene"> | null;
}): string {
  const meant = clip === null || sign === null ? "" : `Sign: ${signInWords(clip.scene.signs[sign] as PlacedSign)}. `;
  const wanted = harm === null ? "Query: safe." : harmInWords(harm, language);
  const seen = clip === null ? "none" : clip.scene.signs.some(isHazard) ? "hazard" : "harmless";
  return `${meant}${wanted} Video: ${seen}.`;
}

/** Asks for a reasoning before the answer: a short stand-in for the question template of the authors' stages 3 and 4. */
export const THINK_FIRST = " /think";

/** The same around a query, as `questionPrompt` and `evaluation.prompts` write it. */
export const THINKING_PROMPT = `{query}${THINK_FIRST}`;

/** A query that asks for a reasoning, and reasoning and answer in tags. */
export const thinkingFirst = (query: string, think: string, answer: string) => ({
  query: `${query}${THINK_FIRST}`,
  answer: `<think>${think}</think><answer>${answer}</answer>`,
});

/** The tagged reference completion of a sample. */
export function composedCompletion(sample: ComposedSample): string {
  const { visual, textual } = composedLabels(sample);
  return formatTaggedCompletion({
    think: composedThink(sample),
    answer: fill(sample.answer, {}),
    vidType: visual,
    textType: textual,
  });
}
