import type { TokenizerJson } from "@videosafety/alarm-tokens";
import { createVideoLlm, type RuntimeOptions, type VideoLlm, type VideoLlmConfigInput } from "@videosafety/video-llm";
import { TOKENIZER_CONFIG } from "./tokenizer.js";

/** Sizes of the base model: VideoLLaMA3's architecture with about a million parameters. */
export const BASE_CONFIG: VideoLlmConfigInput = {
  hiddenSize: 128,
  intermediateSize: 320,
  layers: 3,
  heads: 4,
  keyValueHeads: 2,
  ropeTheta: 10_000,
  maxPositions: 1024,
  vision: { hiddenSize: 96, intermediateSize: 192, layers: 2, heads: 4 },
};

/** Standard deviation of fresh embeddings. */
const EMBEDDING_STD = 0.05;
/** How much smaller fresh residual outputs are than the other matrices. */
const RESIDUAL_GAIN = 0.4;

/**
 * A fresh base model. Matrices are rescaled from the published 0.02 to 1 / sqrt(fan in): at width 128 the published
 * value starts with almost no signal (loss after 3,200 conversations 3.9, with this 0.4).
 */
export function createBaseModel(seed: number, tokenizerJson: TokenizerJson, options: RuntimeOptions = {}): VideoLlm {
  const tokenizer = { tokenizer: tokenizerJson, tokenizerConfig: TOKENIZER_CONFIG };
  const model = createVideoLlm({ config: BASE_CONFIG, tokenizer, seed, ...options });
  scaleFreshWeights(model);
  return model;
}

/** Rescales fresh matrices to 1 / sqrt(fan in), residual outputs to less. */
export function scaleFreshWeights(model: VideoLlm): void {
  for (const [name, { data, dims }] of model.trainableParameters(["llm", "visionEncoder", "projector"])) {
    if (!name.endsWith("weight") || dims.length < 2) continue;
    const fanIn = dims.slice(1).reduce((a, b) => a * b, 1);
    const residual = /(o_proj|out_proj|down_proj|fc2)\.weight$/.test(name);
    const target = name.includes("embed_tokens") ? EMBEDDING_STD : (residual ? RESIDUAL_GAIN : 1) / Math.sqrt(fanIn);
    const scale = target / standardDeviation(data);
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) * scale;
  }
  model.parametersChanged();
}

function standardDeviation(data: Float32Array): number {
  let sum = 0;
  for (const value of data) sum += value * value;
  return Math.sqrt(sum / data.length);
}
