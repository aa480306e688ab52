import {
  createVideoLlm,
  PROMPT_CONVENTIONS,
  type PreparedSample,
  REQUIRED_TOKENS,
  trainByteLevelBpe,
  type VideoLlm,
  type VideoLlmConfigInput,
} from "@videosafety/video-llm";
import { CLIP_SIZE, firstSignsNamed, scaleFreshWeights } from "sign-world";
import { captionedFrame } from "./captions.js";
import { runTraining, type TrainingPlace } from "./run-training-node.js";

/** The vision encoder: SmolVLM2's architecture with some 600,000 parameters; 8 x 8 patches, of which 4 x 4 make a token. */
export const VISION = {
  hiddenSize: 128,
  intermediateSize: 384,
  layers: 3,
  heads: 4,
  patchSize: 14,
  imageSize: CLIP_SIZE,
};
/** Patches per token side, as in published SmolVLM2: a frame is 4 visual tokens. */
export const MERGE = 4;
/** Frames come at the encoder's size and stay whole. */
export const SQUARE = { videoLongestEdge: CLIP_SIZE, imageLongestEdge: CLIP_SIZE, splitImages: false };

/** Reads captions off the encoder's tokens: the small decoder that teaches it to see, thrown away after that. */
const READER: Omit<VideoLlmConfigInput, "vision"> = {
  family: "smolvlm2",
  hiddenSize: 128,
  intermediateSize: 320,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  ropeTheta: 10_000,
  maxPositions: 512,
  mergeSize: MERGE,
};

/** How the encoder is trained. */
export interface EyesSettings {
  /** Of the schedule. */
  readonly steps: number;
  /** Steps that are taken of them. */
  readonly stopAfter: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** A fresh encoder with its reader. */
export function createEyes(seed: number): VideoLlm {
  const { turnEnd, markers } = PROMPT_CONVENTIONS.smolvlm2;
  const specialTokens = [...new Set([...REQUIRED_TOKENS, turnEnd, ...markers, "<video>"])];
  const texts = Array.from({ length: 600 }, (_, i) => captionedFrame(seed, `tokenizer/${i}`).caption);
  const model = createVideoLlm({
    config: { ...READER, vision: VISION },
    tokenizer: { tokenizer: trainByteLevelBpe({ texts, vocabularySize: 400, specialTokens }) },
    preprocessor: { square: SQUARE },
    seed,
    memoryPattern: false,
    threads: 1,
  });
  scaleFreshWeights(model);
  return model;
}

/** Trains encoder and reader on frames, each of them new, from the newest checkpoint on. */
export function trainEyes(model: VideoLlm, seed: number, settings: EyesSettings, place: TrainingPlace) {
  const { steps, stopAfter, batchSize, learningRate } = settings;
  const get = async (index: number): Promise<PreparedSample> => {
    const { shown, caption } = captionedFrame(seed, `eyes/${index}`);
    const visual = await model.encodeVideo(shown, { kind: "image", lazy: true });
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: "" }], visual, alarmTokens: false });
    return model.prepareSample({ prompt, completion: caption, labels: { visual: null, textual: null } });
  };
  return runTraining(
    model,
    { length: steps * batchSize, get, fingerprintOf: (index) => [seed, index] },
    {
      learningRates: { llm: learningRate, projector: learningRate, visionEncoder: learningRate },
      batchSize,
      perDeviceTrainBatchSize: batchSize,
      adamBeta2: 0.98,
      warmupSteps: 50,
      saveSteps: 250,
      seed,
    },
    { ...place, stopAfter },
  );
}

/** Of how many first signs of new frames a model's caption names topic, border and colour. */
export async function captionAccuracy(
  model: VideoLlm,
  count: number,
  query: string,
): Promise<ReturnType<typeof firstSignsNamed>> {
  const frames = Array.from({ length: count }, (_, i) => captionedFrame(999, `probe/${i}`));
  const prompts = [];
  for (const { shown } of frames) {
    const visual = await model.encodeVideo(shown, { kind: "image", lazy: true });
    prompts.push(model.preparePrompt({ messages: [{ role: "user", content: query }], visual, alarmTokens: false }));
  }
  const completions = await model.generate(prompts, {
    maxCompletionLength: 48,
    maxRows: 64,
    useGenerationConfig: false,
  });
  return firstSignsNamed(frames.map(({ caption }, i) => ({ truth: caption, said: completions[i]?.[0]?.text ?? "" })));
}
