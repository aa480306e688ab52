import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  float32ToBfloat16,
  type TensorToStore,
  writeSafetensors,
  writeShardedSafetensors,
} from "@videosafety/onnx-autodiff";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  loadVideoLlm,
  parameterSpecs,
  parseCheckpointConfig,
  saveVideoLlm,
  trainByteLevelBpe,
  type VideoLlm,
  type VideoLlmConfig,
} from "../index.js";
import { PROMPT_CONVENTIONS } from "../prompt/conventions.js";

interface Case {
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly dtype: "float32" | "bfloat16";
  readonly shards: number;
  readonly logits: number[];
  readonly greedy: number[];
  readonly frames?: [number, number, number];
  readonly embeddings?: number[];
  /** Of the first frame as an image. */
  readonly imageEmbeddings?: number[];
}
/** What tools/golden/video-llm-dialects.py writes. */
interface Golden {
  readonly textIds: number[];
  readonly cases: Case[];
  readonly published: Record<
    string,
    { config: unknown; resolved: Record<string, unknown> & { vision: Record<string, unknown> } }
  >;
}
const golden: Golden = JSON.parse(
  await readFile(fileURLToPath(new URL("../../test/golden/dialects.json", import.meta.url)), "utf8"),
);

/** The generator's weights: a fraction of a large multiple of a sine. */
function weight(name: string, dims: readonly number[]): Float32Array {
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
        ? 1
        : name.includes("embed") && dims.length === 2
          ? 0.3
          : 3 / Math.sqrt(rest);
  return Float32Array.from({ length: (dims[0] as number) * rest }, (_, i) => {
    const x = Math.sin(i * 12.9898 + seed * 78.233) * 43758.5453;
    return ((x - Math.floor(x)) * 2 - 1) * scale + (isNorm ? 1 : 0);
  });
}

/** The generator's frames. */
function pixels([count, height, width]: readonly [number, number, number]) {
  const data = new Uint8Array(count * height * width * 3);
  let i = 0;
  for (let t = 0; t < count; t++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) data[i++] = (x * 7 + y * 13 + t * 31 + c * 53 + ((x * y) % 17)) % 256;
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

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "video-llm-dialects-"));
});
afterAll(() => rm(root, { recursive: true }));

async function checkpointOf({ config, dtype, shards, name }: Case): Promise<string> {
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
      size: { shortest_edge: 64, longest_edge: 65536 },
    };
    await writeFile(join(directory, "preprocessor_config.json"), JSON.stringify(half));
    await writeFile(join(directory, "video_preprocessor_config.json"), JSON.stringify(half));
  } else
    await writeFile(join(directory, "preprocessor_config.json"), JSON.stringify({ min_tokens: 1, max_tokens: 999 }));
  return directory;
}

const worst = (found: ArrayLike<number>, expected: readonly number[]): number => {
  expect(found.length).toBe(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs((found[i] as number) - value)), 0);
};

async function check(model: VideoLlm, golden: Case, textIds: readonly number[]): Promise<void> {
  const prompt = (tokenIds: readonly number[]) => ({
    tokenIds: Int32Array.from(tokenIds),
    visual: [],
    visualPositions: new Int32Array(0),
    alarmPositions: null,
    alarms: null,
  });
  const [logits] = await model.logits([
    { prompt: prompt(textIds.slice(0, -1)) as never, completionIds: Int32Array.of(textIds.at(-1) as number, 0) },
  ]);
  // The table has grown for the alarm tokens: the rows of the published vocabulary come first.
  const width = model.config.vocabularySize;
  const own = golden.logits.length / 2;
  const found = [0, 1].flatMap((row) => Array.from((logits as Float32Array).subarray(row * width, row * width + own)));
  expect(worst(found, golden.logits)).toBeLessThan(1e-4);
  const [[completion] = []] = await model.generate([prompt(textIds) as never], {
    maxCompletionLength: golden.greedy.length,
    temperature: 0,
  });
  expect(Array.from(completion?.tokenIds ?? [])).toEqual(golden.greedy);
  if (golden.frames === undefined) return;
  const embeddings = async (frames: [number, number, number], kind: "image" | "video"): Promise<number[]> => {
    const features = await model.encodeVideo(pixels(frames), { kind });
    const values = await model.visualEmbeddings(features);
    const width = values.length / features.keptTokens.length;
    return Array.from(values).filter((_, i) => (i % width) % 3 === 0);
  };
  const [, height, columns] = golden.frames;
  expect(worst(await embeddings(golden.frames, "video"), golden.embeddings as number[])).toBeLessThan(1e-4);
  if (golden.imageEmbeddings === undefined) return;
  expect(worst(await embeddings([1, height, columns], "image"), golden.imageEmbeddings)).toBeLessThan(1e-4);
}

describe("transformers' logits, greedy tokens and visual embeddings", () => {
  test.each(golden.cases)("$name", async (golden_) => {
    const directory = await checkpointOf(golden_);
    const model = await loadVideoLlm(directory);
    await check(model, golden_, golden.textIds);
    const again = join(root, `saved-${directory.slice(-6)}`);
    await saveVideoLlm(model, again);
    const { config } = parseCheckpointConfig(JSON.parse(await readFile(join(again, "config.json"), "utf8")));
    expect(config).toEqual(model.config);
    await model.dispose();
  });
});

describe("keys that published files leave out", () => {
  const visionOf = (vision: VideoLlmConfig["vision"], family: VideoLlmConfig["family"]): Record<string, unknown> => ({
    [family === "qwen2-vl" ? "embed_dim" : "hidden_size"]: vision.hiddenSize,
    ...(family === "qwen2-vl"
      ? { mlp_ratio: vision.intermediateSize / vision.hiddenSize }
      : { intermediate_size: vision.intermediateSize }),
    [family.startsWith("qwen") ? "depth" : "num_hidden_layers"]: vision.layers,
    [family.startsWith("qwen") ? "num_heads" : "num_attention_heads"]: vision.heads,
    patch_size: vision.patchSize,
    hidden_act: vision.activation,
  });

  test.each(Object.entries(golden.published))("%s is resolved as by transformers", (_, { config, resolved }) => {
    const { vision, family, ...sizes } = parseCheckpointConfig(config).config;
    const { vision: expectedVision, ...expected } = resolved;
    expect(sizes).toMatchObject(expected);
    const found = visionOf(vision, family);
    expect(expectedVision).toMatchObject(found);
    if (family === "smolvlm2") expect(vision.imageSize).toBe(expectedVision.image_size);
  });
});
