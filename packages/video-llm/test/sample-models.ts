import { createRng } from "@videosafety/onnx-autodiff";
import { createVideoLlm, PROMPT_CONVENTIONS, trainByteLevelBpe, type VideoLlm } from "../src/index.js";
import { REQUIRED_TOKENS } from "../src/prompt/text-tokenizer.js";
import { TINY, tinyModel, tinyQwen } from "./tiny.js";

/** A small SmolVLM2 with the tokens of its image processor. */
export function tinySmol(chatTemplate?: string): VideoLlm {
  const { turnEnd, markers } = PROMPT_CONVENTIONS.smolvlm2;
  const rows = [1, 2, 3, 4].flatMap((row) => [1, 2, 3, 4].map((column) => `<row_${row}_col_${column}>`));
  const specialTokens = [...REQUIRED_TOKENS, turnEnd, ...markers, "<video>", ...rows];
  const model = createVideoLlm({
    config: { ...TINY, family: "smolvlm2", mergeSize: 2, vision: { ...TINY.vision, imageSize: 16 } },
    tokenizer: { tokenizer: trainByteLevelBpe({ texts: ["a dog"], vocabularySize: 260, specialTokens }) },
    seed: 1,
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
  });
  const rng = createRng(101);
  for (const { data } of model.tensors.values())
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 0.15 * rng.normal();
  return model;
}

/** One small fresh model per family. */
export const sampleModels = (): Record<string, VideoLlm> => ({
  videollama3: tinyModel(),
  smolvlm2: tinySmol(),
  // transformers wants a whole mlp_ratio
  "qwen2-vl": tinyQwen("qwen2-vl", { vision: { ...TINY.vision, intermediateSize: 48 } as never }),
  "qwen2.5-vl": tinyQwen("qwen2.5-vl"),
  "qwen3-vl": tinyQwen("qwen3-vl"),
});
