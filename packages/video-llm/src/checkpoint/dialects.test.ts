import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FormulaCheckpoint, formulaCheckpoint, pixels } from "../../test/formula-weights.js";
import { worst } from "../../test/worst.js";
import { loadVideoLlm, parseCheckpointConfig, saveVideoLlm, type VideoLlm, type VideoLlmConfig } from "../index.js";

interface Case extends FormulaCheckpoint {
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

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "video-llm-dialects-"));
});
afterAll(() => rm(root, { recursive: true }));

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
    const directory = await formulaCheckpoint(root, golden_);
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
