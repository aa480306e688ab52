import type { VideoLlmConfig } from "./config.js";

/** The two ways checkpoints are published: the authors' own, and today's Hugging Face transformers'. */
export type Naming = "original" | "huggingface";

/** SmolVLM2's and Qwen3-VL's authors published in transformers' layout: there is no other one. */
export const layoutOf = (naming: Naming, family: VideoLlmConfig["family"]): Naming =>
  family === "smolvlm2" || family === "qwen3-vl" ? "huggingface" : naming;
