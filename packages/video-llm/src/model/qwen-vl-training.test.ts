import { join } from "node:path";
import { createRng, readSafetensors } from "@videosafety/onnx-autodiff";
import { describe, expect, test } from "vitest";
import { checkGradients } from "../../test/check-gradients.js";
import { noiseVideo, temporaryDirectories, tinyQwen } from "../../test/tiny.js";
import { buildAtSftGraph } from "../graph/training-graphs.js";
import { loadAdapter, loadVideoLlm, saveVideoLlm, type VideoLlm } from "../index.js";
import { collate } from "../passes/batch.js";
import { ParameterStore } from "../weights/parameter-store.js";

const FAMILIES = ["qwen2-vl", "qwen2.5-vl", "qwen3-vl"] as const;
const GROUPS = ["llm", "alarmTokens", "classifiers", "projector", "visionEncoder"] as const;

const temporary = temporaryDirectories();

const user = (content: string) => ({ messages: [{ role: "user", content } as const] });
async function ask(model: VideoLlm, text: string, frames: number, seed = 1) {
  const visual = frames === 0 ? null : await model.encodeVideo(noiseVideo(frames, 24, 40, seed));
  return model.preparePrompt({ ...user(text), visual });
}
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
