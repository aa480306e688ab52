import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRng } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import { createVideoLlm, REQUIRED_TOKENS, saveVideoLlm, trainByteLevelBpe } from "@videosafety/video-llm";
import { greyPng } from "./guard-fixtures.js";

/** Writes a VideoLLaMA3 of two layers with alarm tokens that hold something. Its heads say nothing sensible, but always the same. */
export async function writeTinyCheckpoint(directory: string, seed = 1): Promise<void> {
  const texts = ["system user assistant Time 0.0s: 1.0s, what happens here? a person walks a dog in the park. yes no"];
  const model = createVideoLlm({
    config: {
      ...{ hiddenSize: 32, intermediateSize: 48, layers: 2, heads: 4, keyValueHeads: 2, maxPositions: 512 },
      vision: { hiddenSize: 24, intermediateSize: 40, layers: 2, heads: 2, patchSize: 4 },
    },
    tokenizer: { tokenizer: trainByteLevelBpe({ texts, vocabularySize: 280, specialTokens: REQUIRED_TOKENS }) },
    preprocessor: { minTokens: 1, maxTokens: 256 },
    seed,
  });
  const rng = createRng(seed + 100);
  for (const { data } of model.tensors.values())
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 0.15 * rng.normal();
  model.parametersChanged();
  await saveVideoLlm(model, directory);
}

/** Labelled items over pictures and folders of pictures, which are videos: written with their media, harm symbolic. */
export async function writeTinyItems(
  folder: string,
  { safe, harmful }: { safe: number; harmful: number },
): Promise<string> {
  const lines: string[] = [];
  for (let i = 0; i < safe + harmful; i++) {
    const bad = i >= safe;
    const path = i % 3 === 0 ? `clip-${i}` : `picture-${i}.png`;
    if (i % 3 === 0) {
      await mkdir(join(folder, path), { recursive: true });
      for (let t = 0; t < 2; t++) await writeFile(join(folder, path, `${t}.png`), greyPng((i * 7 + t) % 250, 16));
    } else await writeFile(join(folder, path), greyPng((i * 7) % 250, 16));
    const item: EvalItem = {
      id: `item-${i}`,
      subset: bad ? "HH" : "SafeQ",
      query: bad ? `the request ${i}` : `what happens here ${i}?`,
      video: i % 10 === 9 ? null : { path },
      ...{ category: null, subcategory: null, language: "en", split: "calibration" },
      labels: { visual: bad ? 1 : 0, textual: bad ? 1 : 0 },
    };
    lines.push(JSON.stringify(item));
  }
  const file = join(folder, "items.jsonl");
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}
