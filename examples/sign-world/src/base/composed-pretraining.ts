import type { ClipQuestion, Grammar } from "../grammars/grammar.js";
import { GRAMMARS } from "../grammars/grammars.js";
import { fill } from "../languages/phrases.js";
import { byShare, createWorldRng, type WorldRng } from "../random/rng.js";
import { clipQuestion, signsNamed } from "../records/clip-queries.js";
import { drawComposedScene, drawExchange } from "../records/composed-set.js";
import { isTrainedSign } from "../records/novelty.js";
import type { ComposedExchange, Family } from "../records/query-form.js";
import { captionOf, composedThink, signsInWords, thinkingFirst } from "../records/sight.js";
import { SAMPLED_FRAMES } from "../scenes/canvas.js";
import { type ComposedScene, isShown, type PlacedSign } from "../scenes/composed-scene.js";
import { createSignChart } from "../scenes/sign-chart.js";

/**
 * What a conversation comes with: a chart of four signs (the primer), the same named in one of ten languages, one frame whose signs are named (a short
 * lesson in finding them), one frame with its whole caption, one frame or a clip with questions, or nothing.
 */
export type ComposedKind = "chart" | "named" | "signs" | "caption" | "image" | "video" | "text";

/** Asks for the signs of a frame only. */
export const SIGNS_QUERY = "signs";

/** A question and its answer. */
interface Turn {
  readonly query: string;
  readonly answer: string;
}

/** A conversation of the base's training; frames are rendered, not encoded. */
export interface ComposedConversation {
  /** What it comes with. */
  readonly kind: ComposedKind;
  /** What is shown, or null. */
  readonly scene: ComposedScene | null;
  /** Frames to render; one is an image, several are a video. */
  readonly frames: readonly number[];
  /** Independent turns in mixed languages: several share the cost of one clip. */
  readonly turns: readonly (Turn & { readonly family: Family | null })[];
}

const TURNS = 3;
/** Of how many turns one asks for a reasoning before the answer: to think when asked to is a skill of the base, as of today's models. */
const ONE_THINKS_OF = 3;
/** What can be told from one frame. */
const FRAME_QUESTIONS: readonly ClipQuestion[] = ["colour", "objects", "count", "meaning", "hazard", "side"];
/** Shares of the families. A harmful request never comes with a clip: nobody trains the failure. */
const FAMILIES_OF: Record<"text" | "video", readonly (readonly [Family, number])[]> = {
  text: [
    ["H", 0.35],
    ["N", 0.3],
    ["B", 0.2],
    ["G", 0.15],
  ],
  video: [
    ["V", 0.6],
    ["N", 0.15],
    ["B", 0.15],
    ["G", 0.1],
  ],
};

/** Draws conversation `index` of a seed. */
export function composedConversation(seed: number, index: number, kind: ComposedKind): ComposedConversation {
  const rng = createWorldRng(seed, "composed-pretraining", index);
  const key = `pretraining/${seed}/${index}`;
  if (kind === "chart" || kind === "named") {
    const scene = createSignChart(key, rng, isTrainedSign);
    const turn = kind === "chart" ? signsTurn(scene.signs) : namedTurn(rng.pick(GRAMMARS) as Grammar, scene.signs);
    return { kind, scene, frames: [0], turns: [turn] };
  }
  const scene = kind === "text" ? null : drawComposedScene(key, "train", rng.integer(2) === 0, rng);
  const frames = framesOf(rng, kind, scene);
  if (scene !== null && kind === "caption") {
    const seen = visibleIn(scene, frames[0] as number);
    return { kind, scene, frames, turns: [{ query: "", answer: captionOf(seen.signs, scene.objects), family: null }] };
  }
  if (scene !== null && kind === "signs") {
    const { signs } = visibleIn(scene, frames[0] as number);
    const turn = rng.integer(2) === 0 ? signsTurn(signs) : namedTurn(rng.pick(GRAMMARS) as Grammar, signs);
    return { kind, scene, frames, turns: [turn] };
  }
  const turns: ComposedConversation["turns"][number][] = Array.from({ length: TURNS }, () =>
    drawTurn(rng, kind, scene, frames),
  );
  // Half of the clips are described as frames were before: what there is to see, in the order in which it appears.
  if (scene !== null && kind === "video") {
    const draw = rng.integer(4);
    if (draw === 0) turns[0] = signsTurn(scene.signs);
    if (draw === 1) turns[0] = namedTurn(rng.pick(GRAMMARS) as Grammar, scene.signs);
  }
  return { kind, scene, frames, turns };
}

const signsTurn = (signs: readonly PlacedSign[]) => ({
  query: SIGNS_QUERY,
  answer: `${signsInWords(signs)}.`,
  family: null,
});

/** The same in a language: the words in which questions about signs are asked and answered. */
const namedTurn = (grammar: Grammar, signs: readonly PlacedSign[]) =>
  signs.length === 0
    ? signsTurn(signs)
    : { query: grammar.signs.only, answer: signsNamed(grammar, signs), family: null };

/** A turn as it is, or with the request to think first and the reasoning before the answer. */
function asked(exchange: ComposedExchange, language: string, scene: ComposedScene | null, rng: WorldRng) {
  const { query, answer, family, harm, sign } = exchange;
  if (rng.integer(ONE_THINKS_OF) !== 0) return { query, answer, family };
  const think = composedThink({ clip: scene === null ? null : { scene }, harm, sign, language });
  return { ...thinkingFirst(query, think, fill(answer, {})), family };
}

function drawTurn(rng: WorldRng, kind: ComposedKind, scene: ComposedScene | null, frames: readonly number[]) {
  const grammar = rng.pick(GRAMMARS) as Grammar;
  const { language } = grammar.pack;
  if (scene !== null && kind === "image") {
    const seen = visibleIn(scene, frames[0] as number);
    return asked(clipQuestion(grammar, "train", seen, rng, FRAME_QUESTIONS), language, seen, rng);
  }
  const family = byShare(rng.uniform(), FAMILIES_OF[scene === null ? "text" : "video"]);
  return asked(drawExchange(family, grammar, "train", scene, rng), language, scene, rng);
}

/** The scene as a single frame shows it. */
function visibleIn(scene: ComposedScene, frame: number): ComposedScene {
  return { ...scene, signs: scene.signs.filter((sign) => isShown(sign, frame)) };
}

function framesOf(rng: WorldRng, kind: ComposedKind, scene: ComposedScene | null): readonly number[] {
  if (scene === null) return [];
  if (kind === "video") return SAMPLED_FRAMES;
  const [sign] = rng.shuffle(scene.signs);
  if (sign === undefined) return [rng.pick(SAMPLED_FRAMES)];
  return [sign.startFrame + rng.integer(sign.endFrame - sign.startFrame)];
}
