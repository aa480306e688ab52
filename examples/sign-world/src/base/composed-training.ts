import { AdamW, clipGradNorm, cosineSchedule, loadCheckpoint, saveCheckpoint } from "@videosafety/onnx-autodiff";
import type { ParameterGroup, PreparedSample, VideoLlm } from "@videosafety/video-llm";
import { byShare, createWorldRng } from "../random/rng.js";
import { renderComposedScene } from "../scenes/composed-scene.js";
import { type ComposedConversation, type ComposedKind, composedConversation } from "./composed-pretraining.js";
import { encodeFrames } from "./encode-frames.js";

/** A part of the training. */
export interface TrainingPhase {
  /** Steps. */
  readonly steps: number;
  /** Shares of what a step's conversations come with; they sum to 1. */
  readonly mixture: Readonly<Partial<Record<ComposedKind, number>>>;
  /** What is trained. */
  readonly groups: readonly ParameterGroup[];
}

/** Phases with one schedule. */
export interface TrainingRecipe {
  /** Of data and order. */
  readonly seed: number;
  /** Part of the key of the data: two trainings of one seed see different conversations. */
  readonly name: string;
  /** Peak rate: warm-up, then a cosine to a twentieth over all phases. */
  readonly learningRate: number;
  /** Conversations per step, where not `BATCH`. */
  readonly batch?: Partial<Record<ComposedKind, number>>;
  /** In order. */
  readonly phases: readonly TrainingPhase[];
}

const ALL: readonly ParameterGroup[] = ["llm", "visionEncoder", "projector"];
/** Conversations per step. At most 32: their numbers in a step are spaced so. */
const BATCH: Record<ComposedKind, number> = {
  chart: 16,
  named: 12,
  signs: 32,
  caption: 32,
  text: 16,
  image: 12,
  video: 8,
};

/**
 * Pre-training: first to read signs, then to find them and to name them in ten languages, then mostly text (harmful text is refused) and questions about
 * frames. No clip, no video.
 */
export const pretrainingRecipe = (seed: number, scale = 1): TrainingRecipe => ({
  seed,
  name: "pretraining",
  learningRate: 3e-3,
  phases: [
    { steps: Math.round(900 * scale), mixture: { chart: 1 }, groups: ALL },
    {
      steps: Math.round(1400 * scale),
      mixture: { chart: 0.15, named: 0.25, signs: 0.35, caption: 0.15, text: 0.1 },
      groups: ALL,
    },
    {
      steps: Math.round(3800 * scale),
      mixture: { named: 0.06, signs: 0.07, caption: 0.07, image: 0.38, text: 0.42 },
      groups: ALL,
    },
  ],
});

/**
 * Visual instruction tuning on clips without one harmful request beside a clip. `replay` is the share of steps with the
 * text of pre-training, refusals included.
 */
export const tuningRecipe = (seed: number, replay: number, steps: number): TrainingRecipe => ({
  seed,
  name: `tuning-${replay}`,
  learningRate: 1.5e-3,
  phases: [{ steps, mixture: { text: replay, image: 0.2 * (1 - replay), video: 0.8 * (1 - replay) }, groups: ["llm"] }],
});

/** One training step, as progress. */
export interface TrainingStep {
  /** From 1. */
  readonly step: number;
  /** Steps in all. */
  readonly totalSteps: number;
  /** What the step's conversations came with. */
  readonly kind: ComposedKind;
  /** Mean cross-entropy of answer tokens, nats. */
  readonly loss: number;
}

/**
 * Trains a model in place; every conversation is new. With `checkpoint`, the state is saved there every `saveEvery` steps
 * and at the end, and a training that was killed continues from it: the same steps, the same bits.
 */
export async function* trainComposed(
  model: VideoLlm,
  recipe: TrainingRecipe,
  options: {
    readonly checkpoint?: string;
    readonly resume?: boolean;
    readonly saveEvery?: number;
    readonly signal?: AbortSignal;
  } = {},
): AsyncGenerator<TrainingStep> {
  const { checkpoint, resume = false, saveEvery = 100, signal } = options;
  const totalSteps = recipe.phases.reduce((sum, { steps }) => sum + steps, 0);
  const parameters = model.trainableParameters(ALL);
  const optimizer = new AdamW(parameters, { learningRate: recipe.learningRate, beta2: 0.98 });
  const schedule = cosineSchedule({ warmupSteps: Math.min(50, totalSteps / 10), totalSteps, minimum: 0.05 });
  let start = 0;
  if (resume && checkpoint !== undefined) {
    const state = await loadCheckpoint(checkpoint, { parameters, optimizer });
    if (JSON.stringify(state.config) !== JSON.stringify(recipe))
      throw new Error(
        `${checkpoint} belongs to another recipe: expected ${JSON.stringify(recipe)}, found ${JSON.stringify(state.config)}`,
      );
    model.parametersChanged();
    start = state.step;
  }
  for (let step = start; step < totalSteps; step++) {
    signal?.throwIfAborted();
    const { mixture, groups } = phaseOf(recipe, step);
    const draw = createWorldRng(recipe.seed, recipe.name, "kind", step).uniform();
    const kind = byShare(draw, Object.entries(mixture) as [ComposedKind, number][]);
    const samples: PreparedSample[] = [];
    for (let i = 0; i < (recipe.batch?.[kind] ?? BATCH[kind]); i++) {
      // Conversations are keyed by step and place: where a training starts does not matter.
      const conversation = composedConversation(recipe.seed, conversationIndex(recipe, step, i), kind);
      samples.push(...(await prepareConversation(model, conversation)));
    }
    const { loss, gradients } = await model.atSftGradients(samples, { groups, lambdaVisual: 0, lambdaTextual: 0 });
    optimizer.step(gradients, { learningRateScale: schedule(step), gradientScale: clipGradNorm(gradients, 1).scale });
    model.parametersChanged();
    const done = step + 1;
    if (checkpoint !== undefined && (done % saveEvery === 0 || done === totalSteps))
      await saveCheckpoint(checkpoint, { parameters, optimizer, step: done, config: recipe });
    yield { step: done, totalSteps, kind, loss };
  }
}

function phaseOf({ phases }: TrainingRecipe, step: number): TrainingPhase {
  let left = step;
  for (const phase of phases) {
    if (left < phase.steps) return phase;
    left -= phase.steps;
  }
  throw new RangeError(`step ${step} is past the recipe's end`);
}

/** Never the same for two parts of a base's training. */
const conversationIndex = ({ name }: TrainingRecipe, step: number, place: number): number =>
  (name === "pretraining" ? 0 : 2_000_000) + step * 32 + place;

/**
 * One sample per turn: the turns of a conversation share the clip's features, so the vision encoder runs once. A single frame
 * is a video of one: 16 visual tokens, as each frame of a clip has, where an image has 64.
 */
async function prepareConversation(
  model: VideoLlm,
  { scene, frames, turns }: ComposedConversation,
): Promise<PreparedSample[]> {
  const visual = scene === null ? null : await encodeFrames(model, renderComposedScene(scene, frames), true, "video");
  return turns.map(({ query, answer }) => {
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: query }], visual, alarmTokens: false });
    return model.prepareSample({ prompt, completion: answer });
  });
}
