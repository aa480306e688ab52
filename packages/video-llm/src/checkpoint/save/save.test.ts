import { spawn } from "node:child_process";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors, writeShardedSafetensors } from "@videosafety/onnx-autodiff";
import { describe, expect, test } from "vitest";
import { sampleModels } from "../../../test/sample-models.js";
import { temporaryDirectories, tinyModel } from "../../../test/tiny.js";
import { loadVideoLlm, saveVideoLlm, type VideoLlm } from "../../index.js";

const golden = (name: string): string => fileURLToPath(new URL(`../../../test/golden/${name}`, import.meta.url));
const repository = fileURLToPath(new URL("../../../../../", import.meta.url));
const script = fileURLToPath(new URL("../../../test/kill-save.ts", import.meta.url));
const temporary = temporaryDirectories();

/** A copy of a golden checkpoint in shards, with files that published ones have. */
async function sharded(name: string): Promise<string> {
  const directory = await temporary();
  await cp(golden(name), directory, { recursive: true });
  const { tensors } = await readSafetensors(join(directory, "model.safetensors"));
  await rm(join(directory, "model.safetensors"));
  await writeShardedSafetensors(join(directory, "model.safetensors.index.json"), tensors, { maxShardBytes: 20_000 });
  return directory;
}

const isSame = (a: VideoLlm, b: VideoLlm): void => {
  for (const [name, { data }] of a.tensors) expect([name, b.tensors.get(name)?.data]).toEqual([name, data]);
};

test.each(["smolvlm2", "qwen3-vl"])("%s is published in transformers' layout, whichever is asked for", async (name) => {
  const model = sampleModels()[name] as VideoLlm;
  const saved = await Promise.all(
    (["original", "huggingface"] as const).map(async (naming) => {
      const directory = await temporary();
      await saveVideoLlm(model, directory, { naming });
      return directory;
    }),
  );
  const [original, huggingface] = await Promise.all(
    saved.map(async (directory) => ({
      names: [...(await readSafetensors(join(directory, "model.safetensors"))).tensors.keys()].sort(),
      config: await readFile(join(directory, "config.json"), "utf8"),
    })),
  );
  expect(original).toEqual(huggingface);
  expect(original?.names.some((tensor) => /^model\.(text_model|language_model)\./.test(tensor))).toBe(true);
  isSame(model, await loadVideoLlm(saved[0] as string));
});

describe("what is loaded, trained and saved is what is loaded next", () => {
  test.each(["videollama3-hf", "qwen2-vl", "qwen2.5-vl", "smolvlm2"])(
    "%s, from shards into one file and back",
    async (name) => {
      const directory = await sharded(name);
      expect((await readdir(directory)).filter((file) => file.startsWith("model-")).length).toBeGreaterThan(2);
      const generation = `{ "eos_token_id": [1, 2], "repetition_penalty": 1.1, "something": "kept" }`;
      await writeFile(join(directory, "generation_config.json"), generation);
      await writeFile(join(directory, "special_tokens_map.json"), `\ufeff{}`);
      await writeFile(join(directory, "modeling_own.py"), "pass\n");
      const config = JSON.parse(await readFile(join(directory, "config.json"), "utf8"));
      await writeFile(
        join(directory, "config.json"),
        JSON.stringify({ ...config, unknown_key: { a: 1 }, torch_dtype: "bfloat16" }),
      );
      const model = await loadVideoLlm(directory);
      for (const { data } of model.trainableParameters(["llm"]).values())
        for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 1;
      model.parametersChanged();
      await saveVideoLlm(model, directory);
      expect((await readdir(directory)).filter((file) => file.startsWith("model"))).toEqual([
        "model.safetensors",
        "modeling_own.py",
      ]);
      const again = await loadVideoLlm(directory);
      isSame(model, again);
      expect(again.config).toEqual(model.config);
      expect(again.preprocessor).toEqual(model.preprocessor);
      expect(await readFile(join(directory, "generation_config.json"), "utf8")).toBe(generation);
      expect(JSON.parse(await readFile(join(directory, "config.json"), "utf8"))).toMatchObject({
        unknown_key: { a: 1 },
        torch_dtype: "float32",
      });
      await saveVideoLlm(again, directory, { maxShardBytes: 20_000 });
      const shards = (await readdir(directory)).filter((file) => file.startsWith("model-"));
      expect(shards.length).toBeGreaterThan(2);
      expect(await readdir(directory)).not.toContain("model.safetensors");
      isSame(model, await loadVideoLlm(directory));
      await saveVideoLlm(again, directory, { maxShardBytes: 40_000 });
      isSame(model, await loadVideoLlm(directory));
      expect((await readdir(directory)).filter((file) => file.startsWith("model-")).length).toBeLessThan(shards.length);
    },
  );

  test("in another layout, the processor's files are that layout's", async () => {
    const model = await loadVideoLlm(golden("videollama3-hf"));
    const directory = await temporary();
    await saveVideoLlm(model, directory, { naming: "original" });
    const original = JSON.parse(await readFile(join(directory, "preprocessor_config.json"), "utf8"));
    expect(original.image_processor_type).toBe("Videollama3ImageProcessor");
    expect((await loadVideoLlm(directory)).preprocessor).toEqual(model.preprocessor);
    await saveVideoLlm(await loadVideoLlm(directory), directory, { naming: "huggingface" });
    const files = await readdir(directory);
    expect(files).toContain("video_preprocessor_config.json");
    const again = await loadVideoLlm(directory);
    expect(again.naming).toBe("huggingface");
    expect(again.preprocessor).toEqual(model.preprocessor);
    isSame(model, again);
  });

  test("a directory of another model keeps none of its files", async () => {
    const directory = await sharded("qwen2-vl");
    await saveVideoLlm(tinyModel(), directory);
    expect(await readdir(directory)).not.toContain("video_preprocessor_config.json");
    isSame(tinyModel(), await loadVideoLlm(directory));
  });

  test("a model is not saved over the files its frozen weights are read from", async () => {
    const directory = await sharded("qwen2-vl");
    const model = await loadVideoLlm(directory, { memoryMap: true, cacheDirectory: directory });
    await expect(saveVideoLlm(model, directory)).rejects.toMatchObject({ code: "invalid-options" });
    await saveVideoLlm(model, join(directory, "new"));
    isSame(model, await loadVideoLlm(join(directory, "new")));
  });
});

test("killed at any point, the directory holds the weights of one save", async () => {
  const directory = await sharded("smolvlm2");
  const before = (await loadVideoLlm(directory)).tensors.get("model.norm.weight")?.data[0];
  for (const milliseconds of [0, 11, 29]) {
    let reported = 0;
    await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ["--import", "tsx", script, directory], {
        cwd: repository, // its tsconfig resolves sibling packages to their sources
        stdio: ["ignore", "pipe", "inherit"],
      });
      child.stdout.on("data", (text: Buffer) => {
        reported = Number(text.toString().trim().split("\n").at(-1));
        if (reported >= 2) setTimeout(() => child.kill("SIGKILL"), milliseconds);
      });
      child.on("error", reject);
      child.on("exit", resolve);
    });
    const model = await loadVideoLlm(directory);
    const values = new Set(Array.from(model.tensors.values(), ({ data }) => data[0]));
    expect(values.size).toBe(1);
    expect([...values][0]).toBeGreaterThanOrEqual(reported);
  }
  expect(before).not.toBe(2);
}, 240_000);
