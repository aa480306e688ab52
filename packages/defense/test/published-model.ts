import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ALARM_TENSOR_NAMES, ALARM_TOKENS } from "@videosafety/alarm-tokens";
import { readSafetensors, writeShardedSafetensors } from "@videosafety/onnx-autodiff";
import { parseCheckpointConfig, saveVideoLlm } from "@videosafety/video-llm";
import { type TinyFamily, tinyModel } from "./tiny-model.js";

/**
 * A tiny checkpoint as models are published: bfloat16 in shards with an index, a configuration that leaves out what has its usual
 * value, tokenizer and chat template, and nothing of alarm tokens.
 */
export async function writePublishedModel(directory: string, family: TinyFamily): Promise<void> {
  await mkdir(directory, { recursive: true });
  await saveVideoLlm(tinyModel(family), directory, { dtype: "bfloat16" });
  const weights = join(directory, "model.safetensors");
  const { tensors } = await readSafetensors(weights);
  for (const name of Object.values(ALARM_TENSOR_NAMES)) tensors.delete(name);
  await rm(weights);
  await writeShardedSafetensors(join(directory, "model.safetensors.index.json"), tensors, { maxShardBytes: 30_000 });
  await change(directory, "config.json", sparse);
  const isAlarm = (text: unknown) => (ALARM_TOKENS as readonly unknown[]).includes(text);
  await change(directory, "tokenizer.json", (tokenizer) => ({
    ...tokenizer,
    added_tokens: (tokenizer.added_tokens as { content: string }[]).filter(({ content }) => !isAlarm(content)),
  }));
}

type Json = Record<string, unknown>;

async function change(directory: string, name: string, how: (value: Json) => Json): Promise<void> {
  const path = join(directory, name);
  await writeFile(path, JSON.stringify(how(JSON.parse(await readFile(path, "utf8")))));
}

/** Without the members that change nothing when they are left out. */
function sparse(config: Json): Json {
  const meaning = (value: Json): string => JSON.stringify(parseCheckpointConfig(value));
  const whole = meaning(config);
  let kept = config;
  for (const key of Object.keys(config)) {
    const { [key]: _, ...rest } = kept;
    try {
      if (meaning(rest) === whole) kept = rest;
    } catch {
      // needed
    }
  }
  return kept;
}
