import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noiseVideo, tinyModel, tinyPrompt, tinyQwen } from "../../test/tiny.js";
import {
  loadAdapter,
  loadVideoLlm,
  type PrecisionOptions,
  type PreparedPrompt,
  saveVideoLlm,
  type VideoLlm,
} from "../index.js";

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let far = 0;
  for (let i = 0; i < a.length; i++) far = Math.max(far, Math.abs((a[i] as number) - (b[i] as number)));
  return far;
};
const largest = (a: Float32Array): number => a.reduce((m, x) => Math.max(m, Math.abs(x)), 0);

let root = "";
let source: VideoLlm;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "precision-"));
  source = tinyModel();
  await saveVideoLlm(source, join(root, "f32"));
  await saveVideoLlm(source, join(root, "bf16"), { dtype: "bfloat16" });
});
afterAll(async () => {
  await source.dispose();
  rmSync(root, { recursive: true });
});

/** The same model with the weights that a frozen base stands for, in float32 and trainable. */
async function dense(frozen: VideoLlm): Promise<VideoLlm> {
  const model = await loadVideoLlm(join(root, "f32"));
  for (const [name, { data }] of model.tensors) data.set(frozen.tensors.get(name)?.data as Float32Array);
  model.parametersChanged();
  return model;
}

const CASES: [string, string, PrecisionOptions, number][] = [
  ["int4", "f32", { precision: "int4", blockSize: 16 }, 0.3],
  ["int4 with zero points", "bf16", { precision: "int4", blockSize: 16, symmetric: false }, 0.3],
  ["int8", "f32", { precision: "int8" }, 0.03],
  ["int8 with zero points", "f32", { precision: "int8", blockSize: 16, symmetric: false }, 0.03],
  ["bfloat16 in place", "bf16", { precision: "bfloat16" }, 0.02],
  ["bfloat16 from float32", "f32", { precision: "bfloat16" }, 0.02],
  ["float16", "f32", { precision: "float16" }, 0.002],
  ["float32 mapped", "f32", { memoryMap: true }, 1e-6],
  ["float32 mapped from bfloat16", "bf16", { memoryMap: true }, 0.02],
];

describe.each(CASES)("%s", (_name, directory, options, tolerance) => {
  let model: VideoLlm;
  let plain: VideoLlm;
  let prompts: { frozen: PreparedPrompt; plain: PreparedPrompt; source: PreparedPrompt };
  beforeAll(async () => {
    model = await loadVideoLlm(join(root, directory), options);
    plain = await dense(model);
    const prompt = (m: VideoLlm) => tinyPrompt(m, "what happens here?");
    prompts = { frozen: await prompt(model), plain: await prompt(plain), source: await prompt(source) };
  });
  afterAll(async () => {
    await model.dispose();
    await plain.dispose();
  });
  const completionIds = Int32Array.of(40, 41, 42, 43, 44);

  it("visual embeddings and logits equal those of the weights it stands for, and come near the source's", async () => {
    const of = async (m: VideoLlm, prompt: PreparedPrompt) => (await m.logits([{ prompt, completionIds }]))[0];
    const frozen = (await of(model, prompts.frozen)) as Float32Array;
    expect(farthest(frozen, (await of(plain, prompts.plain)) as Float32Array)).toBeLessThan(1e-4);
    const exact = (await of(source, prompts.source)) as Float32Array;
    expect(farthest(frozen, exact) / largest(exact)).toBeLessThan(tolerance);
    const visual = async (m: VideoLlm, { visual: [features] }: PreparedPrompt) =>
      m.visualEmbeddings(features as NonNullable<typeof features>);
    expect(farthest(await visual(model, prompts.frozen), await visual(plain, prompts.plain))).toBeLessThan(1e-4);
  });

  it("gradients of adapters, alarm tokens and heads equal those past the same float32 weights", async () => {
    const groups = ["lora", "alarmTokens", "classifiers"] as const;
    const gradients = async (m: VideoLlm, prompt: PreparedPrompt) => {
      if (m.lora === null) m.addLora({ rank: 4, alpha: 8 }, 3);
      for (const [name, { data }] of m.trainableParameters(["lora", "alarmTokens"]))
        data.forEach((_, i) => {
          data[i] = 0.1 * Math.sin(i + name.length);
        });
      m.parametersChanged();
      const sample = m.prepareSample({ prompt, completion: "a dog", labels: { visual: 1, textual: 0 } });
      return m.atSftGradients([sample], { groups, lambdaVisual: 0.3, lambdaTextual: 0.2 });
    };
    const frozen = await gradients(model, prompts.frozen);
    const expected = await gradients(plain, prompts.plain);
    expect(frozen.loss).toBeCloseTo(expected.loss, 4);
    expect(frozen.gradients.size).toBe(expected.gradients.size);
    for (const [name, gradient] of expected.gradients) {
      const far = farthest(frozen.gradients.get(name) as Float32Array, gradient);
      expect(far / (largest(gradient) + 1e-6), name).toBeLessThan(1e-4);
    }
  });

  it("generates what the weights it stands for generate", async () => {
    const run = (m: VideoLlm, prompt: PreparedPrompt) =>
      m.generate([prompt], { maxCompletionLength: 6, numGenerations: 2, temperature: 1, seed: 5 });
    const exact = await loadVideoLlm(join(root, directory), { ...options, accuracyLevel: 1 });
    const [frozen = []] = await run(exact, await tinyPrompt(exact, "what happens here?"));
    const [expected = []] = await run(await dense(exact), prompts.plain);
    frozen.forEach(({ tokenIds, logProbs }, g) => {
      expect(Array.from(tokenIds)).toEqual(Array.from(expected[g]?.tokenIds ?? []));
      expect(farthest(logProbs, expected[g]?.logProbs ?? [])).toBeLessThan(1e-3);
    });
    await exact.dispose();
  });
});

it("rounding activations to 8 bits stays near", async () => {
  const model = await loadVideoLlm(join(root, "f32"), { precision: "int8" });
  const prompt = await tinyPrompt(model, "what happens here?");
  const [[sampled] = []] = await model.generate([prompt], { maxCompletionLength: 8 });
  const { tokenIds, logProbs } = sampled as NonNullable<typeof sampled>;
  const [exact] = await model.policy({ groups: ["alarmTokens"] }).logProbs([{ prompt, tokenIds }], { model: "policy" });
  expect(farthest(logProbs, exact as Float64Array)).toBeLessThan(0.2);
  expect(logProbs[0]).toBeCloseTo(exact?.[0] as number, 4); // the first token comes from the prompt's pass
  await model.dispose();
});

it.each([
  ["qwen2-vl", () => tinyQwen("qwen2-vl")],
  ["qwen2.5-vl", () => tinyQwen("qwen2.5-vl")],
  ["smolvlm2", () => loadVideoLlm(fileURLToPath(new URL("../../test/golden/smolvlm2", import.meta.url)))],
] as const)("every family runs on a frozen base: %s", async (name, make) => {
  const fresh = await make();
  const directory = join(root, name);
  await saveVideoLlm(fresh, directory, { naming: "huggingface" });
  for (const options of [{ precision: "int4", blockSize: 16 }, { memoryMap: true }] as const) {
    const frozen = await loadVideoLlm(directory, options);
    const plain = await loadVideoLlm(directory);
    for (const [tensor, { data }] of plain.tensors) data.set(frozen.tensors.get(tensor)?.data as Float32Array);
    const logits = async (model: VideoLlm) => {
      const visual = await model.encodeVideo(noiseVideo(4, 24, 40));
      const prompt = model.preparePrompt({ messages: [{ role: "user", content: "what happens here?" }], visual });
      return (await model.logits([{ prompt, completionIds: Int32Array.of(40, 41) }]))[0] as Float32Array;
    };
    expect(farthest(await logits(frozen), await logits(plain))).toBeLessThan(1e-4);
    const prompt = await tinyPrompt(frozen, "what happens here?", { frames: 0 });
    expect((await frozen.generate([prompt], { maxCompletionLength: 3 }))[0]?.[0]?.tokenIds.length).toBeGreaterThan(0);
    for (const model of [frozen, plain]) await model.dispose();
  }
  await fresh.dispose();
});

describe("frozen bases", () => {
  const int4 = { precision: "int4", blockSize: 16 } as const;
  // The ledger of hashes beside the converted files is written once the sources have not changed for a while.
  const filesIn = (directory: string): string[] =>
    readdirSync(directory)
      .filter((name) => name !== "sources.json")
      .sort();

  it("keep a converted file for the next load, and make another one when the checkpoint changes", async () => {
    const checkpoint = join(root, "changing");
    const cacheDirectory = join(root, "cache");
    await saveVideoLlm(source, checkpoint);
    await loadVideoLlm(checkpoint, { ...int4, cacheDirectory });
    const [first] = filesIn(cacheDirectory);
    const { mtimeMs } = statSync(join(cacheDirectory, first as string));
    await loadVideoLlm(checkpoint, { ...int4, cacheDirectory });
    expect(filesIn(cacheDirectory)).toEqual([first]);
    expect(statSync(join(cacheDirectory, first as string)).mtimeMs).toBe(mtimeMs);
    await loadVideoLlm(checkpoint, { ...int4, blockSize: 32, cacheDirectory });
    expect(filesIn(cacheDirectory)).toHaveLength(2);
    const weights = join(checkpoint, "model.safetensors");
    utimesSync(weights, 1, 1); // the same bytes
    await loadVideoLlm(checkpoint, { ...int4, cacheDirectory });
    expect(filesIn(cacheDirectory)).toHaveLength(2);
    const bytes = readFileSync(weights);
    const at = bytes.length - 6;
    bytes[at] = (bytes[at] as number) ^ 0x40;
    writeFileSync(weights, bytes);
    utimesSync(weights, 1, 1); // of the same size and time, with another number in it
    await loadVideoLlm(checkpoint, { ...int4, cacheDirectory });
    expect(filesIn(cacheDirectory)).toHaveLength(3);
  });

  it("write a damaged converted file again, and remove what a killed process left", async () => {
    const cacheDirectory = join(root, "damaged");
    await loadVideoLlm(join(root, "f32"), { ...int4, cacheDirectory });
    const [name] = filesIn(cacheDirectory) as [string];
    const { size } = statSync(join(cacheDirectory, name));
    writeFileSync(join(cacheDirectory, name), "short");
    writeFileSync(join(cacheDirectory, `.${name}.999999999-x.tmp`), "left");
    writeFileSync(join(cacheDirectory, `.${name}.${process.pid}-x.tmp`), "of a living one");
    const model = await loadVideoLlm(join(root, "f32"), { ...int4, cacheDirectory });
    expect(filesIn(cacheDirectory)).toEqual([`.${name}.${process.pid}-x.tmp`, name]);
    expect(statSync(join(cacheDirectory, name)).size).toBe(size);
    expect((await model.logits([])).length).toBe(0);
  });

  it("survive a process killed while it converts", async () => {
    const cacheDirectory = join(root, "killed");
    const script = join(root, "convert.mts");
    const library = new URL("../index.ts", import.meta.url).href;
    writeFileSync(
      script,
      `import { rmSync } from "node:fs";
       import { loadVideoLlm } from ${JSON.stringify(library)};
       for (let i = 0; ; i++) {
         rmSync(${JSON.stringify(cacheDirectory)}, { recursive: true, force: true });
         await loadVideoLlm(${JSON.stringify(join(root, "f32"))}, ${JSON.stringify({ ...int4, cacheDirectory })});
         if (i === 2) console.log("converting");
       }`,
    );
    const child = spawn(process.execPath, ["--import", "tsx", script], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
    });
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, 17));
    child.kill("SIGKILL");
    await once(child, "exit");
    const model = await loadVideoLlm(join(root, "f32"), { ...int4, cacheDirectory });
    const expected = await loadVideoLlm(join(root, "f32"), { ...int4, cacheDirectory: join(root, "whole") });
    for (const [name, { data }] of expected.tensors)
      expect(farthest(data, model.tensors.get(name)?.data as Float32Array), name).toBe(0);
    expect(filesIn(cacheDirectory)).toEqual(filesIn(join(root, "whole")));
  });

  it("map the files of a linked checkpoint, as in the Hugging Face cache", async () => {
    const linked = join(root, "linked");
    await saveVideoLlm(source, linked, { dtype: "bfloat16" });
    const blob = join(root, "blob");
    rmSync(join(linked, "model.safetensors"));
    await saveVideoLlm(source, join(root, "elsewhere"), { dtype: "bfloat16" });
    symlinkSync(join(root, "elsewhere", "model.safetensors"), blob);
    symlinkSync(blob, join(linked, "model.safetensors"));
    const model = await loadVideoLlm(linked, { precision: "bfloat16" });
    const prompt = await tinyPrompt(model, "what happens here?");
    expect(await model.generate([prompt], { maxCompletionLength: 2 })).toHaveLength(1);
    expect(filesIn(linked)).not.toContain(".videosafety");
    await model.dispose();
  });

  it("train nothing but adapters, alarm tokens and heads; save the adapter, or everything as floats", async () => {
    const model = await loadVideoLlm(join(root, "f32"), int4);
    expect(() => model.trainableParameters(["llm"])).toThrow("llm, which are frozen");
    expect(() => model.policy({ groups: ["llm"] })).toThrow("frozen");
    model.addLora({ rank: 2, alpha: 2 });
    await saveVideoLlm(model, join(root, "adapter"), { adapterOnly: true });
    const again = await loadVideoLlm(join(root, "f32"), int4);
    await loadAdapter(again, join(root, "adapter"));
    expect(again.lora).toMatchObject({ rank: 2, alpha: 2 });
    await saveVideoLlm(model, join(root, "merged"));
    const merged = await loadVideoLlm(join(root, "merged"));
    for (const [name, { data }] of merged.tensors)
      expect(farthest(data, model.tensors.get(name)?.data as Float32Array), name).toBe(0);
    expect(merged.parameterCount).toBe(source.parameterCount);
  });

  it("refuse options that contradict each other, and a directory that cannot be written", async () => {
    const load = (options: object) => loadVideoLlm(join(root, "f32"), options);
    await expect(load({ precision: "int3" })).rejects.toThrow("expected a precision of float32");
    await expect(load({ precision: "int4", blockSize: 24 })).rejects.toThrow("power of two");
    await expect(load({ precision: "int4", memoryMap: false })).rejects.toThrow("always memory-mapped");
    const file = join(root, "file");
    writeFileSync(file, "");
    await expect(load({ ...int4, cacheDirectory: join(file, "below") })).rejects.toMatchObject({
      code: "cache-unwritable",
    });
  });
});
