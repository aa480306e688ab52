import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createRng,
  createSession,
  Graph,
  readSafetensors,
  type Value,
  writeSafetensors,
} from "@videosafety/onnx-autodiff";
import { qwenVlImageSize, qwenVlPatchify } from "@videosafety/video-sampler";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkGradients } from "../../test/check-gradients.js";
import { noiseVideo, TINY, temporaryDirectories, tinyQwen } from "../../test/tiny.js";
import { parseQwenVlPreprocessor } from "../checkpoint/preprocessor/qwen-vl.js";
import { resolveConfig } from "../config/config.js";
import { frameAttention } from "../graph/frame-attention.js";
import { buildAtSftGraph } from "../graph/training-graphs.js";
import { windowLayout } from "../graph/window-layout.js";
import {
  loadAdapter,
  loadVideoLlm,
  parameterSpecs,
  parseCheckpointConfig,
  saveVideoLlm,
  type VideoLlm,
} from "../index.js";
import { collate } from "../passes/batch.js";
import { rotaryPositions, rotaryTables3d } from "../prompt/rotary-positions.js";
import { ParameterStore } from "../weights/parameter-store.js";
import { qwenVlPatches, qwenVlSize } from "./qwen-vl-patches.js";
import { QWEN_VL_PREPROCESSOR } from "./qwen-vl-published.js";

const FAMILIES = ["qwen2-vl", "qwen2.5-vl", "qwen3-vl"] as const;
const GROUPS = ["llm", "alarmTokens", "classifiers", "projector", "visionEncoder"] as const;

const temporary = temporaryDirectories();

const user = (content: string) => ({ messages: [{ role: "user", content } as const] });
async function ask(model: VideoLlm, text: string, frames: number, seed = 1) {
  const visual = frames === 0 ? null : await model.encodeVideo(noiseVideo(frames, 24, 40, seed));
  return model.preparePrompt({ ...user(text), visual });
}
const full = resolveConfig({
  family: "qwen2.5-vl",
  vocabularySize: 8,
  hiddenSize: 256,
  intermediateSize: 8,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  vision: { hiddenSize: 16, intermediateSize: 8, layers: 1, heads: 2, fullAttentionLayers: [0] },
});

describe("the published configs", () => {
  const vision = {
    depth: 32,
    num_heads: 16,
    in_chans: 3,
    patch_size: 14,
    spatial_merge_size: 2,
    temporal_patch_size: 2,
  };
  const first = (width: number) => ({ ...vision, embed_dim: 1280, hidden_size: width, mlp_ratio: 4 });
  const second = (width: number) => ({
    ...vision,
    hidden_act: "silu",
    hidden_size: 1280,
    intermediate_size: 3420,
    out_hidden_size: width,
    window_size: 112,
    fullatt_block_indexes: [7, 15, 23, 31],
    tokens_per_second: 2,
  });
  const language = (
    hidden_size: number,
    intermediate_size: number,
    num_hidden_layers: number,
    heads: [number, number],
  ) => ({
    hidden_size,
    intermediate_size,
    num_hidden_layers,
    num_attention_heads: heads[0],
    num_key_value_heads: heads[1],
    vocab_size: 151_936,
    tie_word_embeddings: true,
    rope_theta: 1e6,
    rope_scaling: { type: "mrope", mrope_section: [16, 24, 24] },
    use_sliding_window: false,
  });
  const untied = { vocab_size: 152_064, tie_word_embeddings: false };

  test.each([
    ["Qwen2-VL-2B", "qwen2_vl", language(1536, 8960, 28, [12, 2]), first(1536), 2_208_985_600],
    ["Qwen2-VL-7B", "qwen2_vl", { ...language(3584, 18_944, 28, [28, 4]), ...untied }, first(3584), 8_291_375_616],
    ["Qwen2.5-VL-3B", "qwen2_5_vl", language(2048, 11_008, 36, [16, 2]), second(2048), 3_754_622_976],
    ["Qwen2.5-VL-7B", "qwen2_5_vl", { ...language(3584, 18_944, 28, [28, 4]), ...untied }, second(3584), 8_292_166_656],
  ])("%s has the published number of parameters, flat and nested", (_, model_type, text, vision_config, count) => {
    for (const json of [
      { model_type, ...text, vision_config },
      { model_type, text_config: text, vision_config },
    ]) {
      const { config } = parseCheckpointConfig(json);
      expect(config.mropeSections).toEqual([16, 24, 24]);
      const own = parameterSpecs(config).filter(({ optional }) => !optional);
      expect(own.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0)).toBe(count);
    }
  });
});

describe("windows", () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 30 }),
    columns: fc.integer({ min: 1, max: 30 }),
    side: fc.integer({ min: 1, max: 8 }),
  });

  test("hold each token once, and only tokens of one square", () => {
    fc.assert(
      fc.property(sizes, ({ rows, columns, side }) => {
        const { order, runs } = windowLayout(rows, columns, side);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: rows * columns }, (_, i) => i));
        let next = 0;
        for (const { windows, tokens } of runs) {
          for (let w = 0; w < windows; w++) {
            const squares = Array.from(order.subarray(next, next + tokens), (token) => {
              return `${Math.floor(Math.floor(token / columns) / side)},${Math.floor((token % columns) / side)}`;
            });
            expect(new Set(squares).size).toBe(1);
            next += tokens;
          }
        }
        expect(next).toBe(rows * columns);
        expect(runs.reduce((sum, { windows }) => sum + windows, 0)).toBe(
          Math.ceil(rows / side) * Math.ceil(columns / side),
        );
        expect(runs.length).toBeLessThanOrEqual(4);
      }),
    );
  });
});

test("attention in chunks of queries is attention", async () => {
  const rng = createRng(3);
  const dims = [2, 7, 8];
  const feeds = Object.fromEntries(
    ["q", "k", "v"].map((name) => [name, Float32Array.from({ length: 2 * 7 * 8 }, () => rng.normal())]),
  );
  const run = async (scoresAtATime: number): Promise<number[]> => {
    const graph = new Graph();
    const [q, k, v] = ["q", "k", "v"].map((name) => graph.input(name, "float32", dims)) as [Value, Value, Value];
    graph.output("y", frameAttention(q, k, v, 2, scoresAtATime));
    const session = await createSession(graph);
    const { y } = await session.run(feeds);
    await session.dispose();
    return Array.from(y?.data as Float32Array);
  };
  const whole = await run(1e6);
  for (const limit of [1, 2 * 2 * 7, 2 * 2 * 7 * 3]) {
    const chunked = await run(limit); // 1, 1 and 3 queries at a time
    chunked.forEach((value, i) => {
      expect(Math.abs(value - (whole[i] as number))).toBeLessThan(1e-6);
    });
  }
});

describe("positions", () => {
  /** A prompt of `before` text tokens, a video of [T, h, w] merged tokens, and `after` text tokens. */
  const around = (
    before: number,
    [T, h, w]: readonly [number, number, number],
    after: number,
    secondsPerGrid: number,
  ) => {
    const count = T * h * w;
    const features = {
      kind: "video" as const,
      grid: [T, 2 * h, 2 * w] as const,
      mergeSize: 2,
      keptTokens: Int32Array.from({ length: count }, (_, i) => i),
      secondsPerGrid,
    };
    return {
      tokenIds: new Int32Array(before + count + after),
      visual: [features as never],
      visualPositions: Int32Array.from({ length: count }, (_, i) => before + i),
    };
  };

  test("the example of transformers' documentation: 25 tokens a second, pairs of frames at 1 frame a second", () => {
    const config = { ...full, vision: { ...full.vision, tokensPerSecond: 25 } };
    const { ids, next } = rotaryPositions(around(0, [3, 2, 2], 5, 2), config);
    expect([...ids.subarray(0, 17)]).toEqual([0, 0, 0, 0, 50, 50, 50, 50, 100, 100, 100, 100, 101, 102, 103, 104, 105]);
    expect([...ids.subarray(17, 34)]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 101, 102, 103, 104, 105]);
    expect([...ids.subarray(34)]).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 101, 102, 103, 104, 105]);
    expect(next).toBe(106);
  });

  test("Qwen2-VL counts pairs of frames whatever their distance; times of 2.5 are cut, not rounded", () => {
    const times = (family: "qwen2-vl" | "qwen2.5-vl", seconds: number) =>
      Array.from(rotaryPositions(around(3, [4, 1, 1], 0, seconds), { ...full, family }).ids.subarray(3, 7));
    expect(times("qwen2-vl", 7)).toEqual([3, 4, 5, 6]);
    expect(times("qwen2.5-vl", 0.99)).toEqual([3, 4, 6, 8]);
  });

  test("equal positions turn as in one dimension", () => {
    const positions = [0, 1, 5, 100];
    const { cos } = rotaryTables3d([...positions, ...positions, ...positions], full);
    const half = full.headSize / 2;
    positions.forEach((p, i) => {
      for (let j = 0; j < half; j++)
        expect(cos[i * half + j]).toBeCloseTo(Math.cos(p * full.ropeTheta ** (-j / half)), 6);
    });
  });
});

describe("patches", () => {
  test("of published sizes are video-sampler's, which transformers' processor checks", () => {
    for (const frames of [1, 2, 3]) {
      const { frames: rgb } = noiseVideo(frames, 280, 420);
      const expected = qwenVlPatchify(rgb);
      const found = qwenVlPatches(rgb, "video", full, { ...QWEN_VL_PREPROCESSOR });
      expect(found.grid_sizes.data).toEqual(expected.video_grid_thw.data);
      expect(found.pixel_values.dims).toEqual(expected.pixel_values_videos.dims);
      const bytes = ({ buffer }: Float32Array) => Buffer.from(buffer);
      expect(bytes(found.pixel_values.data).equals(bytes(expected.pixel_values_videos.data))).toBe(true);
    }
  });

  test("sizes of videos are video-sampler's", () => {
    const side = fc.integer({ min: 20, max: 2400 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 768 }), (height, width, frames) => {
        const found = qwenVlSize({ height, width }, frames, "video", full, QWEN_VL_PREPROCESSOR);
        expect(found).toEqual(qwenVlImageSize({ height, width }, frames));
      }),
    );
  });

  test("an image keeps its own limits", () => {
    const size = (height: number, width: number) =>
      qwenVlSize({ height, width }, 1, "image", full, QWEN_VL_PREPROCESSOR);
    expect(size(20, 20)).toEqual({ height: 56, width: 56 });
    expect(size(1080, 1920)).toEqual({ height: 1092, width: 1932 });
  });
});

describe.each(FAMILIES)("%s", (family) => {
  test("gradients of every tensor agree with central differences in float64", async () => {
    const model = tinyQwen(family);
    const samples = [
      model.prepareSample({
        prompt: await ask(model, "what happens?", 3),
        completion: "a dog",
        labels: { visual: 1, textual: 0 },
      }),
      model.prepareSample({ prompt: await ask(model, "text", 0), completion: "no", labels: { visual: 0, textual: 1 } }),
    ];
    const store = new ParameterStore(model.tensors);
    const names = [...store.select([...GROUPS]).keys()];
    const batch = collate(samples, 80, model.config, { embeddings: null });
    const context = { config: model.config, store, shape: batch.shape, dtype: "float64" as const };
    const worst = await checkGradients(buildAtSftGraph(context, batch.lossRows, names), store, {
      ...batch.feeds,
      token_weights: new Float32Array(batch.lossRows).fill(
        1,
        0,
        batch.counts.reduce((a, b) => a + b, 0),
      ),
      token_normalizer: Float32Array.of(5),
      visual_normalizer: Float32Array.of(2),
      textual_normalizer: Float32Array.of(2),
      lambda_visual: Float32Array.of(0.5),
      lambda_textual: Float32Array.of(0.25),
      visual_labels: Float32Array.of(1, 0),
      textual_labels: Float32Array.of(0, 1),
      visual_label_mask: Float32Array.of(1, 1),
      textual_label_mask: Float32Array.of(1, 1),
    });
    expect(worst).toBeLessThan(1e-4);
  });

  test("alarm tokens find their places, and steps down the gradient lower the loss in every group", async () => {
    const model = tinyQwen(family);
    const prompt = await ask(model, "what happens?", 3);
    const positions = prompt.alarmPositions as { visual: number; textual: number };
    expect(positions.visual - 1).toBe(prompt.visualPositions.at(-1));
    expect(prompt.tokenIds[positions.visual - 1]).toBe(model.tokenizer.videoId);
    expect(prompt.tokenIds[positions.textual + 1]).toBe(model.tokenizer.turnEndId);
    const sample = model.prepareSample({ prompt, completion: "yes", labels: { visual: 1, textual: 1 } });
    const options = { groups: GROUPS, lambdaVisual: 0.1, lambdaTextual: 0.1 };
    const before = await model.atSftGradients([sample], options);
    for (const [name, { data }] of model.trainableParameters(GROUPS)) {
      const gradient = before.gradients.get(name) as Float32Array;
      const moves = gradient.some((value) => value !== 0) || name.includes("k_proj.bias"); // softmax ignores a shift of all keys
      expect([name, moves]).toEqual([name, true]);
      for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) - 1e-3 * (gradient[i] as number);
    }
    model.parametersChanged();
    expect((await model.atSftGradients([sample], options)).loss).toBeLessThan(before.loss);
  });

  test("log-probabilities of rollouts are those of whole passes, with adapters and in one batch of unlike prompts", async () => {
    const model = tinyQwen(family);
    model.addLora({ rank: 2, alpha: 4 });
    const rng = createRng(5);
    for (const { data } of model.trainableParameters(["lora"]).values())
      for (let i = 0; i < data.length; i++) data[i] = 0.1 * rng.normal();
    model.parametersChanged();
    const prompts = [
      await ask(model, "what happens?", 5),
      await ask(model, "a dog", 1, 2),
      await ask(model, "text", 0),
    ];
    const policy = model.policy({ groups: ["lora"] });
    const options = { numGenerations: 3, maxCompletionLength: 6, temperature: 1, seed: 4 };
    const groups = await policy.generate(prompts, options);
    const completions = groups.flatMap((group, i) =>
      group.map((own) => ({ ...own, prompt: prompts[i] as (typeof prompts)[0] })),
    );
    const scored = await policy.logProbs(completions, { model: "policy" });
    completions.forEach(({ logProbs }, i) => {
      logProbs.forEach((value, t) => {
        expect(Math.abs(value - (scored[i]?.[t] as number))).toBeLessThan(1e-5);
      });
    });
  });

  const layouts = family === "qwen3-vl" ? (["huggingface"] as const) : (["original", "huggingface"] as const);
  test.each(layouts)("comes back from a checkpoint in the %s layout", async (naming) => {
    const model = tinyQwen(family);
    const directory = await temporary();
    await saveVideoLlm(model, directory, { naming });
    const again = await loadVideoLlm(directory);
    expect([again.config, again.preprocessor, again.naming]).toEqual([model.config, model.preprocessor, naming]);
    for (const [name, { data }] of model.tensors) expect(again.tensors.get(name)?.data).toEqual(data);
    const { tensors } = await readSafetensors(directory);
    const prefix = naming === "original" ? "visual.blocks.0." : "model.visual.blocks.0.";
    expect([...tensors.keys()].some((name) => name.startsWith(prefix))).toBe(true);
  });

  test("a base of 8 or 4 bits answers nearly alike and trains adapters", async () => {
    const vision = { hiddenSize: 32, intermediateSize: 64, layers: 1, heads: 2, patchSize: 4 };
    const whole = tinyQwen(family, { intermediateSize: 64, vision });
    const directory = await temporary();
    await saveVideoLlm(whole, directory);
    const sampleOf = async (model: VideoLlm) =>
      model.prepareSample({ prompt: await ask(model, "what happens?", 3), completion: "a dog" });
    const logitsOf = async (model: VideoLlm) => (await model.logits([await sampleOf(model)]))[0] as Float32Array;
    const exact = await logitsOf(whole);
    const scale = Math.max(...exact.map(Math.abs));
    for (const [precision, tolerance] of [
      ["int8", 0.05],
      ["int4", 0.5],
    ] as const) {
      const model = await loadVideoLlm(directory, {
        precision,
        blockSize: 16,
        cacheDirectory: join(directory, precision),
      });
      const found = await logitsOf(model);
      const error = Math.max(...found.map((value, i) => Math.abs(value - (exact[i] as number)))) / scale;
      expect(error).toBeGreaterThan(1e-6);
      expect(error).toBeLessThan(tolerance);
      model.addLora({ rank: 2, alpha: 4 });
      const options = { groups: ["lora"] as const, lambdaVisual: 0, lambdaTextual: 0 };
      const before = await model.atSftGradients([await sampleOf(model)], options);
      for (const [name, { data }] of model.trainableParameters(["lora"]))
        for (let i = 0; i < data.length; i++)
          data[i] = (data[i] as number) - 1e-2 * (before.gradients.get(name)?.[i] as number);
      model.parametersChanged();
      expect((await model.atSftGradients([await sampleOf(model)], options)).loss).toBeLessThan(before.loss);
      await model.dispose();
    }
  });

  test("adapters come back by themselves", async () => {
    const model = tinyQwen(family);
    model.addLora({ rank: 2, alpha: 4 });
    for (const { data } of model.trainableParameters(["lora"]).values()) data.fill(0.05);
    model.parametersChanged();
    const directory = await temporary();
    await saveVideoLlm(model, directory, { adapterOnly: true, naming: "huggingface" });
    const again = tinyQwen(family);
    await loadAdapter(again, directory);
    for (const [name, { data }] of model.trainableParameters(["lora"]))
      expect(again.tensors.get(name)?.data).toEqual(data);
  });
});

describe("refuses", () => {
  const golden = fileURLToPath(new URL("../../test/golden/qwen2.5-vl", import.meta.url));
  type Tensors = Map<string, { data: Float32Array; dims: readonly number[] }>;
  async function damaged(change: (tensors: Tensors) => void): Promise<string> {
    const directory = await temporary();
    await cp(golden, directory, { recursive: true });
    const { tensors } = await readSafetensors(golden);
    change(tensors as never);
    await writeSafetensors(join(directory, "model.safetensors"), tensors);
    return directory;
  }

  test("checkpoints with missing, extra or misshapen tensors", async () => {
    const name = "visual.merger.ln_q.weight";
    await expect(damaged((tensors) => tensors.delete(name)).then((d) => loadVideoLlm(d))).rejects.toMatchObject({
      code: "missing-tensor",
      place: { tensor: name },
    });
    const bias = { data: new Float32Array(24), dims: [24] };
    const stranger = "visual.merger.ln_q.bias"; // Qwen2-VL's, with a config of Qwen2.5-VL
    await expect(damaged((tensors) => tensors.set(stranger, bias)).then((d) => loadVideoLlm(d))).rejects.toMatchObject({
      code: "extra-tensor",
      place: { tensor: stranger },
    });
    const short = { data: new Float32Array(20), dims: [20] };
    await expect(damaged((tensors) => tensors.set(name, short)).then((d) => loadVideoLlm(d))).rejects.toThrow(
      /ln_q\.weight: config\.json expects \[24\], found \[20\]/,
    );
  });

  test("configs that contradict themselves, or ask for what is not there", async () => {
    const config = JSON.parse(await readFile(join(golden, "config.json"), "utf8"));
    const { text_config: text, vision_config: vision } = config;
    const rope = text.rope_parameters;
    const cases: [object, RegExp][] = [
      [
        { ...config, vision_config: { ...vision, out_hidden_size: 40 } },
        /merges to 40 features for a decoder of hidden_size 32/,
      ],
      [{ ...config, vision_config: { ...vision, window_size: 4 } }, /at least one merged token, 8 pixels/],
      [{ ...config, vision_config: { ...vision, hidden_act: "mish" } }, /activation of silu.*found mish/],
      [{ ...config, vision_config: undefined }, /merges to 3584 features/],
      [
        { ...config, text_config: { ...text, rope_parameters: { ...rope, mrope_section: [16, 24, 24] } } },
        /sum to headSize \/ 2 = 8, found 16 \+ 24 \+ 24/,
      ],
      [
        { ...config, text_config: { ...text, rope_parameters: { ...rope, rope_type: "longrope" } } },
        /RoPE of type longrope, which is not computed/,
      ],
      [
        {
          ...config,
          text_config: {
            ...text,
            use_sliding_window: true,
            sliding_window: 8,
            max_window_layers: 0,
            layer_types: null,
          },
        },
        /use_sliding_window true from layer 0/,
      ],
    ];
    for (const [json, message] of cases) expect(() => parseCheckpointConfig(json)).toThrowError(message);
    const sizes = { patch_size: 14 };
    const { config: read } = parseCheckpointConfig(config);
    expect(() => parseQwenVlPreprocessor({ image: sizes, video: null, processor: null }, read)).toThrowError(
      /preprocessor_config\.json: expected patch_size 4 as config\.json has it, found 14/,
    );
    const nested = { image_processor: { size: { shortest_edge: 640, longest_edge: 1280 } } };
    const { minTokens, maxTokens } = parseQwenVlPreprocessor({ image: null, video: null, processor: nested }, read);
    expect([minTokens, maxTokens]).toEqual([10, 20]);
  });

  test("a tokenizer without Qwen's placeholders", async () => {
    const directory = await damaged(() => {});
    const file = join(directory, "tokenizer.json");
    const tokenizer = JSON.parse(await readFile(file, "utf8"));
    tokenizer.added_tokens = tokenizer.added_tokens.filter(
      ({ content }: { content: string }) => content !== "<|vision_end|>",
    );
    await writeFile(file, JSON.stringify(tokenizer));
    await expect(loadVideoLlm(directory)).rejects.toMatchObject({ code: "invalid-tokenizer" });
  });

  test("no frames, times that do not fit, images of several frames, slivers", async () => {
    const model = tinyQwen("qwen2.5-vl", { vision: { ...TINY.vision, fullAttentionLayers: [] } });
    const none = { data: new Uint8Array(0), dims: [0, 8, 8, 3] as const };
    await expect(model.encodeVideo({ frames: none, timestampsSeconds: [] })).rejects.toMatchObject({
      code: "empty-video",
    });
    const { frames } = noiseVideo(2, 16, 16);
    await expect(model.encodeVideo({ frames, timestampsSeconds: [0] })).rejects.toThrow(/expected 2 timestamps/);
    await expect(model.encodeVideo({ frames, timestampsSeconds: [0, 1] }, { kind: "image" })).rejects.toThrow(
      /one frame in an image/,
    );
    const sliver = noiseVideo(1, 1, 201);
    await expect(model.encodeVideo(sliver)).rejects.toMatchObject({ code: "frame-shape" });
  });
});
