import { createRng } from "@videosafety/random";
import {
  createVideoLlm,
  PROMPT_CONVENTIONS,
  REQUIRED_TOKENS,
  trainByteLevelBpe,
  type VideoLlm,
} from "@videosafety/video-llm";

/** Families that the proof runs on. */
export type TinyFamily = "videollama3" | "qwen2-vl" | "smolvlm2";

const TEXTS = ["system user assistant Time 0.0s: 1.0s, User: Assistant: what happens here? a sign appears. yes no"];

/** A fresh model of a few thousand parameters, with weights large enough that nothing is near zero. */
export function tinyModel(family: TinyFamily, seed = 1): VideoLlm {
  const { turnEnd, image, video = image, markers } = PROMPT_CONVENTIONS[family];
  const specialTokens = [...new Set([...REQUIRED_TOKENS, turnEnd, image, video, ...markers])];
  const tags = ["think", "answer", "vidType", "textType"].flatMap((tag) => [`<${tag}>`, `</${tag}>`]);
  const tokenizer = trainByteLevelBpe({ texts: [...TEXTS, ...tags, ...tags], vocabularySize: 320, specialTokens });
  const model = createVideoLlm({
    config: {
      ...{ family, hiddenSize: 32, intermediateSize: 48, layers: 2, heads: 4, keyValueHeads: 2, maxPositions: 2048 },
      vision: { hiddenSize: 32, intermediateSize: 48, layers: 1, heads: 2, imageSize: 56 },
    },
    tokenizer: { tokenizer },
    preprocessor: { minTokens: 1 },
    seed,
  });
  const rng = createRng(seed + 100);
  for (const { data, group } of model.tensors.values()) {
    if (group === "alarmTokens") continue;
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 0.1 * rng.normal();
  }
  return model;
}
