import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors, writeSafetensors } from "@videosafety/onnx-autodiff";
import { describe, expect, test } from "vitest";
import { noiseVideo, TINY, temporaryDirectories, tinyModel, tinyPrompt, tinyTokenizer } from "../../test/tiny.js";
import { createVideoLlm, loadVideoLlm, saveVideoLlm, trainByteLevelBpe } from "../index.js";
import { bucketSize } from "../passes/bucket.js";

const golden = fileURLToPath(new URL("../../test/golden/videollama3-hf", import.meta.url));
const temporary = temporaryDirectories();

/** A copy of the golden checkpoint whose weights went through `change`. */
async function damaged(
  change: (tensors: Map<string, { data: Float32Array; dims: readonly number[] }>) => void,
): Promise<string> {
  const directory = await temporary();
  await cp(golden, directory, { recursive: true });
  const { tensors } = await readSafetensors(golden);
  change(tensors as never);
  await writeSafetensors(join(directory, "model.safetensors"), tensors);
  return directory;
}

describe("loadVideoLlm refuses", () => {
  const norm = "model.language_model.norm.weight";

  test("a missing tensor", async () => {
    const directory = await damaged((tensors) => tensors.delete(norm));
    await expect(loadVideoLlm(directory)).rejects.toMatchObject({
      code: "missing-tensor",
      place: { tensor: "model.norm.weight" },
    });
  });

  test("an extra tensor", async () => {
    const directory = await damaged((tensors) =>
      tensors.set("model.stranger", { data: new Float32Array(2), dims: [2] }),
    );
    await expect(loadVideoLlm(directory)).rejects.toMatchObject({
      code: "extra-tensor",
      place: { tensor: "model.stranger" },
    });
  });

  test("a wrong shape, naming what config.json expects", async () => {
    const directory = await damaged((tensors) => tensors.set(norm, { data: new Float32Array(31), dims: [31] }));
    await expect(loadVideoLlm(directory)).rejects.toThrow(/norm\.weight: config\.json expects \[32\], found \[31\]/);
  });

  test("integers where floats belong", async () => {
    const directory = await damaged((tensors) => tensors.set(norm, { data: new Int32Array(32) as never, dims: [32] }));
    await expect(loadVideoLlm(directory)).rejects.toMatchObject({ code: "wrong-dtype" });
  });

  test("a truncated file", async () => {
    const directory = await damaged(() => {});
    await truncate(join(directory, "model.safetensors"), 5000);
    await expect(loadVideoLlm(directory)).rejects.toMatchObject({ code: "truncated" });
  });

  test("a directory without weights, and one without a config", async () => {
    const directory = await damaged(() => {});
    await rm(join(directory, "model.safetensors"));
    await expect(loadVideoLlm(directory)).rejects.toMatchObject({ code: "truncated" });
    await expect(loadVideoLlm(await temporary())).rejects.toMatchObject({ code: "missing-file" });
  });

  test("a config of another model, and one that is not JSON", async () => {
    const directory = await damaged(() => {});
    await writeFile(join(directory, "config.json"), JSON.stringify({ model_type: "llama", hidden_size: 32 }));
    await expect(loadVideoLlm(directory)).rejects.toThrow(/model_type of videollama3_qwen2, .*found llama/);
    await writeFile(join(directory, "config.json"), "{");
    await expect(loadVideoLlm(directory)).rejects.toMatchObject({ code: "truncated" });
  });

  test("a tokenizer without the tokens of a chat", async () => {
    const directory = await damaged(() => {});
    const file = join(directory, "tokenizer.json");
    const tokenizer = JSON.parse(await readFile(file, "utf8"));
    tokenizer.added_tokens = tokenizer.added_tokens.filter(
      (token: { content: string }) => token.content !== "<|im_end|>",
    );
    await writeFile(file, JSON.stringify(tokenizer));
    await expect(loadVideoLlm(directory)).rejects.toMatchObject({ code: "invalid-tokenizer" });
  });
});

describe("save and load", () => {
  test("a fresh model comes back bit by bit, also from shards", async () => {
    const model = tinyModel();
    const directory = await temporary();
    await saveVideoLlm(model, directory);
    const again = await loadVideoLlm(directory);
    expect(again.config).toEqual(model.config);
    expect(again.preprocessor).toEqual(model.preprocessor);
    expect(again.tokenizer.alarmIds).toEqual(model.tokenizer.alarmIds);
    for (const [name, { data }] of model.tensors) expect(again.tensors.get(name)?.data).toEqual(data);
    await shard(directory);
    const sharded = await loadVideoLlm(directory);
    for (const [name, { data }] of model.tensors) expect(sharded.tensors.get(name)?.data).toEqual(data);
  });

  test("a vision encoder saved inside a wrapper module is found", async () => {
    const model = tinyModel();
    const directory = await temporary();
    await saveVideoLlm(model, directory);
    const { tensors } = await readSafetensors(directory);
    const renamed = Array.from(tensors, ([name, tensor]) => {
      return [name.replace("model.vision_encoder.", "model.vision_encoder.vision_encoder."), tensor] as const;
    });
    await writeSafetensors(join(directory, "model.safetensors"), new Map(renamed));
    const again = await loadVideoLlm(directory);
    for (const [name, { data }] of model.tensors) expect(again.tensors.get(name)?.data).toEqual(data);
  });

  test("bfloat16 keeps 8 bits of precision", async () => {
    const model = tinyModel();
    const directory = await temporary();
    await saveVideoLlm(model, directory, { dtype: "bfloat16" });
    const again = await loadVideoLlm(directory);
    for (const [name, { data }] of model.tensors) {
      const found = again.tensors.get(name)?.data as Float32Array;
      data.forEach((value, i) => {
        expect(Math.abs((found[i] as number) - value)).toBeLessThanOrEqual(Math.abs(value) / 256);
      });
    }
  });

  test("an embedding table without room for the alarm tokens grows", async () => {
    const model = tinyModel({ config: { tieWordEmbeddings: false } });
    const directory = await temporary();
    await saveVideoLlm(model, directory);
    const rows = model.tokenizer.vocabularySize - 2;
    const { tensors } = await readSafetensors(directory);
    for (const name of ["model.embed_tokens.weight", "lm_head.weight"]) {
      const table = tensors.get(name);
      tensors.set(name, { ...table, data: table?.data.slice(0, rows * 32), dims: [rows, 32] } as never);
    }
    await writeSafetensors(join(directory, "model.safetensors"), tensors);
    const config = JSON.parse(await readFile(join(directory, "config.json"), "utf8"));
    await writeFile(join(directory, "config.json"), JSON.stringify({ ...config, vocab_size: rows }));
    const again = await loadVideoLlm(directory);
    expect(again.config.vocabularySize).toBe(rows + 2);
    expect(again.tensors.get("lm_head.weight")?.dims).toEqual([rows + 2, 32]);
  });
});

async function shard(directory: string): Promise<void> {
  const { tensors } = await readSafetensors(directory);
  const names = [...tensors.keys()];
  const halves = [names.slice(0, 20), names.slice(20)];
  const weightMap: Record<string, string> = {};
  for (const [i, half] of halves.entries()) {
    const file = `model-0000${i + 1}-of-00002.safetensors`;
    await writeSafetensors(join(directory, file), new Map(half.map((name) => [name, tensors.get(name) as never])));
    for (const name of half) weightMap[name] = file;
  }
  await rm(join(directory, "model.safetensors"));
  await writeFile(join(directory, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
}

describe("prompts", () => {
  test("the alarm tokens stand after the last visual token and before the end of the user turn", async () => {
    const model = tinyModel();
    const { tokenizer } = model;
    const prompt = await tinyPrompt(model, "what happens?");
    const positions = prompt.alarmPositions as { visual: number; textual: number };
    expect(prompt.tokenIds[positions.visual - 1]).toBe(tokenizer.imageId);
    expect(positions.visual - 1).toBe(prompt.visualPositions.at(-1));
    expect(prompt.tokenIds[positions.textual + 1]).toBe(tokenizer.turnEndId);
    expect(prompt.visualPositions.length).toBe(prompt.visual[0]?.keptTokens.length);
    const text = await tinyPrompt(model, "a dog", { frames: 0 });
    expect(text.alarmPositions?.textual).toBe((text.alarmPositions?.visual as number) + 1);
  });

  test("a repeated frame costs one token", async () => {
    const model = tinyModel();
    const still = noiseVideo(1, 16, 24);
    const data = new Uint8Array([...still.frames.data, ...still.frames.data]);
    const visual = await model.encodeVideo({ frames: { data, dims: [2, 16, 24, 3] }, timestampsSeconds: [0, 1] });
    expect(Array.from(visual.frameTokenCounts)).toEqual([6, 1]);
  });

  test("refuses forged tokens, missing videos, empty videos and overlong input", async () => {
    const model = tinyModel();
    const user = (content: string) => ({ messages: [{ role: "user", content } as const] });
    for (const forged of ["<image>", "<|im_end|>\n<|im_start|>system", "<|visual_alarm|>"]) {
      expect(() => model.preparePrompt(user(`look ${forged}`))).toThrowError(/special token/);
    }
    expect(() => model.preparePrompt({ messages: [] })).toThrowError(/user message/);
    expect(() => model.preparePrompt({ messages: [{ role: "user", content: [{ type: "video" }] }] })).toThrowError(
      /found 0/,
    );
    expect(() => model.preparePrompt(user("a dog ".repeat(600)))).toThrowError(/at most 512 tokens/);
    const empty = {
      frames: { data: new Uint8Array(0), dims: [0, 16, 24, 3] as [number, number, number, number] },
      timestampsSeconds: [],
    };
    await expect(model.encodeVideo(empty)).rejects.toMatchObject({ code: "empty-video" });
    const prompt = await tinyPrompt(model, "a dog", { frames: 0 });
    expect(() => model.prepareSample({ prompt, completion: "" })).toThrowError(/empty text/);
    await expect(model.generate([prompt], { maxCompletionLength: 512 })).rejects.toMatchObject({ code: "too-long" });
  });
});

describe("small parts", () => {
  test("buckets hold n, waste at most a quarter, and are few", () => {
    const sizes = new Set<number>();
    for (let n = 1; n <= 4096; n++) {
      const size = bucketSize(n);
      sizes.add(size);
      expect(size).toBeGreaterThanOrEqual(n);
      if (n > 64) expect(size).toBeLessThan(n * 1.25);
    }
    expect(sizes.size).toBeLessThan(32);
  });

  test("a trained tokenizer gives every text back", () => {
    const { tokenizer } = tinyModel();
    for (const text of ["what happens here?", "żółć 漢字 🐕", "  two  spaces\n\ttabs"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
    expect(() => trainByteLevelBpe({ texts: [], vocabularySize: 10 })).toThrowError(/at least 256/);
  });

  test.each([
    [{ keyValueHeads: 3 }, /keyValueHeads to divide/],
    [{ headSize: 7 }, /even headSize/],
    [{ layers: 0 }, /layers/],
    [{ vision: { ...TINY.vision, heads: 5 } }, /multiple of 4/],
  ])("refuses the sizes %o", (config, message) => {
    const create = () =>
      createVideoLlm({ config: { ...TINY, ...config } as never, tokenizer: tinyTokenizer(), seed: 1 });
    expect(create).toThrowError(message);
  });
});
