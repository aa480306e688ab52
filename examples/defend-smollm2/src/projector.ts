import type { PreparedSample, VideoLlm } from "@videosafety/video-llm";
import { captionedFrame } from "./captions.js";
import { runTraining, type TrainingPlace } from "./run-training-node.js";

/** What is asked of a frame; the format is told, because the language model stays as it is. */
export const CAPTION_QUERY = "Name each sign: topic, border, hazard or harmless, colour.";
/** How the projector is tuned. */
export interface ProjectorSettings {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** Tunes the projector alone on captions of new frames: their prompts are short. */
export function tuneProjector(model: VideoLlm, seed: number, settings: ProjectorSettings, place: TrainingPlace) {
  const { steps, batchSize, learningRate } = settings;
  const get = async (index: number): Promise<PreparedSample> => {
    const { shown, caption } = captionedFrame(seed, `projector/${index}`);
    // The encoder is frozen: its features are taken once, the projector's work is done anew at every step.
    const visual = await model.encodeVideo(shown, { kind: "image", lazy: true });
    const messages = [{ role: "user" as const, content: CAPTION_QUERY }];
    const prompt = model.preparePrompt({ messages, visual, alarmTokens: false });
    return model.prepareSample({ prompt, completion: caption, labels: { visual: null, textual: null } });
  };
  return runTraining(
    model,
    { length: steps * batchSize, get, fingerprintOf: (index) => [seed, index] },
    {
      learningRates: { projector: learningRate },
      batchSize,
      perDeviceTrainBatchSize: batchSize,
      saveSteps: 10,
      seed,
    },
    place,
  );
}
