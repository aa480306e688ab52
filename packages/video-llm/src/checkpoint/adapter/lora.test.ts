import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng } from "@videosafety/onnx-autodiff";
import { expect, test } from "vitest";
import { tinyModel, tinyPrompt, tinyQwen } from "../../../test/tiny.js";
import { huggingFaceName, loadAdapter, loadVideoLlm, saveVideoLlm } from "../../index.js";
import { adaptedModules, isAdapted } from "../../weights/lora.js";

const settings = { rank: 2, alpha: 4 };

async function adapted() {
  const model = tinyModel();
  const prompt = await tinyPrompt(model, "what happens?");
  const sequence = { prompt, completionIds: Int32Array.of(5, 9, 11) };
  const [before] = await model.logits([sequence]);
  model.addLora(settings);
  const [fresh] = await model.logits([sequence]);
  const rng = createRng(5);
  for (const [name, { data }] of model.trainableParameters(["lora"])) {
    if (name.includes("lora_B")) for (let i = 0; i < data.length; i++) data[i] = 0.2 * rng.normal();
  }
  model.parametersChanged();
  const [after] = await model.logits([sequence]);
  return {
    model,
    prompt,
    sequence,
    before: before as Float32Array,
    fresh: fresh as Float32Array,
    after: after as Float32Array,
  };
}

const distance = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

test("a fresh adapter changes nothing, a trained one does, and rollouts follow it", async () => {
  const { model, prompt, before, fresh, after } = await adapted();
  expect(distance(before, fresh)).toBeLessThan(1e-6);
  expect(distance(before, after)).toBeGreaterThan(0.01);
  const policy = model.policy({ groups: ["lora"] });
  const [group = []] = await policy.generate([prompt], { numGenerations: 2, maxCompletionLength: 5, temperature: 1 });
  const scored = await policy.logProbs(
    group.map(({ tokenIds }) => ({ prompt, tokenIds })),
    { model: "policy" },
  );
  group.forEach(({ logProbs }, i) => {
    logProbs.forEach((value, t) => {
      expect(Math.abs(value - (scored[i]?.[t] as number))).toBeLessThan(1e-5);
    });
  });
});

test("gradients of adapters agree with differences of the loss", async () => {
  const { model, prompt } = await adapted();
  const sample = model.prepareSample({ prompt, completion: "a dog" });
  const options = { groups: ["lora"] as const, lambdaVisual: 0, lambdaTextual: 0 };
  const { gradients } = await model.atSftGradients([sample], options);
  for (const [name, { data }] of model.trainableParameters(["lora"]))
    expect(gradients.get(name)?.length).toBe(data.length);
  // Along the gradient the loss falls by about step * |gradient|^2.
  let square = 0;
  for (const gradient of gradients.values()) for (const value of gradient) square += value * value;
  const lossAt = async (step: number): Promise<number> => {
    for (const [name, { data }] of model.trainableParameters(["lora"])) {
      gradients.get(name)?.forEach((value, i) => {
        data[i] = (data[i] as number) - step * value;
      });
    }
    model.parametersChanged();
    const { loss } = await model.atSftGradients([sample], options);
    return loss;
  };
  const step = 0.01 / Math.sqrt(square);
  const below = await lossAt(step);
  const above = await lossAt(-2 * step);
  expect((above - below) / (2 * step * square)).toBeCloseTo(1, 1);
});

test("merged weights and a loaded adapter give the same logits", async () => {
  const { model, sequence, after } = await adapted();
  const directory = await mkdtemp(join(tmpdir(), "video-llm-"));
  await saveVideoLlm(model, join(directory, "merged"));
  const merged = await loadVideoLlm(join(directory, "merged"));
  expect(merged.lora).toBeNull();
  expect(distance((await merged.logits([sequence]))[0] as Float32Array, after)).toBeLessThan(1e-4);
  for (const naming of ["original", "huggingface"] as const) {
    await saveVideoLlm(model, join(directory, naming), { adapterOnly: true, naming });
    const base = tinyModel();
    await loadAdapter(base, join(directory, naming));
    expect(distance((await base.logits([sequence]))[0] as Float32Array, after)).toBeLessThan(1e-6);
  }
  const file = join(directory, "original", "adapter_config.json");
  await writeFile(file, (await readFile(file, "utf8")).replace('"r": 2', '"r": 3'));
  await expect(loadAdapter(tinyModel(), join(directory, "original"))).rejects.toMatchObject({ code: "wrong-shape" });
  await expect(loadAdapter(tinyModel(), directory)).rejects.toMatchObject({ code: "missing-file" });
  await rm(directory, { recursive: true });
});

test("PEFT's pattern matches what adapters go on, and no layer of the vision encoder", async () => {
  for (const model of [tinyModel(), tinyQwen("qwen2-vl"), tinyQwen("qwen2.5-vl")]) {
    for (const rename of [(name: string) => name, (name: string) => huggingFaceName(name, model.config.family)]) {
      const pattern = new RegExp(`^(?:${adaptedModules(rename)})$`);
      for (const name of model.tensors.keys()) {
        const module = rename(name).replace(/\.weight$/, "");
        expect([name, pattern.test(module)]).toEqual([name, isAdapted(name)]);
      }
    }
  }
});

test("refuses a second adapter, a bad rank, and an adapter-only save without one", async () => {
  const { model } = await adapted();
  expect(() => model.addLora(settings)).toThrow(/without adapters/);
  expect(() => tinyModel().addLora({ rank: 0, alpha: 1 })).toThrow(/positive integer rank/);
  await expect(saveVideoLlm(tinyModel(), "/nowhere", { adapterOnly: true })).rejects.toThrow(/with adapters/);
});
