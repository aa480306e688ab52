import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlarmLayout } from "@videosafety/alarm-tokens";
import { createRng } from "@videosafety/onnx-autodiff";
import { afterEach } from "vitest";
import {
  createVideoLlm,
  REQUIRED_TOKENS,
  type RuntimeOptions,
  trainByteLevelBpe,
  type VideoLlm,
  type VideoLlmConfigInput,
} from "../src/index.js";
import { PROMPT_CONVENTIONS } from "../src/prompt/conventions.js";

const TEXTS = ["system user assistant Time 0.0s: 1.0s, what happens here? a person walks a dog in the park. yes no"];

/** A tokenizer of a few hundred tokens. */
export const tinyTokenizer = () => ({
  tokenizer: trainByteLevelBpe({ texts: TEXTS, vocabularySize: 280, specialTokens: REQUIRED_TOKENS }),
});

/** Sizes of the smallest model that has everything: two layers, grouped heads. */
export const TINY: VideoLlmConfigInput = {
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  maxPositions: 512,
  vision: { hiddenSize: 24, intermediateSize: 40, layers: 2, heads: 2, patchSize: 4 },
};

/** A tiny model with weights large enough that nothing is near zero. */
export function tinyModel(
  options: RuntimeOptions & { config?: Partial<VideoLlmConfigInput>; seed?: number } = {},
): VideoLlm {
  const { config = {}, seed = 1, ...runtime } = options;
  const model = createVideoLlm({
    config: { ...TINY, ...config } as VideoLlmConfigInput,
    tokenizer: tinyTokenizer(),
    preprocessor: { minTokens: 1, maxTokens: 1024 },
    seed,
    ...runtime,
  });
  const rng = createRng(seed + 100);
  for (const { data } of model.tensors.values()) {
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 0.15 * rng.normal();
  }
  return model;
}

/** Sizes of the vision encoder that only one family has. */
const QWEN_VISION = {
  "qwen2-vl": {},
  "qwen2.5-vl": { windowSize: 16, fullAttentionLayers: [1] },
  "qwen3-vl": { positionEmbeddings: 9, deepstackLayers: [0] },
};

/** The smallest Qwen-VL: window attention in one layer of Qwen2.5-VL, one DeepStack layer in Qwen3-VL. */
export function tinyQwen(
  family: keyof typeof QWEN_VISION,
  config: Partial<VideoLlmConfigInput> = {},
  runtime: RuntimeOptions = {},
): VideoLlm {
  const { image, video, markers } = PROMPT_CONVENTIONS[family];
  const specialTokens = [...REQUIRED_TOKENS, image, video as string, ...markers];
  const vision = { ...TINY.vision, ...QWEN_VISION[family] };
  const model = createVideoLlm({
    config: { ...TINY, family, vision, ...config },
    tokenizer: { tokenizer: trainByteLevelBpe({ texts: TEXTS, vocabularySize: 280, specialTokens }) },
    preprocessor: {
      minTokens: 1,
      maxTokens: 64,
      video: { minTokens: 1, maxTokens: 64, contextTokens: 512, ...(family === "qwen3-vl" && { wholeVideo: true }) },
    },
    seed: 1,
    ...runtime,
  });
  const rng = createRng(101);
  for (const { data } of model.tensors.values()) {
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 0.15 * rng.normal();
  }
  return model;
}

/** Noise frames with times: [T, height, width, 3]. */
export function noiseVideo(frames: number, height: number, width: number, seed = 1) {
  const rng = createRng(seed);
  const data = Uint8Array.from({ length: frames * height * width * 3 }, () => rng.integer(256));
  return {
    frames: { data, dims: [frames, height, width, 3] as [number, number, number, number] },
    timestampsSeconds: Float64Array.from({ length: frames }, (_, t) => t),
  };
}

/** A prompt over a small noise video, or text only. */
export async function tinyPrompt(
  model: VideoLlm,
  text: string,
  options: { frames?: number; seed?: number; alarmTokens?: boolean | AlarmLayout } = {},
) {
  const { frames = 2, seed = 1, alarmTokens = true } = options;
  const visual = frames === 0 ? null : await model.encodeVideo(noiseVideo(frames, 16, 24, seed));
  return model.preparePrompt({ messages: [{ role: "user", content: text }], visual, alarmTokens });
}

/** Makes temporary directories that live until the end of the test. Call it outside of tests. */
export function temporaryDirectories(): () => Promise<string> {
  const directories: string[] = [];
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
  });
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), "video-llm-"));
    directories.push(directory);
    return directory;
  };
}
