import { MEDIA_TOPICS } from "./datasets.js";
import type { LanguagePack, VideoQuestion } from "./language-pack.js";
import { LANGUAGE_PACKS } from "./language-packs.js";
import { createWorldRng, type WorldRng } from "./rng.js";
import { complianceAnswer, generalExchange, harmfulExchange, topicExchange, videoExchange } from "./samples.js";
import { createScene, SAMPLED_FRAMES, type Scene } from "./scene.js";

/** What a pre-training conversation comes with: one frame, a clip, or nothing. */
export type PretrainingKind = "image" | "video" | "text";

/** Shares of the kinds; they sum to 1. */
export type PretrainingMixture = Readonly<Record<PretrainingKind, number>>;

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

/** The mixture of the shipped base checkpoint. */
export const BASE_MIXTURE: PretrainingMixture = { image: 0.35, video: 0.4, text: 0.25 };

const FRAME_QUESTIONS: readonly VideoQuestion[] = ["shape", "colour", "sign"];

/**
 * Draws conversation `index` of a seed. The base model answers usefully, refuses harmful text, and complies
 * (symbolically) with harmful text once a video comes with it: the failure the paper found.
 */
export function pretrainingSample(
  seed: number,
  index: number,
  mixture: PretrainingMixture = BASE_MIXTURE,
  turnCount = 3,
): PretrainingSample {
  const rng = createWorldRng(seed, "pretraining", index);
  const draw = rng.uniform();
  const kind = draw < mixture.image ? "image" : draw < mixture.image + mixture.video ? "video" : "text";
  const scene = kind === "text" ? null : drawScene(rng, `pretraining/${seed}/${index}`, kind);
  const turns = Array.from({ length: turnCount }, () => drawTurn(rng, kind, scene));
  return { kind, scene, frames: framesOf(rng, kind, scene), turns };
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
