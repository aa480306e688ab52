import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors, writeSafetensors } from "@videosafety/onnx-autodiff";
import { describe, expect, test } from "vitest";
import { temporaryDirectories, tinyModel, tinyPrompt } from "../../../test/tiny.js";
import { worst } from "../../../test/worst.js";
import { loadAdapter, loadVideoLlm, saveVideoLlm, type VideoLlm } from "../../index.js";

/** What tools/golden/video-llm-adapters.py writes. */
interface Case {
  readonly checkpoint: string;
  readonly inputIds: number[];
  readonly logits: number[];
  readonly logitsOff: number[];
  readonly firstFrame?: number[];
}

const root = fileURLToPath(new URL("../../../test/golden", import.meta.url));
const adapters = join(root, "adapters");
const temporary = temporaryDirectories();
const { cases } = JSON.parse(await readFile(join(adapters, "adapters.json"), "utf8")) as {
  cases: Record<string, Case>;
};

/** Logits of the last two positions, read as if the last tokens were the completion. */
async function logitsOf(model: VideoLlm, { inputIds }: Case): Promise<Float32Array> {
  const prompt = model.preparePrompt({ messages: [{ role: "user", content: "a" }], alarmTokens: false });
  const cut = inputIds.length - 1;
  const head = { ...prompt, tokenIds: Int32Array.from(inputIds.slice(0, cut)) };
  const completionIds = Int32Array.from([...inputIds.slice(cut), 0]);
  return (await model.logits([{ prompt: head, completionIds }]))[0] as Float32Array;
}

describe.each(Object.entries(cases).filter(([name]) => !name.endsWith("dora")))("PEFT's adapter %s", (name, golden) => {
  test("gives PEFT's logits, comes back from a save, and merges", async () => {
    const base = join(root, golden.checkpoint);
    const model = await loadVideoLlm(base);
    expect(worst(await logitsOf(model, golden), golden.logitsOff)).toBeLessThan(1e-4);
    await loadAdapter(model, join(adapters, name));
    expect(worst(await logitsOf(model, golden), golden.logits)).toBeLessThan(1e-4);

    const directory = await temporary();
    for (const naming of ["huggingface", "original"] as const) {
      await saveVideoLlm(model, join(directory, naming), { adapterOnly: true, naming });
      const again = await loadVideoLlm(base);
      await loadAdapter(again, join(directory, naming));
      expect(again.lora).toEqual({ ...model.lora, merged: expect.any(Map) });
      for (const [tensor, { data }] of model.tensors)
        expect([tensor, again.tensors.get(tensor)?.data]).toEqual([tensor, data]);
    }
    await saveVideoLlm(model, join(directory, "merged"));
    const merged = await loadVideoLlm(join(directory, "merged"));
    expect(merged.lora).toBeNull();
    expect(worst(await logitsOf(merged, golden), golden.logits)).toBeLessThan(1e-4);
  });

  test("switched off, it is the reference of a policy", async () => {
    const model = await loadVideoLlm(join(root, golden.checkpoint));
    const prompt = await tinyPrompt(model, "a dog", { frames: 0, alarmTokens: false });
    const items = [{ prompt, tokenIds: Int32Array.of(5, 9, 11) }];
    const [before] = await model.policy({ groups: ["alarmTokens"] }).logProbs(items, { model: "policy" });
    await loadAdapter(model, join(adapters, name));
    const policy = model.policy({ groups: ["lora"] });
    const [on] = await policy.logProbs(items, { model: "policy" });
    const [off] = await policy.logProbs(items, { model: "reference" });
    expect(worst(off as Float64Array, before as Float64Array)).toBeLessThan(1e-5);
    expect(worst(on as Float64Array, off as Float64Array)).toBeGreaterThan(1e-3);
    const [snapshot] = await model
      .policy({ groups: ["lora"], reference: "snapshot" })
      .logProbs(items, { model: "reference" });
    expect(worst(snapshot as Float64Array, on as Float64Array)).toBeLessThan(1e-6);
  });
});

test("adapters of vision layers change the features, also of videos that were encoded before", async () => {
  const golden = cases["videollama3-q-v"] as Case;
  const directory = join(root, golden.checkpoint);
  const model = await loadVideoLlm(directory);
  const { frames, dims, timestampsSeconds } = JSON.parse(await readFile(join(directory, "golden.json"), "utf8"));
  const data = new Uint8Array(Buffer.from(frames, "base64"));
  const visual = await model.encodeVideo({ frames: { data, dims }, timestampsSeconds });
  const plain = (await model.visualEmbeddings(visual)).slice(0, golden.firstFrame?.length);
  await loadAdapter(model, join(adapters, "videollama3-q-v"));
  const adapted = (await model.visualEmbeddings(visual)).slice(0, golden.firstFrame?.length);
  expect(worst(adapted, golden.firstFrame as number[])).toBeLessThan(1e-4);
  expect(worst(plain, golden.firstFrame as number[])).toBeGreaterThan(0.01);
});

describe("refused before anything is written into the model", () => {
  const name = "qwen2-vl-patterns";
  const attempt = async (change: (directory: string) => Promise<void>, code: string, message: RegExp) => {
    const directory = await temporary();
    await cp(join(adapters, name), directory, { recursive: true });
    await change(directory);
    const model = await loadVideoLlm(join(root, "qwen2-vl"));
    const before = new Map(Array.from(model.tensors, ([tensor, { data }]) => [tensor, data.slice()]));
    await expect(loadAdapter(model, directory)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(model.lora).toBeNull();
    expect(new Map(Array.from(model.tensors, ([tensor, { data }]) => [tensor, data]))).toEqual(before);
  };
  const configured = (change: object) => async (directory: string) => {
    const file = join(directory, "adapter_config.json");
    const json = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, `\ufeff${JSON.stringify({ ...json, ...change })}`);
  };
  const restored = (change: (tensors: Map<string, { data: Float32Array; dims: readonly number[] }>) => void) => {
    return async (directory: string) => {
      const file = join(directory, "adapter_model.safetensors");
      const { tensors } = await readSafetensors(file);
      change(tensors as never);
      await writeSafetensors(file, tensors);
    };
  };

  test.each([
    [{ use_dora: true }, /use_dora true/],
    [{ peft_type: "IA3" }, /peft_type "IA3"/],
    [{ bias: "all" }, /bias "all"/],
    [{ init_lora_weights: "pissa" }, /"pissa", which changes the base/],
    [{ init_lora_weights: "lora_ga" }, /"lora_ga", which changes the base/],
    [{ layer_replication: [[0, 1]] }, /layer_replication/],
    [{ fan_in_fan_out: true }, /fan_in_fan_out/],
    [{ trainable_token_indices: [1] }, /trainable_token_indices/],
    [{ something_new: 2 }, /something_new 2/],
  ])("%o", async (change, message) => {
    await attempt(configured(change), "unsupported-adapter", message);
  });

  test.each([
    [{ r: 1_000_000 }, "wrong-shape", /expects \[1000000,\d+\], found \[2,\d+\]/],
    [{ r: 1e9 }, "wrong-shape", /found \[2,\d+\]/],
    [{ r: 0 }, "truncated", /Too small/],
    [{ lora_alpha: "8" }, "truncated", /lora_alpha/],
    [{ r: undefined }, "wrong-shape", /expects \[8,\d+\], found \[2,\d+\]/], // LoraConfig's own rank
    [{ rank_pattern: { "(": 2 } }, "truncated", /patterns of module names/],
    [{ rank_pattern: { "((.+)+)+!": 2 } }, "truncated", /stopped after 2 seconds/],
    [{ rank_pattern: [] }, "truncated", /rank_pattern/],
  ])("a config with %o", async (change, code, message) => {
    await attempt(configured(change), code, message);
  });

  test("damaged files and tensors that do not fit", async () => {
    const own = (text: string) => (directory: string) => writeFile(join(directory, "adapter_config.json"), text);
    await attempt(own("{"), "truncated", /syntax error/);
    await attempt(own("[]"), "truncated", /found a list/);
    await attempt((directory) => rm(join(directory, "adapter_config.json")), "missing-file", /save_pretrained/);
    const weights = (directory: string) => join(directory, "adapter_model.safetensors");
    await attempt((directory) => rm(weights(directory)), "missing-file", /found none/);
    await attempt((directory) => writeFile(weights(directory), "x"), "truncated", /adapter_model/);
    const pickle = async (directory: string) => {
      await rm(weights(directory));
      await writeFile(join(directory, "adapter_model.bin"), "x");
    };
    await attempt(pickle, "missing-file", /pickle/);
    const first = "base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight";
    await attempt(
      restored((tensors) => tensors.delete(first)),
      "missing-tensor",
      /q_proj\.lora_A/,
    );
    await attempt(
      restored((tensors) => tensors.clear()),
      "missing-tensor",
      /tensors of an adapter/,
    );
    const strange = { data: new Float32Array(2), dims: [2] };
    await attempt(
      restored((tensors) => tensors.set("base_model.model.strange.weight", strange)),
      "extra-tensor",
      /strange/,
    );
    const magnitude = first.replace("lora_A", "lora_magnitude_vector");
    await attempt(
      restored((tensors) => tensors.set(magnitude, strange)),
      "unsupported-adapter",
      /lora_magnitude/,
    );
    const table = { data: new Float32Array(4), dims: [2, 2] };
    await attempt(
      restored((tensors) => tensors.set("base_model.model.model.language_model.norm.weight", table)),
      "wrong-shape",
      /norm/,
    );
  });

  test("DoRA as PEFT saves it", async () => {
    const model = await loadVideoLlm(join(root, "qwen2-vl"));
    await expect(loadAdapter(model, join(adapters, "qwen2-vl-dora"))).rejects.toThrow(/use_dora true/);
    expect(model.lora).toBeNull();
  });
});

test("fresh adapters of chosen layers with rsLoRA are saved as PEFT reads them", async () => {
  const model = tinyModel();
  model.addLora({ rank: 4, alpha: 8, useRslora: true, targetModules: ["q_proj", "v_proj"] });
  expect([...model.trainableParameters(["lora"]).keys()].every((name) => /\.[qv]_proj\./.test(name))).toBe(true);
  const directory = await temporary();
  await saveVideoLlm(model, directory, { adapterOnly: true, naming: "huggingface" });
  const config = JSON.parse(await readFile(join(directory, "adapter_config.json"), "utf8"));
  expect(config).toMatchObject({ r: 4, lora_alpha: 8, use_rslora: true, rank_pattern: {}, modules_to_save: null });
  expect(config.target_modules).toBe("model\\.language_model\\.layers\\.\\d+\\.(self_attn|mlp)\\.(q|v)_proj");
  expect(() => tinyModel().addLora({ rank: 1, alpha: 1, targetModules: ["qkv"] as never })).toThrow(/found qkv/);
  expect(() => tinyModel().addLora({ rank: 1e9, alpha: 1 })).toThrow(/at most 4096/);
});
