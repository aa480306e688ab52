import { AdamW, clipGradNorm, cosineSchedule } from "@videosafety/onnx-autodiff";
import type { ParameterGroup, PreparedSample, VideoLlm, VisualFeatures } from "@videosafety/video-llm";
import { CLIP_SIZE, renderScene, type Scene } from "../clips/scene.js";
import { createWorldRng } from "../random/rng.js";
import { type PretrainingKind, type PretrainingSample, pretrainingSample } from "./pretraining.js";

/** A part of the training. */
export interface BasePhase {
  /** Steps. */
  readonly steps: number;
  /** Shares of the kinds; they sum to 1. A step holds one kind only, so that nothing is padded to a clip's length. */
  readonly mixture: Readonly<Partial<Record<PretrainingKind, number>>>;
  /** What is trained. */
  readonly groups: readonly ParameterGroup[];
}

/** How the base model is trained. */
export interface BaseRecipe {
  /** Seed of weights and data. */
  readonly seed: number;
  /** Peak learning rate; one cosine over all phases. */
  readonly learningRate: number;
  /** Conversations a step. */
  readonly batch: Readonly<Record<PretrainingKind, number>>;
  /** First to see, then to speak, then to watch; the order of VideoLLaMA3's own pre-training. */
  readonly phases: readonly BasePhase[];
}

const ALL: readonly ParameterGroup[] = ["llm", "visionEncoder", "projector"];

/** The shipped checkpoint's recipe. */
export const BASE_RECIPE: BaseRecipe = {
  seed: 1,
  learningRate: 3e-3,
  batch: { caption: 32, text: 16, image: 16, video: 8 },
  phases: [
    { steps: 1800, mixture: { caption: 0.8, text: 0.2 }, groups: ALL },
    { steps: 1800, mixture: { caption: 0.2, image: 0.4, text: 0.4 }, groups: ALL },
    { steps: 1500, mixture: { text: 0.15, image: 0.15, video: 0.7 }, groups: ["llm"] },
  ],
};

/** One training step, as progress. */
export interface BaseStep {
  /** From 1. */
  readonly step: number;
  /** Steps in all. */
  readonly totalSteps: number;
  /** What the step's conversations came with. */
  readonly kind: PretrainingKind;
  /** Mean cross-entropy of answer tokens, nats. */
  readonly loss: number;
}

/** Trains a fresh base model; every conversation is new. Yields after each step; the model is trained in place. */
export async function* trainBase(
  model: VideoLlm,
  recipe: BaseRecipe = BASE_RECIPE,
  signal?: AbortSignal,
): AsyncGenerator<BaseStep> {
  const totalSteps = recipe.phases.reduce((sum, { steps }) => sum + steps, 0);
  const optimizer = new AdamW(model.trainableParameters(ALL), { learningRate: recipe.learningRate, beta2: 0.98 });
  const schedule = cosineSchedule({ warmupSteps: 50, totalSteps, minimum: 0.05 });
  let step = 0;
  let next = 0;
  for (const { steps, mixture, groups } of recipe.phases) {
    for (const end = step + steps; step < end; step++) {
      signal?.throwIfAborted();
      const kind = drawKind(createWorldRng(recipe.seed, "kind", step).uniform(), mixture);
      const samples: PreparedSample[] = [];
      for (let i = 0; i < recipe.batch[kind]; i++)
        samples.push(...(await prepare(model, pretrainingSample(recipe.seed, next++, kind))));
      const { loss, gradients } = await model.atSftGradients(samples, { groups, lambdaVisual: 0, lambdaTextual: 0 });
      optimizer.step(gradients, { learningRateScale: schedule(step), gradientScale: clipGradNorm(gradients, 1).scale });
      model.parametersChanged();
      yield { step: step + 1, totalSteps, kind, loss };
    }
  }
}

/** Frames of a scene as the model takes them; several are a video at 1 fps. */
export function encodeScene(
  model: VideoLlm,
  scene: Scene,
  frames: readonly number[],
  lazy = false,
): Promise<VisualFeatures> {
  return encodeFrames(model, renderScene(scene, frames), lazy);
}

/** Frames [112, 112, 3], one per second, as the model takes them; by default several are a video, one is an image. */
export function encodeFrames(
  model: VideoLlm,
  frames: readonly Uint8Array[],
  lazy = false,
  kind: "video" | "image" = frames.length > 1 ? "video" : "image",
): Promise<VisualFeatures> {
  const data = new Uint8Array(frames.length * CLIP_SIZE * CLIP_SIZE * 3);
  for (const [t, rgb] of frames.entries()) data.set(rgb, t * rgb.length);
  const dims = [frames.length, CLIP_SIZE, CLIP_SIZE, 3] as const;
  const timestampsSeconds = Float64Array.from(frames, (_, t) => t);
  return model.encodeVideo({ frames: { data, dims }, timestampsSeconds }, { kind, lazy });
}

/** One sample a turn: the turns of a conversation share the clip's features, so the vision encoder runs once. */
async function prepare(model: VideoLlm, sample: PretrainingSample): Promise<PreparedSample[]> {
  const visual = sample.scene ? await encodeScene(model, sample.scene, sample.frames, true) : null;
  return sample.turns.map(({ query, answer }) => {
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: query }], visual, alarmTokens: false });
    return model.prepareSample({ prompt, completion: answer });
  });
}

function drawKind(draw: number, mixture: BasePhase["mixture"]): PretrainingKind {
  const entries = Object.entries(mixture) as [PretrainingKind, number][];
  let left = draw;
  for (const [kind, share] of entries) {
    left -= share;
    if (left < 0) return kind;
  }
  return (entries.at(-1) as [PretrainingKind, number])[0];
}
