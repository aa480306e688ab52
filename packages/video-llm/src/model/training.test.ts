import { describe, expect, test } from "vitest";
import { checkGradients } from "../../test/check-gradients.js";
import { tinyModel, tinyPrompt } from "../../test/tiny.js";
import { buildAtSftGraph, buildPolicyGraph } from "../graph/training-graphs.js";
import type { ParameterGroup, PreparedSample, VideoLlm } from "../index.js";
import { collate } from "../passes/batch.js";
import { ParameterStore } from "../weights/parameter-store.js";

const ALL: ParameterGroup[] = ["llm", "alarmTokens", "classifiers", "projector", "visionEncoder"];

async function tinySamples(model: VideoLlm): Promise<PreparedSample[]> {
  const ask = async (text: string, frames: number, seed: number) => tinyPrompt(model, text, { frames, seed });
  return [
    model.prepareSample({
      prompt: await ask("what happens?", 2, 1),
      completion: "a dog",
      labels: { visual: 1, textual: 0 },
    }),
    model.prepareSample({
      prompt: await ask("yes or no", 1, 2),
      completion: "yes, a person",
      labels: { visual: 0, textual: 1 },
    }),
    model.prepareSample({ prompt: await ask("text only", 0, 0), completion: "no", labels: { visual: 0, textual: 0 } }),
  ];
}

describe("gradients in float64 against central differences", () => {
  const setUp = async (visionInGraph: boolean) => {
    const model = tinyModel();
    const samples = await tinySamples(model);
    const store = new ParameterStore(model.tensors);
    const embeddings = new Map(
      await Promise.all(
        samples.flatMap(({ prompt }) => prompt.visual).map(async (v) => [v, await model.visualEmbeddings(v)] as const),
      ),
    );
    const batch = collate(samples, 64, model.config, {
      embeddings: visionInGraph ? null : (v) => embeddings.get(v) as Float32Array,
    });
    const context = { config: model.config, store, shape: batch.shape, dtype: "float64" as const };
    return { store, batch, context, samples };
  };

  test.each([true, false])("AT-SFT loss, every tensor (vision encoder in the graph: %s)", async (visionInGraph) => {
    const { store, batch, context, samples } = await setUp(visionInGraph);
    const names = [...store.select(visionInGraph ? ALL : ["llm", "alarmTokens", "classifiers"]).keys()];
    const view = buildAtSftGraph(context, batch.lossRows, names);
    const scalar = (value: number) => Float32Array.of(value);
    const worst = await checkGradients(view, store, {
      ...batch.feeds,
      token_weights: new Float32Array(batch.lossRows).fill(
        1,
        0,
        batch.counts.reduce((a, b) => a + b, 0),
      ),
      token_normalizer: scalar(7),
      visual_normalizer: scalar(3),
      textual_normalizer: scalar(3),
      lambda_visual: scalar(0.5),
      lambda_textual: scalar(0.25),
      visual_labels: Float32Array.from(samples, ({ labels }) => labels.visual ?? 0),
      textual_labels: Float32Array.from(samples, ({ labels }) => labels.textual ?? 0),
      visual_label_mask: Float32Array.of(1, 1, 1),
      textual_label_mask: Float32Array.of(1, 1, 1),
    });
    expect(worst).toBeLessThan(1e-4);
  });

  test("weighted log-probabilities of a policy", async () => {
    const { store, batch, context } = await setUp(false);
    const names = [...store.select(["llm"]).keys()];
    const coefficients = Float32Array.from({ length: batch.lossRows }, (_, i) => Math.sin(i));
    const worst = await checkGradients(buildPolicyGraph(context, batch.lossRows, 0.8, names), store, {
      ...batch.feeds,
      coefficients,
    });
    expect(worst).toBeLessThan(1e-4);
  });
});

describe("atSftGradients", () => {
  const options = { groups: ["llm", "alarmTokens", "classifiers"] as const, lambdaVisual: 0.1, lambdaTextual: 0.2 };

  test("micro-batches with the whole batch's normalizers sum to the batch", async () => {
    const model = tinyModel();
    const samples = await tinySamples(model);
    const whole = await model.atSftGradients(samples, options);
    const normalizers = { tokens: whole.tokens, visual: 3, textual: 3 };
    const parts = await Promise.all(
      samples.map((sample) => model.atSftGradients([sample], { ...options, normalizers })),
    );
    expect(parts.reduce((sum, part) => sum + part.loss, 0)).toBeCloseTo(whole.loss, 4);
    for (const [name, gradient] of whole.gradients) {
      gradient.forEach((value, i) => {
        const sum = parts.reduce((total, part) => total + (part.gradients.get(name)?.[i] as number), 0);
        expect(Math.abs(sum - value)).toBeLessThan(1e-4);
      });
    }
    const split = await tinyModel({ maxTokensPerRun: 64 }).atSftGradients(samples, options);
    expect(split.loss).toBeCloseTo(whole.loss, 4);
  });

  test("a label that is not known puts no loss on its head and does not count", async () => {
    const model = tinyModel();
    const [first, second] = (await tinySamples(model)) as [PreparedSample, PreparedSample];
    const unknown = { ...second, labels: { visual: null, textual: second.labels.textual } };
    const both = await model.atSftGradients([first, unknown], options);
    const alone = await model.atSftGradients([first], options);
    expect(both.lossVisual).toBeCloseTo(alone.lossVisual, 5);
    expect(both.lossTextual).not.toBeCloseTo(alone.lossTextual, 5);
  });

  test("gradients of the language model do not depend on whether the vision encoder is in the graph", async () => {
    const model = tinyModel();
    const samples = await tinySamples(model);
    const fed = await model.atSftGradients(samples, options);
    const joint = await model.atSftGradients(samples, { ...options, groups: ALL });
    expect(joint.loss).toBeCloseTo(fed.loss, 4);
    for (const [name, gradient] of fed.gradients) {
      gradient.forEach((value, i) => {
        expect(Math.abs(value - (joint.gradients.get(name)?.[i] as number))).toBeLessThan(1e-4);
      });
    }
  });

  test("gradient descent on every group lowers the loss, and cached features follow the vision encoder", async () => {
    const model = tinyModel();
    const samples = await tinySamples(model);
    const [features] = (samples[0] as PreparedSample).prompt.visual;
    const before = (await model.visualEmbeddings(features as never)).slice();
    const first = await model.atSftGradients(samples, { ...options, groups: ALL });
    for (const [name, { data }] of model.trainableParameters(ALL)) {
      const gradient = first.gradients.get(name) as Float32Array;
      for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) - 0.002 * (gradient[i] as number);
    }
    model.parametersChanged();
    const second = await model.atSftGradients(samples, options);
    expect(second.loss).toBeLessThan(first.loss);
    expect(await model.visualEmbeddings(features as never)).not.toEqual(before);
  });

  test("heads agree with alarmStates, and do without alarm tokens", async () => {
    const model = tinyModel();
    const samples = await tinySamples(model);
    const { visualLogits, textualLogits } = await model.atSftGradients(samples, options);
    const states = await model.alarmStates(samples);
    states.visualLogits.forEach((value, i) => {
      expect(value).toBeCloseTo(visualLogits[i] as number, 4);
      expect(states.textualLogits[i]).toBeCloseTo(textualLogits[i] as number, 4);
    });
    const plain = model.prepareSample({
      prompt: await tinyPrompt(model, "a dog", { alarmTokens: false }),
      completion: "no",
    });
    const result = await model.atSftGradients([plain], options);
    expect(result.loss).toBeCloseTo(result.lossLm, 6);
    expect(result.visualLogits[0]).toBeNaN();
    await expect(model.alarmStates([plain])).rejects.toMatchObject({ code: "alarm-tokens-missing" });
  });
});

describe("policy", () => {
  test("the reference stays where the policy started", async () => {
    const model = tinyModel();
    const policy = model.policy({ groups: ["llm"] });
    const items = (await tinySamples(model)).map(({ prompt, completionIds }) => ({ prompt, tokenIds: completionIds }));
    const before = await policy.logProbs(items, { model: "policy" });
    const gradients = await policy.gradients(
      items,
      items.map(({ tokenIds }) => new Float64Array(tokenIds.length).fill(1)),
    );
    for (const [name, { data }] of policy.trainableParameters()) {
      const gradient = gradients.get(name) as Float32Array;
      for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 1e-3 * (gradient[i] as number);
    }
    policy.parametersChanged();
    const sum = (rows: readonly Float64Array[]): number =>
      rows.flatMap((row) => Array.from(row)).reduce((a, b) => a + b, 0);
    expect(sum(await policy.logProbs(items, { model: "policy" }))).toBeGreaterThan(sum(before));
    expect(await policy.logProbs(items, { model: "reference" })).toEqual(before);
  });

  test("refuses derivatives that do not fit, and groups it cannot train", async () => {
    const model = tinyModel();
    const prompt = await tinyPrompt(model, "a dog", { frames: 0 });
    const items = [{ prompt, tokenIds: Int32Array.of(1, 2) }];
    expect(() => model.policy({ groups: ["llm"] }).gradients(items, [new Float64Array(1)])).toThrow(/one derivative/);
    expect(() => model.policy({ groups: ["visionEncoder"] })).toThrow(/language model/);
  });
});
