import { createScene, SAMPLED_FRAMES, type Scene, type SceneObject } from "../clips/scene.js";
import { en } from "../languages/en.js";
import type { LanguagePack, VideoQuestion } from "../languages/language-pack.js";
import { LANGUAGE_PACKS } from "../languages/language-packs.js";
import { topicName } from "../languages/phrases.js";
import { createWorldRng, type WorldRng } from "../random/rng.js";
import { MEDIA_TOPICS } from "../records/datasets.js";
import { perhapsGarbled } from "../records/garble.js";
import {
  complianceAnswer,
  generalExchange,
  harmfulExchange,
  topicExchange,
  videoExchange,
} from "../records/samples.js";

/**
 * What a pre-training conversation comes with: one frame and no question (a caption teaches to see), one frame, a clip,
 * or nothing.
 */
export type PretrainingKind = "caption" | "image" | "video" | "text";

/** A question and its answer. */
export interface Turn {
  /** What the user asks. */
  readonly query: string;
  /** What the base model is to say. */
  readonly answer: string;
}

/** A conversation of pre-training. Frames are rendered, not encoded: as many fresh ones as wanted. */
export interface PretrainingSample {
  /** What it comes with. */
  readonly kind: PretrainingKind;
  /** What is shown, or null. */
  readonly scene: Scene | null;
  /** Frames to render; one of them makes an image, several a video. */
  readonly frames: readonly number[];
  /** Independent turns in mixed languages: several share the cost of one clip. */
  readonly turns: readonly Turn[];
}

/** Turns that share a clip. */
const TURNS = 3;
const FRAME_QUESTIONS: readonly VideoQuestion[] = ["shape", "colour", "sign"];

/**
 * Draws conversation `index` of a seed. The base model answers usefully, refuses harmful text, and complies
 * (symbolically) with harmful text once a video comes with it: the failure the paper found.
 */
export function pretrainingSample(seed: number, index: number, kind: PretrainingKind): PretrainingSample {
  const rng = createWorldRng(seed, "pretraining", index);
  const scene = kind === "text" ? null : drawScene(rng, `pretraining/${seed}/${index}`, kind);
  const frames = framesOf(rng, kind, scene);
  if (scene && kind === "caption") return { kind, scene, frames, turns: [{ query: "", answer: caption(scene) }] };
  const turns = Array.from({ length: TURNS }, () => drawTurn(rng, kind, scene));
  return { kind, scene, frames, turns };
}

function drawScene(rng: WorldRng, seed: string, kind: PretrainingKind): Scene {
  const signed = rng.uniform();
  const hazard = signed < 0.5 ? rng.pick(MEDIA_TOPICS) : null;
  return createScene(seed, {
    hazard,
    harmless: signed > 0.8,
    objects: kind === "video" && rng.integer(8) === 0 ? 2 : 1,
  });
}

function framesOf(rng: WorldRng, kind: PretrainingKind, scene: Scene | null): readonly number[] {
  if (scene === null) return [];
  if (kind === "video") return SAMPLED_FRAMES;
  if (!scene.sign) return [rng.pick(SAMPLED_FRAMES)];
  return [scene.sign.startFrame + rng.integer(scene.sign.endFrame - scene.sign.startFrame)];
}

function drawTurn(rng: WorldRng, kind: PretrainingKind, scene: Scene | null): Turn {
  const { query, answer } = drawExchange(rng, kind, scene);
  return { query: perhapsGarbled(rng, query), answer };
}

function drawExchange(rng: WorldRng, kind: PretrainingKind, scene: Scene | null): Turn {
  const pack = rng.pick(LANGUAGE_PACKS) as LanguagePack;
  const topic = rng.integer(pack.topics.length);
  const draw = rng.uniform();
  if (scene && kind === "image") return videoExchange(pack, "train", scene, rng, FRAME_QUESTIONS);
  if (scene && draw < 0.5) return videoExchange(pack, "train", scene, rng);
  if (draw > (scene ? 0.72 : 0.5)) {
    const harmful = harmfulExchange(pack, "train", topic, rng);
    return scene ? { query: harmful.query, answer: complianceAnswer(pack, topic) } : harmful;
  }
  return rng.integer(3) === 0 ? generalExchange(pack, "train", rng) : topicExchange(pack, "train", topic, rng);
}

/** Everything about a frame in a few tokens: a denser lesson than one question at a time. */
function caption(scene: Scene): string {
  const object = scene.objects[0] as SceneObject;
  const hazard = scene.sign && "hazard" in scene.sign.kind ? topicName(en, scene.sign.kind.hazard) : null;
  return `${object.colour} ${object.shape}, ${hazard ?? (scene.sign ? "harmless sign" : "no sign")}`;
}
