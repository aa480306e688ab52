import { createRng } from "@videosafety/onnx-autodiff";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tinyModel, tinyPrompt } from "../../test/tiny.js";
import { argmax, logSumExp, sampleToken } from "../index.js";

const texts = ["what happens here?", "a dog", "yes no yes no, a person in the park"];

describe("generate", () => {
  test("greedy tokens are the argmax of the full forward pass", async () => {
    const model = tinyModel();
    const prompts = await Promise.all(texts.map((text, i) => tinyPrompt(model, text, { frames: i, seed: i })));
    const completions = await model.generate(prompts, { maxCompletionLength: 12, stopTokenIds: [] });
    for (const [i, [completion]] of completions.entries()) {
      const ids = completion?.tokenIds as Int32Array;
      const [logits] = await model.logits([{ prompt: prompts[i] as never, completionIds: ids }]);
      const width = model.config.vocabularySize;
      const expected = Array.from(ids, (_, t) => argmax((logits as Float32Array).subarray(t * width, (t + 1) * width)));
      expect(Array.from(ids)).toEqual(expected);
    }
  });

  test("log-probabilities of rollouts equal logProbs, at any temperature, under every batching", async () => {
    const model = tinyModel();
    const policy = model.policy({ groups: ["llm"] });
    const prompts = await Promise.all(texts.map((text, i) => tinyPrompt(model, text, { frames: 3 - i, seed: i })));
    const sampling = { numGenerations: 4, maxCompletionLength: 10, temperature: 0.7, topP: 0.9, topK: 50, seed: 5 };
    const completions = await policy.generate(prompts, sampling);
    const items = completions.flatMap((group, p) =>
      group.map(({ tokenIds }) => ({ prompt: prompts[p] as never, tokenIds })),
    );
    const scored = await policy.logProbs(items, { model: "policy", temperature: 0.7 });
    completions.flat().forEach(({ logProbs }, i) => {
      logProbs.forEach((value, t) => {
        expect(Math.abs(value - (scored[i]?.[t] as number))).toBeLessThan(1e-5);
      });
    });
    const inPairs = await model.generate(prompts, { ...sampling, maxRows: 8 });
    expect(inPairs.map((group) => group.map(({ text }) => text))).toEqual(
      completions.map((group) => group.map(({ text }) => text)),
    );
  });

  test("completions end at stop tokens and at the length, and finished prompts leave the batch", async () => {
    const model = tinyModel();
    const prompts = await Promise.all(texts.map((text) => tinyPrompt(model, text, { frames: 1 })));
    const free = await model.generate(prompts, { maxCompletionLength: 9 });
    const stop = free[0]?.[0]?.tokenIds[2] as number;
    const stopped = await model.generate(prompts, { maxCompletionLength: 9, stopTokenIds: [stop] });
    stopped.forEach(([completion], i) => {
      const all = Array.from(free[i]?.[0]?.tokenIds as Int32Array);
      const end = all.indexOf(stop);
      expect(Array.from(completion?.tokenIds as Int32Array)).toEqual(end < 0 ? all : all.slice(0, end + 1));
      if (end >= 0) expect(completion?.finishReason).toBe("stop");
    });
  });

  test("a stream yields the tokens of generate, and its text adds up", async () => {
    const model = tinyModel();
    const prompt = await tinyPrompt(model, "a dog");
    const options = { maxCompletionLength: 12, temperature: 1, seed: 4 };
    const [[completion] = []] = await model.generate([prompt], options);
    const ids: number[] = [];
    let text = "";
    for await (const token of model.stream(prompt, options)) {
      ids.push(token.tokenId);
      text += token.text;
    }
    expect(ids).toEqual(Array.from(completion?.tokenIds as Int32Array));
    expect(text).toBe(completion?.text);
  });

  test("an abort signal stops generation with its reason", async () => {
    const model = tinyModel();
    const prompt = await tinyPrompt(model, "a dog", { frames: 0 });
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(model.generate([prompt], { signal: controller.signal })).rejects.toThrow("enough");
  });

  test.each([{ temperature: -1 }, { topP: 0 }, { topK: 1.5 }, { maxCompletionLength: 0 }, { numGenerations: 0 }])(
    "refuses %o",
    async (options) => {
      const model = tinyModel();
      const prompt = await tinyPrompt(model, "a dog", { frames: 0 });
      await expect(model.generate([prompt], options)).rejects.toMatchObject({ code: "invalid-options" });
    },
  );
});

describe("sampleToken", () => {
  const logits = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 40 });

  test("never leaves the top k, nor the nucleus", () => {
    const options = fc.record({
      temperature: fc.double({ min: 0.2, max: 3, noNaN: true }),
      topP: fc.double({ min: 0.05, max: 1, noNaN: true }),
      topK: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(logits, options, fc.integer({ min: 0, max: 1000 }), (values, given, seed) => {
        const { tokenId, logProb } = sampleToken(values, given, createRng(seed));
        const above = values.filter((value) => value > (values[tokenId] as number));
        if (given.topK > 0) expect(above.length).toBeLessThan(given.topK);
        const total = logSumExp(values, 1 / given.temperature);
        expect(logProb).toBeCloseTo((values[tokenId] as number) / given.temperature - total, 9);
        const kept = given.topK > 0 ? [...values].sort((a, b) => b - a).slice(0, given.topK) : values;
        const mass = (list: number[]): number =>
          list.reduce((sum, value) => sum + Math.exp(value / given.temperature - total), 0);
        expect(mass(above)).toBeLessThan(given.topP * mass(kept) + 1e-9);
      }),
    );
  });

  test("frequencies follow the softmax", () => {
    const rng = createRng(3);
    const counts = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const { tokenId } = sampleToken([0, Math.log(2), Math.log(5)], { temperature: 1, topP: 1, topK: 0 }, rng);
      counts[tokenId] = (counts[tokenId] as number) + 1;
    }
    // Standard error of a frequency is at most 0.0036 here.
    [1 / 8, 2 / 8, 5 / 8].forEach((expected, i) => {
      expect(Math.abs((counts[i] as number) / 20_000 - expected)).toBeLessThan(0.015);
    });
  });
});
