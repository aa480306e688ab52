import type { AlarmLayout } from "@videosafety/alarm-tokens";
import {
  createVideoLlm,
  type PreparedSample,
  REQUIRED_TOKENS,
  trainByteLevelBpe,
  type VideoLlm,
} from "@videosafety/video-llm";
import { type MicroSample, microTexts } from "./micro-world.js";

/** A fresh Video LLM of VideoLLaMA3's architecture, small enough to train in seconds. */
export function createMicroModel(seed: number): VideoLlm {
  return createVideoLlm({
    config: {
      hiddenSize: 64,
      intermediateSize: 128,
      layers: 2,
      heads: 4,
      keyValueHeads: 2,
      maxPositions: 256,
      ropeTheta: 10_000,
      vision: { hiddenSize: 32, intermediateSize: 64, layers: 1, heads: 2, patchSize: 4 },
    },
    tokenizer: {
      tokenizer: trainByteLevelBpe({ texts: microTexts(), vocabularySize: 400, specialTokens: REQUIRED_TOKENS }),
    },
    preprocessor: { minTokens: 1, maxTokens: 64 },
    seed,
  });
}

/** A sample as the model takes it. */
export async function prepareMicro(
  model: VideoLlm,
  sample: MicroSample,
  alarmTokens: boolean | AlarmLayout = true,
): Promise<PreparedSample> {
  const visual = sample.clip === null ? null : await model.encodeVideo(sample.clip, { lazy: true });
  const prompt = model.preparePrompt({ messages: [{ role: "user", content: sample.query }], visual, alarmTokens });
  return model.prepareSample({ prompt, completion: sample.answer, labels: sample.labels });
}

/** Many of them. */
export const prepareAll = (
  model: VideoLlm,
  samples: readonly MicroSample[],
  alarmTokens: boolean | AlarmLayout = true,
): Promise<PreparedSample[]> => Promise.all(samples.map((sample) => prepareMicro(model, sample, alarmTokens)));
