import { describe, expect, test } from "vitest";
import { noiseVideo, TINY, tinyTokenizer } from "../../test/tiny.js";
import { createVideoLlm, loadVideoLlm, REQUIRED_TOKENS, trainByteLevelBpe } from "../index.js";
import { numberInWords, PROMPT_CONVENTIONS } from "../prompt/conventions.js";

const { markers, turnEnd } = PROMPT_CONVENTIONS.smolvlm2;
const vision = { ...TINY.vision, imageSize: 16 };
const tiny = () =>
  createVideoLlm({
    config: { ...TINY, family: "smolvlm2", mergeSize: 2, vision },
    tokenizer: {
      tokenizer: trainByteLevelBpe({
        texts: ["User: a dog"],
        vocabularySize: 260,
        specialTokens: [...REQUIRED_TOKENS, turnEnd, ...markers],
      }),
    },
    seed: 1,
  });

describe("SmolVLM2", () => {
  test("a fresh model trains in every group, and alarm tokens find their places in its prompts", async () => {
    const model = tiny();
    const visual = await model.encodeVideo(noiseVideo(2, 20, 30)); // squashed to 16 x 16: 4 tokens per frame
    expect(Array.from(visual.frameTokenCounts)).toEqual([4, 4]);
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: "a dog?" }], visual });
    const { tokenizer } = model;
    const positions = prompt.alarmPositions as { visual: number; textual: number };
    expect(positions.visual).toBe((prompt.visualPositions.at(-1) as number) + 1);
    expect(tokenizer.tokenOf(prompt.tokenIds[positions.textual + 1] as number)).toBe(turnEnd);
    const sample = model.prepareSample({ prompt, completion: "yes", labels: { visual: 1, textual: 1 } });
    expect(sample.completionIds.at(-1)).toBe(tokenizer.turnEndId);
    const groups = ["llm", "alarmTokens", "classifiers", "projector", "visionEncoder"] as const;
    const options = { groups, lambdaVisual: 0.1, lambdaTextual: 0.1 };
    const before = await model.atSftGradients([sample], options);
    for (const [name, { data }] of model.trainableParameters(groups)) {
      const gradient = before.gradients.get(name) as Float32Array;
      const moves = gradient.some((value) => value !== 0) || name.includes("k_proj.bias"); // softmax ignores a shift of all keys
      expect([name, moves]).toEqual([name, true]);
      for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) - 0.01 * (gradient[i] as number);
    }
    model.parametersChanged();
    expect((await model.atSftGradients([sample], options)).loss).toBeLessThan(before.loss);
  });

  test("refuses sizes that do not fit and tokenizers without its tokens", () => {
    const config = { ...TINY, family: "smolvlm2" as const, mergeSize: 3, vision };
    expect(() => createVideoLlm({ config, tokenizer: tinyTokenizer(), seed: 1 })).toThrowError();
    expect(() =>
      createVideoLlm({ config: { ...config, mergeSize: 2 }, tokenizer: tinyTokenizer(), seed: 1 }),
    ).toThrowError(/end_of_utterance/);
  });

  test("numbers are written as num2words writes them", () => {
    expect([0, 3, 13, 20, 42, 64, 100, 120, 305].map(numberInWords)).toEqual([
      "zero",
      "three",
      "thirteen",
      "twenty",
      "forty-two",
      "sixty-four",
      "one hundred",
      "one hundred and twenty",
      "three hundred and five",
    ]);
    expect(() => numberInWords(1000)).toThrowError(/0 to 999/);
  });

  test("is not taken for VideoLLaMA3", async () => {
    const model = await loadVideoLlm(new URL("../../test/golden/smolvlm2", import.meta.url).pathname);
    expect(model.config.family).toBe("smolvlm2");
    expect(
      [...model.tensors.keys()].some((name) => name.endsWith("q_proj.bias") && name.startsWith("model.layers")),
    ).toBe(false);
  });
});
