import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  float32ToBfloat16,
  type TensorToStore,
  writeSafetensors,
  writeShardedSafetensors,
} from "@videosafety/onnx-autodiff";
import { parameterSpecs, parseCheckpointConfig, trainByteLevelBpe } from "../src/index.js";
import { PROMPT_CONVENTIONS } from "../src/prompt/conventions.js";

/** A checkpoint that a generator describes: its weights are `weight` of their names. */
export interface FormulaCheckpoint {
  readonly name: string;
  /** config.json. */
  readonly config: Record<string, unknown>;
  readonly dtype: "float32" | "bfloat16";
  readonly shards: number;
}

/** tools/golden/video_llm_weights.py's weights: a fraction of a large multiple of a sine. */
export function weight(name: string, dims: readonly number[]): Float32Array {
  let seed = 0;
  for (let i = 0; i < name.length; i++) seed += name.charCodeAt(i) * (i + 1);
  seed %= 997;
  const rest = dims.slice(1).reduce((a, b) => a * b, 1);
  const isNorm = (name.includes("norm") && name.endsWith("weight")) || name.includes("ln_q.weight");
  const isTable = name.includes("embed_tokens") || name.includes("lm_head");
  const scale = isNorm
    ? 0.2
    : dims.length === 1
      ? 0.1
      : isTable
        ? Math.min(1, 8 / Math.sqrt(rest))
        : name.includes("embed") && dims.length === 2
          ? 0.3
          : 3 / Math.sqrt(rest);
  const values = new Float32Array((dims[0] as number) * rest);
  for (let i = 0; i < values.length; i++) {
    const x = Math.sin(i * 12.9898 + seed * 78.233) * 43758.5453;
    values[i] = ((x - Math.floor(x)) * 2 - 1) * scale + (isNorm ? 1 : 0);
  }
  return values;
}

/** Its frames; with `halves`, the left half of a frame repeats the one before, as in tools/golden/video-llm-authors.py. */
export function pixels([count, height, width]: readonly [number, number, number], { halves = false } = {}) {
  const data = new Uint8Array(count * height * width * 3);
  let i = 0;
  for (let t = 0; t < count; t++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++, i++) {
          const repeats = halves && t > 0 && x < Math.floor(width / 2);
          data[i] = repeats
            ? (data[i - height * width * 3] as number)
            : (x * 7 + y * 13 + t * 31 + c * 53 + ((x * y) % 17)) % 256;
        }
  const dims: [number, number, number, number] = [count, height, width, 3];
  return { frames: { data, dims }, timestampsSeconds: Float64Array.from({ length: count }, (_, t) => t) };
}

const specialTokens = [
  ...new Set(
    Object.values(PROMPT_CONVENTIONS).flatMap(({ image, video, turnEnd, markers }) => [
      "<|endoftext|>",
      "<|im_start|>",
      turnEnd,
      image,
      ...(video === undefined ? [] : [video]),
      ...markers,
    ]),
  ),
];
const tokenizer = trainByteLevelBpe({ texts: ["User: what happens"], vocabularySize: 260, specialTokens });

/** Writes the checkpoint into a new directory below `root`. */
export async function formulaCheckpoint(root: string, checkpoint: FormulaCheckpoint): Promise<string> {
  const { config, dtype, shards, name } = checkpoint;
  const directory = await mkdtemp(join(root, "case-"));
  const sizes = parseCheckpointConfig(config).config;
  const stored = new Map<string, TensorToStore>();
  for (const { name: tensor, dims, optional } of parameterSpecs(sizes)) {
    if (optional) continue;
    const data = weight(tensor, dims);
    stored.set(tensor, dtype === "float32" ? { data, dims } : { data: float32ToBfloat16(data), dims, dtype });
  }
  if (shards === 1) await writeSafetensors(join(directory, "model.safetensors"), stored, { format: "pt" });
  else
    await writeShardedSafetensors(join(directory, "model.safetensors.index.json"), stored, { maxShardBytes: 2 ** 14 });
  // A byte order mark, as some editors leave it.
  const mark = name.includes("old name") ? "\u{feff}" : "";
  await writeFile(join(directory, "config.json"), mark + JSON.stringify(config));
  await writeFile(join(directory, "tokenizer.json"), JSON.stringify(tokenizer));
  const family = sizes.family;
  if (family.startsWith("qwen")) {
    const half = {
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
      size: { shortest_edge: 64, longest_edge: 2 ** 24 },
    };
    await writeFile(join(directory, "preprocessor_config.json"), JSON.stringify(half));
    await writeFile(join(directory, "video_preprocessor_config.json"), JSON.stringify(half));
  } else
    await writeFile(join(directory, "preprocessor_config.json"), JSON.stringify({ min_tokens: 1, max_tokens: 999 }));
  return directory;
}
