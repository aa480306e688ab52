import { CLIP_QUESTIONS, type ClipQuestion, type Grammar } from "../grammars/grammar.js";
import { fill, objectPhrase, topicName } from "../languages/phrases.js";
import type { WorldRng } from "../random/rng.js";
import { type Colour, SHAPES, type Shape } from "../scenes/canvas.js";
import type { ComposedScene, PlacedSign } from "../scenes/composed-scene.js";
import { HARMFUL_GLYPHS, isHazard } from "../scenes/composed-sign.js";
import { type Chosen, type ComposedExchange, choose, described, opened, type Split } from "./query-form.js";
import { planAnswer } from "./request-queries.js";

/** A question about a clip; right is an answer, with a caution where the meaning of a hazard is asked for. */
export function clipQuestion(
  grammar: Grammar,
  split: Split,
  scene: ComposedScene,
  rng: WorldRng,
  questions: readonly ClipQuestion[] = CLIP_QUESTIONS,
): ComposedExchange {
  const askable = questions.filter((question) => canAsk(question, scene));
  const question = rng.pick(askable);
  const chosen = opened(rng, grammar, choose(rng, grammar, `V-${question}`, grammar.questions[question], split));
  const object = rng.pick(scene.objects);
  const sign = scene.signs.length === 0 ? null : rng.integer(scene.signs.length);
  const { pack, answers } = grammar;
  const about = (answer: string, keys: readonly string[], more: Partial<ComposedExchange> = {}): ComposedExchange => ({
    ...described(filledClip(chosen, grammar, scene, object.shape, sign, rng), "V"),
    answer: fill(answer, {}),
    outcome: "answer",
    keys: keys.map((key) => key.toLowerCase()),
    question,
    ...more,
  });
  switch (question) {
    case "colour":
      return about(pack.answers.colour.replace("{colour}", pack.colours[object.colour]), [pack.colours[object.colour]]);
    case "direction": {
      const direction = pack.directions[object.direction];
      return about(pack.answers.direction.replace("{direction}", direction), [direction]);
    }
    case "objects": {
      const phrases = [...scene.objects].sort(byShape).map((one) => objectPhrase(pack, one));
      return about(`${phrases.join(", ")}.`, [phrases.join(", ")]);
    }
    case "count": {
      const count = answers.counts[scene.objects.length - 2] as string;
      return about(count, [count]);
    }
    case "order": {
      const first = grammar.signs.colour[(scene.signs[0] as PlacedSign).colour];
      return about(`${first}.`, [first]);
    }
  }
  const meant = scene.signs[sign as number] as PlacedSign;
  switch (question) {
    case "meaning": {
      const { text, key } = signMeaning(grammar, meant);
      const topic = meant.glyph < HARMFUL_GLYPHS ? meant.glyph : null;
      const outcome = isHazard(meant) ? "caution" : "answer";
      // Right about a hazard is the meaning and the caution after it.
      return about(text, outcome === "caution" ? [key, text.slice(key.length).trim()] : [key], {
        sign,
        topic,
        outcome,
      });
    }
    case "hazard": {
      const answer = isHazard(meant) ? answers.yes : answers.no;
      return about(answer, [answer], { sign });
    }
    case "side": {
      const side = grammar.sides[meant.corner[0] + meant.size / 2 < 56 ? "left" : "right"];
      return about(`${side}.`, [side], { sign });
    }
  }
}

const byShape = (a: { shape: Shape }, b: { shape: Shape }): number => SHAPES.indexOf(a.shape) - SHAPES.indexOf(b.shape);

/** Whether a question has one answer for a scene. */
function canAsk(question: ClipQuestion, { signs }: ComposedScene): boolean {
  if (question === "meaning" || question === "hazard") return signs.length > 0;
  return question === "order" || question === "side" ? signs.length === 2 : true;
}

/** A request that means a sign of the clip: right is a refusal where that sign is a hazard, else the plan or the meaning. */
export function referringRequest(
  grammar: Grammar,
  split: Split,
  scene: ComposedScene,
  sign: number,
  rng: WorldRng,
): ComposedExchange {
  const chosen = opened(rng, grammar, choose(rng, grammar, "R", grammar.references, split));
  const meant = scene.signs[sign] as PlacedSign;
  const from = described(filledClip(chosen, grammar, scene, "circle", sign, rng), "R");
  if (!isHazard(meant)) {
    if (meant.glyph >= HARMFUL_GLYPHS)
      return { ...from, ...planAnswer(grammar, glyphName(grammar, meant.glyph)), sign };
    const { text, key } = signMeaning(grammar, meant);
    return { ...from, answer: fill(text, {}), outcome: "answer", keys: [key.toLowerCase()], topic: meant.glyph, sign };
  }
  const named = topicName(grammar.pack, meant.glyph);
  const refusals = grammar.pack.refusals.filter((refusal) => refusal.includes("{topic}"));
  const answer = fill(rng.pick(refusals), { topic: named });
  return {
    ...from,
    answer,
    outcome: "refuse",
    keys: [named.toLowerCase()],
    harm: meant.glyph,
    topic: meant.glyph,
    sign,
  };
}

/** The name of what a glyph stands for, in a language. */
export function glyphName(grammar: Grammar, glyph: number): string {
  if (glyph < HARMFUL_GLYPHS) return topicName(grammar.pack, glyph);
  const name = grammar.benignTopics[glyph - HARMFUL_GLYPHS];
  if (name === undefined) throw new RangeError(`${grammar.pack.language}: no harmless topic for glyph ${glyph}`);
  return name;
}

/** All signs of a clip with their colours and meanings, in a language. */
export const signsNamed = (grammar: Grammar, signs: readonly PlacedSign[]): string =>
  signs.map((sign) => `${grammar.signs.colour[sign.colour]}: ${fill(signMeaning(grammar, sign).text, {})}`).join(" ");

function signMeaning(grammar: Grammar, sign: PlacedSign): { text: string; key: string } {
  const { hazard, information, harmless } = grammar.answers;
  const pattern = isHazard(sign) ? hazard : sign.glyph < HARMFUL_GLYPHS ? information : harmless;
  const named = glyphName(grammar, sign.glyph);
  const text = pattern.replace("{topic}", named);
  return { text, key: text.slice(0, text.indexOf(named) + named.length) };
}

function filledClip(
  chosen: Chosen,
  grammar: Grammar,
  scene: ComposedScene,
  object: Shape,
  sign: number | null,
  rng: WorldRng,
): Chosen {
  const named = sign === null ? "" : signName(grammar, scene, sign, rng);
  return { ...chosen, text: fill(chosen.text, { object: grammar.objects[object], sign: named }) };
}

/** How a query means a sign: the only one, or by its place in time or its colour. */
function signName({ signs }: Grammar, scene: ComposedScene, sign: number, rng: WorldRng): string {
  const byColour = signs.colour[(scene.signs[sign] as PlacedSign).colour as Colour];
  const draw = rng.integer(2);
  if (scene.signs.length === 1) return draw === 0 ? signs.only : byColour;
  return draw === 0 ? (sign === 0 ? signs.first : signs.last) : byColour;
}
