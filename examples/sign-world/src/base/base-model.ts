import type { TokenizerJson } from "@videosafety/alarm-tokens";
import {
  createVideoLlm,
  PROMPT_CONVENTIONS,
  type PreprocessorConfig,
  type RuntimeOptions,
  type VideoLlm,
  type VideoLlmConfigInput,
} from "@videosafety/video-llm";
import { TOKENIZER_CONFIG } from "./tokenizer.js";

/** Sizes of the base models: about a million parameters. */
const SIZES = {
  hiddenSize: 128,
  intermediateSize: 320,
  layers: 4,
  heads: 4,
  keyValueHeads: 2,
  ropeTheta: 10_000,
  maxPositions: 1024,
  vision: { hiddenSize: 96, intermediateSize: 192, layers: 2, heads: 4 },
} as const;

/** Architectures of the world's bases; a frame has 16 visual tokens in each, in Qwen2-VL two frames have. */
export const ARCHITECTURES = ["videollama3", "qwen2-vl", "smolvlm2"] as const;
/** One of {@link ARCHITECTURES}. */
export type Architecture = (typeof ARCHITECTURES)[number];

/** Frames stay 112 x 112 px: the published limits would enlarge them. */
const FRAME_LIMITS = { minTokens: 16, maxTokens: 64, video: { minTokens: 16, maxTokens: 64, contextTokens: 1024 } };

const PARTS: Record<
  Architecture,
  { readonly config: VideoLlmConfigInput; readonly preprocessor?: Partial<PreprocessorConfig> }
> = {
  videollama3: { config: SIZES },
  "qwen2-vl": { config: { ...SIZES, family: "qwen2-vl" }, preprocessor: FRAME_LIMITS },
  smolvlm2: { config: { ...SIZES, family: "smolvlm2", mergeSize: 2, vision: { ...SIZES.vision, imageSize: 112 } } },
};

/** Tokens that an architecture's prompts need beside those of every tokenizer of the world. */
export function tokensOf(architecture: Architecture): string[] {
  if (architecture === "videollama3") return [];
  const { image, video, markers, turnEnd } = PROMPT_CONVENTIONS[architecture];
  return [...new Set([image, ...(video === undefined ? [] : [video]), ...markers, turnEnd])];
}

/** Standard deviation of fresh embeddings. */
const EMBEDDING_STD = 0.05;
/** How much smaller fresh residual outputs are than the other matrices. */
const RESIDUAL_GAIN = 0.4;

/**
 * A fresh base model. Matrices are rescaled from the published 0.02 to 1 / sqrt(fan in): at width 128 the published
 * value starts with almost no signal (loss after 3,200 conversations 3.9, with this 0.4).
 */
export function createBaseModel(
  seed: number,
  tokenizerJson: TokenizerJson,
  options: RuntimeOptions & { readonly architecture?: Architecture } = {},
): VideoLlm {
  const { architecture = "videollama3", ...runtime } = options;
  const tokenizerConfig = { ...TOKENIZER_CONFIG, eos_token: PROMPT_CONVENTIONS[architecture].turnEnd };
  const tokenizer = { tokenizer: tokenizerJson, tokenizerConfig };
  const model = createVideoLlm({ ...PARTS[architecture], tokenizer, seed, ...runtime });
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
