import { createRng, createSession, type Feed } from "@videosafety/onnx-autodiff";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkGradients } from "../../test/check-gradients.js";
import { noiseVideo, TINY, temporaryDirectories, tinyModel, tinyQwen } from "../../test/tiny.js";
import { worst } from "../../test/worst.js";
import { sequenceCount } from "../graph/language-graph.js";
import { buildAtSftGraph, gradientOutput } from "../graph/training-graphs.js";
import {
  createVideoLlm,
  loadVideoLlm,
  type ParameterGroup,
  type PreparedSample,
  REQUIRED_TOKENS,
  saveVideoLlm,
  trainByteLevelBpe,
  type VideoLlm,
} from "../index.js";
import { PROMPT_CONVENTIONS } from "../prompt/conventions.js";
import { ParameterStore } from "../weights/parameter-store.js";
import { collate, planMicroBatches } from "./batch.js";
import { planPackedRuns } from "./packing.js";

const LANGUAGE: ParameterGroup[] = ["llm", "alarmTokens", "classifiers"];
const LAMBDAS = { lambdaVisual: 0.3, lambdaTextual: 0.2 };

/** Samples of very different lengths, on videos of one size (or none), some without alarm tokens. */
async function mixedSamples(model: VideoLlm, seed = 1): Promise<PreparedSample[]> {
  const sample = async (text: string, frames: number, completion: string, alarmTokens = true) => {
    const visual = frames === 0 ? null : await model.encodeVideo(noiseVideo(frames, 16, 24, seed + frames));
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: text }], visual, alarmTokens });
    return model.prepareSample({ prompt, completion, labels: { visual: 1, textual: 0 } });
  };
  return Promise.all([
    sample("yes or no", 0, "no"),
    sample("what happens here? ".repeat(5), 3, "a person walks a dog in the park. ".repeat(2)),
    sample("what happens?", 2, "a dog"),
    sample("a dog", 0, "yes", false),
    sample("a person", 1, "a person walks"),
  ]);
}

const temporary = temporaryDirectories();

function expectSame(found: ReadonlyMap<string, Float32Array>, expected: ReadonlyMap<string, Float32Array>): void {
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, gradient] of expected) {
    const scale = Math.max(1, ...gradient.map(Math.abs));
    expect(worst(found.get(name) as Float32Array, gradient) / scale, name).toBeLessThan(1e-5);
  }
}

function tinySmol(packing: boolean): VideoLlm {
  const { markers, turnEnd } = PROMPT_CONVENTIONS.smolvlm2;
  const specialTokens = [...REQUIRED_TOKENS, turnEnd, ...markers];
  return createVideoLlm({
    config: { ...TINY, family: "smolvlm2", mergeSize: 2, vision: { ...TINY.vision, imageSize: 16 } },
    tokenizer: { tokenizer: trainByteLevelBpe({ texts: ["User: a dog"], vocabularySize: 260, specialTokens }) },
    seed: 1,
    packing,
  });
}

/** The same model twice, padded and packed. */
const pairs: [string, (packing: boolean) => VideoLlm][] = [
  ["videollama3", (packing) => tinyModel({ packing })],
  ["weights fed", (packing) => tinyModel({ packing, maxConstantBytes: 0 })],
  ["smolvlm2", tinySmol],
  ["qwen2-vl", (packing) => tinyQwen("qwen2-vl", {}, { packing })],
  ["qwen2.5-vl", (packing) => tinyQwen("qwen2.5-vl", {}, { packing })],
];

describe.each(pairs)("packed runs equal padded ones: %s", (_name, make) => {
  test("losses, gradients, alarm states, log-probabilities, policy gradients, logits", async () => {
    const [padded, packed] = [make(false), make(true)];
    const samples = [await mixedSamples(padded), await mixedSamples(packed)] as const;
    for (const groups of [LANGUAGE, [...LANGUAGE, "projector", "visionEncoder"] as ParameterGroup[]]) {
      const expected = await padded.atSftGradients(samples[0], { groups, ...LAMBDAS });
      const found = await packed.atSftGradients(samples[1], { groups, ...LAMBDAS });
      for (const term of ["loss", "lossLm", "lossVisual", "lossTextual"] as const)
        expect(found[term]).toBeCloseTo(expected[term], 5);
      const known = (values: Float32Array) => values.filter((value) => !Number.isNaN(value));
      expect(known(found.visualLogits).length).toBe(4);
      expect(worst(known(found.visualLogits), known(expected.visualLogits))).toBeLessThan(1e-5);
      expect(worst(known(found.textualLogits), known(expected.textualLogits))).toBeLessThan(1e-5);
      expectSame(found.gradients, expected.gradients);
    }
    const alarmed = samples.map((list) => list.filter(({ prompt }) => prompt.alarmPositions !== null));
    const states = await padded.alarmStates(alarmed[0] as PreparedSample[]);
    const packedStates = await packed.alarmStates(alarmed[1] as PreparedSample[]);
    for (const name of ["visualHidden", "textualHidden", "visualLogits", "textualLogits"] as const)
      expect(worst(packedStates[name], states[name])).toBeLessThan(1e-5);

    const policies = [padded.policy({ groups: ["llm"] }), packed.policy({ groups: ["llm"] })] as const;
    const items = samples.map((list) => list.map(({ prompt, completionIds }) => ({ prompt, tokenIds: completionIds })));
    const logProbs = await policies[0].logProbs(items[0] as never, { model: "policy" });
    const packedLogProbs = await policies[1].logProbs(items[1] as never, { model: "policy" });
    logProbs.forEach((row, i) => {
      expect(worst(packedLogProbs[i] as Float64Array, row)).toBeLessThan(1e-5);
    });
    const coefficients = logProbs.map((row) => row.map((_, t) => Math.sin(t + 1)));
    expectSame(
      await policies[1].gradients(items[1] as never, coefficients),
      await policies[0].gradients(items[0] as never, coefficients),
    );
    const logits = await padded.logits(samples[0]);
    (await packed.logits(samples[1])).forEach((rows, i) => {
      expect(worst(rows, logits[i] as Float32Array)).toBeLessThan(2e-5);
    });
  });
});

test("adapters on a packed model get the gradients of a padded one", async () => {
  const results = [];
  for (const packing of [false, true]) {
    const model = tinyModel({ packing });
    model.addLora({ rank: 2, alpha: 4 }, 3);
    const rng = createRng(5);
    for (const { data } of model.trainableParameters(["lora"]).values())
      for (let i = 0; i < data.length; i++) data[i] = 0.1 * rng.normal();
    model.parametersChanged();
    const samples = await mixedSamples(model);
    results.push(await model.atSftGradients(samples, { groups: ["lora", "alarmTokens"], ...LAMBDAS }));
  }
  expectSame(results[1]?.gradients as never, results[0]?.gradients as never);
});

test("a frozen base of 8 bits, packed, gives its adapters the gradients of a padded run", async () => {
  const directory = await temporary();
  await saveVideoLlm(tinyModel(), directory);
  const results = [];
  for (const packing of [false, true]) {
    const model = await loadVideoLlm(directory, { precision: "int8", packing });
    model.addLora({ rank: 2, alpha: 4 }, 3);
    const samples = await mixedSamples(model);
    results.push(await model.atSftGradients(samples, { groups: ["lora", "alarmTokens", "classifiers"], ...LAMBDAS }));
    await model.dispose();
  }
  expect(results[1]?.loss).toBeCloseTo(results[0]?.loss as number, 5);
  expectSame(results[1]?.gradients as never, results[0]?.gradients as never);
});

describe("in float64", () => {
  let model: VideoLlm;
  let samples: PreparedSample[];
  beforeAll(async () => {
    model = tinyModel({ config: { layers: 2 } });
    samples = await mixedSamples(model);
  });
  afterAll(() => model.dispose());

  /** Feeds and view of some samples, padded or packed. */
  async function viewOf(chosen: readonly PreparedSample[], packing: boolean) {
    const store = new ParameterStore(model.tensors);
    const names = [...store.select(LANGUAGE).keys()];
    const plan = (packing ? planPackedRuns : planMicroBatches)(chosen, 4096, false);
    expect(plan.length).toBe(1);
    const { indices, length, packed } = plan[0] as (typeof plan)[number];
    const members = indices.map((i) => chosen[i] as PreparedSample);
    const embeddings = new Map(
      await Promise.all(
        members.flatMap(({ prompt }) => prompt.visual).map(async (v) => [v, await model.visualEmbeddings(v)] as const),
      ),
    );
    const visual = { embeddings: (v: never) => embeddings.get(v) as Float32Array };
    const batch = collate(members, length, model.config, visual as never, packed);
    const slots = sequenceCount(batch.shape);
    const alarmed = new Float32Array(slots).map((_, i) => (members[i]?.prompt.alarmPositions ? 1 : 0));
    const context = { config: model.config, store, shape: batch.shape, dtype: "float64" as const };
    const scalar = (value: number) => Float32Array.of(value);
    const tokens = batch.counts.reduce((a, b) => a + b, 0);
    const feeds: Record<string, Feed> = {
      ...batch.feeds,
      token_weights: new Float32Array(batch.lossRows).fill(1, 0, tokens),
      token_normalizer: scalar(tokens),
      visual_normalizer: scalar(3),
      textual_normalizer: scalar(3),
      lambda_visual: scalar(0.5),
      lambda_textual: scalar(0.25),
      visual_labels: alarmed,
      textual_labels: new Float32Array(slots),
      visual_label_mask: alarmed,
      textual_label_mask: alarmed,
    };
    return { view: buildAtSftGraph(context, batch.lossRows, names), store, feeds, names };
  }

  async function run(chosen: readonly PreparedSample[], packing: boolean): Promise<Map<string, Float64Array>> {
    const { view, store, feeds } = await viewOf(chosen, packing);
    const session = await createSession(view.graph, { threads: 1 });
    const inputs: Record<string, Feed> = {};
    for (const { name, dtype } of view.graph.inputs) {
      const feed = feeds[name as string] ?? (store.tensors.get(name as string)?.data as Float32Array);
      inputs[name as string] = dtype === "float64" ? Float64Array.from(feed as Float32Array) : feed;
    }
    const outputs = await session.run(inputs);
    await session.dispose();
    return new Map(Object.entries(outputs).map(([name, { data }]) => [name, data as Float64Array]));
  }

  test("property: any mix of lengths has the padded run's loss and gradients to 1e-10", async () => {
    const text = "what happens here? a person walks a dog in the park. ".repeat(6);
    const piece = fc.record({ prompt: fc.integer({ min: 1, max: 200 }), completion: fc.integer({ min: 1, max: 60 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 7 }), async (pieces) => {
        const chosen = pieces.map(({ prompt, completion }) =>
          model.prepareSample({
            prompt: model.preparePrompt({ messages: [{ role: "user", content: text.slice(0, prompt) }], visual: null }),
            completion: text.slice(0, completion),
          }),
        );
        const [padded, packed] = [await run(chosen, false), await run(chosen, true)];
        for (const name of ["loss", "lossLm", "lossVisual", "lossTextual"])
          expect(worst(packed.get(name) as Float64Array, padded.get(name) as Float64Array)).toBeLessThan(1e-10);
        for (const [name, values] of padded) {
          if (!name.startsWith(gradientOutput(""))) continue;
          const scale = Math.max(1, ...values.map(Math.abs));
          expect(worst(packed.get(name) as Float64Array, values) / scale, name).toBeLessThan(1e-10);
        }
      }),
      { numRuns: 6 },
    );
  });

  test("gradients with visual and alarm tokens agree with central differences", async () => {
    const { view, store, feeds } = await viewOf(samples, true);
    expect(await checkGradients(view, store, feeds)).toBeLessThan(1e-4);
  });
});

test("changing one sequence leaves the others' results as they were, to the bit", async () => {
  const model = tinyModel({ packing: true });
  const samples = await mixedSamples(model);
  const before = await model.logits(samples);
  for (const changed of samples.keys()) {
    const others = samples.map((sample, i) => {
      if (i !== changed) return sample;
      const tokenIds = sample.prompt.tokenIds.map((id) => (id < 200 ? (id + 7) % 200 : id));
      return { ...sample, prompt: { ...sample.prompt, tokenIds } };
    });
    const after = await model.logits(others);
    after.forEach((rows, i) => {
      if (i === changed) expect(worst(rows, before[i] as Float32Array)).toBeGreaterThan(1e-3);
      else expect(rows).toEqual(before[i]);
    });
  }
});
