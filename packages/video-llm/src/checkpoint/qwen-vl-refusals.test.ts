import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors, writeSafetensors } from "@videosafety/onnx-autodiff";
import { describe, expect, test } from "vitest";
import { noiseVideo, TINY, temporaryDirectories, tinyQwen } from "../../test/tiny.js";
import { loadVideoLlm, parseCheckpointConfig, type VideoLlm } from "../index.js";
import { parseQwenVlPreprocessor } from "./preprocessor/qwen-vl.js";

const _FAMILIES = ["qwen2-vl", "qwen2.5-vl", "qwen3-vl"] as const;
const _GROUPS = ["llm", "alarmTokens", "classifiers", "projector", "visionEncoder"] as const;

const temporary = temporaryDirectories();

const user = (content: string) => ({ messages: [{ role: "user", content } as const] });
async function _ask(model: VideoLlm, text: string, frames: number, seed = 1) {
  const visual = frames === 0 ? null : await model.encodeVideo(noiseVideo(frames, 24, 40, seed));
  return model.preparePrompt({ ...user(text), visual });
}
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
