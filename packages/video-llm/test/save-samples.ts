/** Writes small models for tools/golden/video-llm-saves.py to read with transformers. usage: save-samples.ts DIRECTORY */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { saveVideoLlm } from "../src/index.js";
import { sampleModels } from "./sample-models.js";

const directory = process.argv[2] as string;
for (const [name, model] of Object.entries(sampleModels())) {
  await mkdir(join(directory, name), { recursive: true });
  // For SmolVLM2 and Qwen3-VL the two namings are one.
  const naming = name === "smolvlm2" || name === "qwen3-vl" ? "original" : "huggingface";
  await saveVideoLlm(model, join(directory, name), { naming });
}
