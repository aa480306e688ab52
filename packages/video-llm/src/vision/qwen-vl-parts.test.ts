import { createRng, createSession, Graph, type Value } from "@videosafety/onnx-autodiff";
import { qwenVlImageSize, qwenVlPatchify } from "@videosafety/video-sampler";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noiseVideo, temporaryDirectories } from "../../test/tiny.js";
import { resolveConfig } from "../config/config.js";
import { frameAttention } from "../graph/vision/frame-attention.js";
import { windowLayout } from "../graph/vision/window-layout.js";
import { parameterSpecs, parseCheckpointConfig, type VideoLlm } from "../index.js";
import { rotaryPositions, rotaryTables3d } from "../prompt/rotary-positions.js";
import { qwenVlPatches, qwenVlSize } from "./qwen-vl-patches.js";
import { QWEN_VL_PREPROCESSOR } from "./qwen-vl-published.js";

const _FAMILIES = ["qwen2-vl", "qwen2.5-vl", "qwen3-vl"] as const;
const _GROUPS = ["llm", "alarmTokens", "classifiers", "projector", "visionEncoder"] as const;

const _temporary = temporaryDirectories();

const user = (content: string) => ({ messages: [{ role: "user", content } as const] });
async function _ask(model: VideoLlm, text: string, frames: number, seed = 1) {
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

  test("the example of transformers' documentation: 25 tokens per second, pairs of frames at 1 frame a second", () => {
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
