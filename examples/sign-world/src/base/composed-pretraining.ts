import type { ClipQuestion, Grammar } from "../grammars/grammar.js";
import { GRAMMARS } from "../grammars/grammars.js";
import { byShare, createWorldRng, type WorldRng } from "../random/rng.js";
import { clipQuestion } from "../records/clip-queries.js";
import { drawComposedScene, drawExchange } from "../records/composed-set.js";
import { isTrainedSign } from "../records/novelty.js";
import type { Family } from "../records/query-form.js";
import { captionOf, signsInWords } from "../records/sight.js";
import { SAMPLED_FRAMES } from "../scenes/canvas.js";
import { type ComposedScene, isShown, type PlacedSign } from "../scenes/composed-scene.js";
import { createSignChart } from "../scenes/sign-chart.js";

/**
 * What a conversation comes with: a chart of four signs (the primer), one frame whose signs are named (a short lesson in finding them), one frame with its
 * whole caption, one frame or a clip with questions, or nothing.
 */
export type ComposedKind = "chart" | "signs" | "caption" | "image" | "video" | "text";

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
  if (kind === "chart") {
    const scene = createSignChart(key, rng, isTrainedSign);
    return { kind, scene, frames: [0], turns: [signsTurn(scene.signs)] };
  }
  const scene = kind === "text" ? null : drawComposedScene(key, "train", rng.integer(2) === 0, rng);
  const frames = framesOf(rng, kind, scene);
  if (scene !== null && kind === "caption") {
    const seen = visibleIn(scene, frames[0] as number);
    return { kind, scene, frames, turns: [{ query: "", answer: captionOf(seen.signs, scene.objects), family: null }] };
  }
  if (scene !== null && kind === "signs") {
    const { signs } = visibleIn(scene, frames[0] as number);
    return { kind, scene, frames, turns: [signsTurn(signs)] };
  }
  const turns: ComposedConversation["turns"][number][] = Array.from({ length: TURNS }, () =>
    drawTurn(rng, kind, scene, frames),
  );
  // Half of the clips are described as frames were before: what there is to see, in the order in which it appears.
  if (scene !== null && kind === "video" && rng.integer(2) === 0) turns[0] = signsTurn(scene.signs);
  return { kind, scene, frames, turns };
}

const signsTurn = (signs: readonly PlacedSign[]) => ({
  query: SIGNS_QUERY,
  answer: `${signsInWords(signs)}.`,
  family: null,
});

function drawTurn(rng: WorldRng, kind: ComposedKind, scene: ComposedScene | null, frames: readonly number[]) {
  const grammar = rng.pick(GRAMMARS) as Grammar;
  if (scene !== null && kind === "image")
    return clipQuestion(grammar, "train", visibleIn(scene, frames[0] as number), rng, FRAME_QUESTIONS);
  return drawExchange(
    byShare(rng.uniform(), FAMILIES_OF[scene === null ? "text" : "video"]),
    grammar,
    "train",
    scene,
    rng,
  );
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
