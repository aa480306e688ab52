import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectories, tinyModel, tinyPrompt } from "../../test/tiny.js";
import {
  ConfigError,
  loadVideoLlm,
  NumericsError,
  parseGenerationConfig,
  saveVideoLlm,
  type VideoLlm,
} from "../index.js";

/** Greedy tokens of a tied tiny model repeat themselves. */
const UNTIED = { config: { tieWordEmbeddings: false } };
const temporary = temporaryDirectories();

/** A tiny model whose directory has this generation_config.json. */
async function withGeneration(generation: object): Promise<VideoLlm> {
  const directory = await temporary();
  const model = tinyModel(UNTIED);
  await saveVideoLlm(model, directory);
  await writeFile(join(directory, "generation_config.json"), `\u{feff}${JSON.stringify(generation)}`);
  return loadVideoLlm(directory);
}

describe("generation_config.json is read as transformers obeys it", () => {
  test.each<[string, object, object]>([
    ["greedy, whatever stands beside it", { do_sample: false, temperature: 0.6, top_k: 20 }, {}],
    ["sampling, with transformers' own values", { do_sample: true }, { temperature: 1, topK: 50, topP: 1 }],
    [
      "sampling as Qwen2-VL's",
      { do_sample: true, repetition_penalty: 1.05, temperature: 0.1, top_k: 1, top_p: 0.001 },
      { temperature: 0.1, topK: 1, topP: 0.001, repetitionPenalty: 1.05 },
    ],
    ["lengths", { max_new_tokens: 7, max_length: 20 }, { maxCompletionLength: 7 }],
    ["nothing", {}, {}],
  ])("%s", (_, file, options) => {
    expect(parseGenerationConfig(file)).toMatchObject({ options, notComputed: [] });
    expect(parseGenerationConfig(file).options).toEqual(options);
  });

  test("end tokens: the file's, one or several, before config.json's", () => {
    expect(parseGenerationConfig({ eos_token_id: [5, 6] }, [7]).endIds).toEqual([5, 6]);
    expect(parseGenerationConfig({ eos_token_id: 5 }, [7]).endIds).toEqual([5]);
    expect(parseGenerationConfig({}, [7]).endIds).toEqual([7]);
    expect(parseGenerationConfig(null).endIds).toBeUndefined();
  });

  test("what is not computed is named, unless it changes nothing", () => {
    const neutral = { num_beams: 1, no_repeat_ngram_size: 0, bad_words_ids: null, suppress_tokens: [], typical_p: 0.5 };
    expect(parseGenerationConfig(neutral).notComputed).toEqual([]);
    const asked = { ...neutral, num_beams: 4, min_new_tokens: 3, do_sample: true };
    expect(parseGenerationConfig(asked).notComputed).toEqual(["num_beams 4", "min_new_tokens 3", "typical_p 0.5"]);
    // Where nothing is drawn, what drawing takes says nothing.
    const cold = { do_sample: false, temperature: 0, top_p: 0, top_k: -1 };
    expect(parseGenerationConfig(cold)).toEqual({ options: {}, notComputed: [] });
    expect(() => parseGenerationConfig({ ...cold, do_sample: true })).toThrow(/do_sample true[\s\S]*temperature/);
    expect(() => parseGenerationConfig({ temperature: "hot" })).toThrow(ConfigError);
    expect(() => parseGenerationConfig({ eos_token_id: -1 })).toThrow(/eos_token_id/);
  });
});

describe("a checkpoint's generation", () => {
  test("stops at its end tokens, draws and penalises as it says, and yields to the caller", async () => {
    const plain = tinyModel(UNTIED);
    const prompt = await tinyPrompt(plain, "what happens?", { frames: 0, alarmTokens: false });
    const options = { maxCompletionLength: 12, useGenerationConfig: false };
    const [[greedy] = []] = await plain.generate([prompt], options);
    const ids = Array.from(greedy?.tokenIds ?? []);
    const third = ids[2] as number;
    expect(ids.indexOf(third)).toBe(2);
    const model = await withGeneration({
      eos_token_id: [299, third],
      do_sample: true,
      temperature: 0.9,
      repetition_penalty: 1.3,
      max_new_tokens: 5,
    });
    const [[stopped] = []] = await model.generate([prompt], options);
    expect(Array.from(stopped?.tokenIds ?? [])).toEqual(ids.slice(0, ids.indexOf(third) + 1));
    expect(stopped?.finishReason).toBe("stop");
    const [[own] = []] = await model.generate([prompt], { seed: 3 });
    const same = { temperature: 0.9, topK: 50, topP: 1, repetitionPenalty: 1.3, maxCompletionLength: 5 };
    const [[told] = []] = await model.generate([prompt], { ...same, seed: 3, useGenerationConfig: false });
    expect(own).toEqual(told);
    const [[still] = []] = await model.generate([prompt], {
      temperature: 0,
      repetitionPenalty: 1,
      maxCompletionLength: 2,
    });
    expect(Array.from(still?.tokenIds ?? [])).toEqual(ids.slice(0, 2));
    // A policy's log-probabilities are those of the plain distribution, so it takes none of this.
    const policy = model.policy({ groups: ["llm"] });
    const [[drawn] = []] = await policy.generate([prompt], { maxCompletionLength: 2 });
    expect(Array.from(drawn?.tokenIds ?? [])).toEqual(ids.slice(0, 2));
  });

  test("refuses what is not computed until it is told to do without", async () => {
    const model = await withGeneration({ num_beams: 4 });
    const prompt = await tinyPrompt(model, "a dog", { frames: 0 });
    await expect(model.generate([prompt])).rejects.toThrow(/num_beams 4, which is not computed/);
    await expect(model.stream(prompt).next()).rejects.toMatchObject({ code: "invalid-options" });
    expect(await model.generate([prompt], { useGenerationConfig: false, maxCompletionLength: 1 })).toHaveLength(1);
  });

  test("broken weights are an error at the first token, not an answer", async () => {
    const model = tinyModel({ maxConstantBytes: 0 });
    (model.tensors.get("model.norm.weight")?.data as Float32Array)[3] = Number.NaN;
    const prompt = await tinyPrompt(model, "a dog", { frames: 0 });
    await expect(model.generate([prompt])).rejects.toThrow(NumericsError);
    await expect(model.stream(prompt).next()).rejects.toMatchObject({ code: "non-finite" });
    const sample = model.prepareSample({ prompt, completion: "yes" });
    await expect(model.logits([{ prompt, completionIds: sample.completionIds }])).rejects.toThrow(/finite logits/);
    await expect(model.alarmStates([sample])).rejects.toThrow(/finite alarm states/);
    const labelled = model.prepareSample({ prompt, completion: "yes", labels: { visual: 0, textual: 1 } });
    const terms = { groups: ["classifiers" as const], lambdaVisual: 0.1, lambdaTextual: 0.1 };
    await expect(model.atSftGradients([labelled], terms)).rejects.toThrow(NumericsError);
    const policy = model.policy({ groups: ["llm"] });
    const item = { prompt, tokenIds: sample.completionIds };
    await expect(policy.logProbs([item], { model: "policy" })).rejects.toMatchObject({ code: "non-finite" });
    const ones = [new Float64Array(sample.completionIds.length).fill(1)];
    await expect(policy.gradients([item], ones)).rejects.toThrow(/finite gradient of /);
  });
});
