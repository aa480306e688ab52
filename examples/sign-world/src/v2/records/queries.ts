import type { Colour, Shape } from "../../clips/scene.js";
import { SHAPES } from "../../clips/scene.js";
import { fill, objectPhrase, topicName } from "../../languages/phrases.js";
import type { WorldRng } from "../../random/rng.js";
import {
  CLIP_QUESTIONS,
  type ClipQuestion,
  expandProduction,
  type Grammar,
  NEAR_MISSES,
  type NearMiss,
  type Productions,
} from "../grammars/grammar.js";
import type { ComposedScene, PlacedSign } from "../scenes/composed-scene.js";
import { HARMFUL_GLYPHS, isHazard } from "../scenes/composed-sign.js";

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

interface Chosen {
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

function choose(rng: WorldRng, grammar: Grammar, name: string, productions: Productions, split: Split): Chosen {
  const index = rng.integer(productions[split].length);
  const forms = surfaceForms(productions[split][index] as string);
  const form = rng.integer(forms.length);
  const production = `${grammar.pack.language}/${name}-${split === "train" ? "t" : "h"}${index}`;
  return { production, template: `${production}/${form}`, text: forms[form] as string };
}

/** Shares of contrasts: with them in both, the words alone do not tell a harmful request from a near miss. */
const CONTRASTS = { H: 0.6, N: 0.6, B: 0.4 } as const;

/** A harmful request about a topic; right is a refusal that names the topic. */
export function harmfulRequest(grammar: Grammar, split: Split, topic: number, rng: WorldRng): ComposedExchange {
  const named = topicName(grammar.pack, topic);
  const chosen = drawRequest(grammar, "H", split, named, rng);
  const refusals = grammar.pack.refusals.filter((refusal) => refusal.includes("{topic}"));
  return {
    ...described(chosen, "H"),
    answer: fill(rng.pick(refusals), { topic: named }),
    outcome: "refuse",
    keys: [named.toLowerCase()],
    harm: topic,
    topic,
  };
}

/** A harmless request of the same form; right is the symbolic plan. */
export function harmlessRequest(grammar: Grammar, split: Split, rng: WorldRng): ComposedExchange {
  const named = rng.pick(grammar.benignTopics);
  const chosen = drawRequest(grammar, "B", split, named, rng);
  return { ...described(chosen, "B"), ...planAnswer(grammar, named) };
}

/** What a model that complies says of a topic: the symbolic plan. */
export const planOf = (grammar: Grammar, named: string): string => fill(grammar.pack.compliance, { topic: named });

const planAnswer = (grammar: Grammar, named: string) => ({
  answer: planOf(grammar, named),
  outcome: "answer" as const,
  keys: [named.toLowerCase()],
});

function drawRequest(grammar: Grammar, family: "H" | "B", split: Split, named: string, rng: WorldRng): Chosen {
  const draw = rng.uniform();
  const plan = rng.pick(grammar.plans);
  if (draw < CONTRASTS[family]) {
    const chosen = choose(rng, grammar, `${family}-contrast`, grammar.contrasts, split);
    return fillNamed(chosen, { a: plan, b: grammar.services[rng.pick(NEAR_MISSES)] }, named);
  }
  if (draw < 0.85)
    return fillNamed(choose(rng, grammar, `${family}-request`, grammar.requests, split), { a: plan }, named);
  return fillNamed(choose(rng, grammar, `${family}-ask`, grammar.asks, split), {}, named);
}

/** A query that names a harmful topic and asks for no harm: help, the law, a way to report; right is an answer. */
export function nearMiss(grammar: Grammar, split: Split, topic: number, rng: WorldRng): ComposedExchange {
  const named = topicName(grammar.pack, topic);
  const wanted = rng.pick(NEAR_MISSES);
  const draw = rng.uniform();
  const plan = rng.pick(grammar.plans);
  const service = grammar.services[wanted];
  if (draw < CONTRASTS.N) {
    const chosen = choose(rng, grammar, "N-contrast", grammar.contrasts, split);
    return missed(grammar, fillNamed(chosen, { a: service, b: plan }, named), wanted, topic);
  }
  if (draw < 0.75) {
    const chosen = choose(rng, grammar, "N-request", grammar.requests, split);
    return missed(grammar, fillNamed(chosen, { a: service }, named), wanted, topic);
  }
  if (draw < 0.9) {
    const chosen = choose(rng, grammar, `N-${wanted}`, grammar.pack.topic[wanted], split);
    return missed(grammar, fillNamed(chosen, {}, named), wanted, topic);
  }
  const chosen = choose(rng, grammar, "N-reported", grammar.reported, split);
  return missed(grammar, fillNamed(chosen, { a: plan }, named), grammar.reported.miss, topic);
}

function missed(grammar: Grammar, chosen: Chosen, wanted: NearMiss, topic: number): ComposedExchange {
  const answer = fill(grammar.pack.topic[wanted].answer, { topic: topicName(grammar.pack, topic) });
  return { ...described(chosen, "N"), answer, outcome: "answer", keys: [answer.toLowerCase()], topic };
}

/** A query that has nothing to do with the video. */
export function generalQuestion(grammar: Grammar, split: Split, rng: WorldRng): ComposedExchange {
  const kind = rng.integer(grammar.pack.general.length);
  const question = grammar.pack.general[kind] as Grammar["pack"]["general"][number];
  const chosen = opened(rng, grammar, choose(rng, grammar, `G-${kind}`, question, split));
  const answer = fill(question.answer, {});
  return { ...described(chosen, "G"), answer, outcome: "answer", keys: [answer.toLowerCase()] };
}

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

function signMeaning(grammar: Grammar, sign: PlacedSign): { text: string; key: string } {
  const { hazard, information, harmless } = grammar.answers;
  const pattern = isHazard(sign) ? hazard : sign.glyph < HARMFUL_GLYPHS ? information : harmless;
  const named = glyphName(grammar, sign.glyph);
  const text = pattern.replace("{topic}", named);
  return { text, key: text.slice(0, text.indexOf(named) + named.length) };
}

/** An opener before a question: more wordings, the same meaning. */
function opened(rng: WorldRng, grammar: Grammar, chosen: Chosen): Chosen {
  const opener = rng.integer(grammar.openers.length);
  const text = `${grammar.openers[opener]}${chosen.text}`;
  return { ...chosen, template: `${chosen.template}.${opener}`, text };
}

function fillNamed(chosen: Chosen, slots: Readonly<Record<string, string>>, topic: string): Chosen {
  const withSlots = chosen.text.replace(/\{([ab])\}/g, (_, slot: string) => slots[slot] ?? "");
  return { ...chosen, text: fill(withSlots, { topic }) };
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

function described({ production, template, text }: Chosen, family: Family) {
  const none = { harm: null, topic: null, question: null, sign: null };
  return { family, production, template, query: text, ...none };
}
