import { expect, test } from "vitest";
import { noiseVideo, tinyModel, tinyQwen } from "../../test/tiny.js";
import { OptionsError, PromptError } from "../errors.js";
import { limitVisualTokens } from "./limit-visual-tokens.js";
import { DEFAULT_PREPROCESSOR } from "./preprocessor-config.js";
import { QWEN_VL_PREPROCESSOR, QWEN3_VL_PREPROCESSOR } from "./qwen-vl-published.js";

const question = [{ role: "user", content: "what happens?" }] as const;

test.each([
  ["videollama3", () => tinyModel()],
  ["qwen3-vl", () => tinyQwen("qwen3-vl")],
] as const)("%s: imported features answer bit for bit as those that were encoded here", async (_family, make) => {
  const model = make();
  const visual = await model.encodeVideo(noiseVideo(2, 16, 24));
  const stored = structuredClone(await model.exportFeatures(visual));
  const imported = make().importFeatures(stored);
  const logits = async (one: ReturnType<typeof make>, features: typeof visual) => {
    const prompt = one.preparePrompt({ messages: question, visual: features });
    return one.logits([{ prompt, completionIds: Int32Array.of(5, 6) }]);
  };
  const other = make();
  expect(await logits(other, other.importFeatures(stored))).toEqual(await logits(model, visual));
  expect(imported.patches.pixel_values.data.length).toBe(0);
});

test("imported features are refused after the vision encoder was trained, and where they do not fit", async () => {
  const model = tinyModel();
  const stored = await model.exportFeatures(await model.encodeVideo(noiseVideo(2, 16, 24)));
  const imported = model.importFeatures(stored);
  const [weights] = [...model.trainableParameters(["projector"]).values()];
  if (weights !== undefined) weights.data[0] = 1 + (weights.data[0] as number);
  model.parametersChanged();
  await expect(model.visualEmbeddings(imported)).rejects.toThrow(OptionsError);
  expect(() => tinyModel({ config: { hiddenSize: 64 } }).importFeatures(stored)).toThrow(PromptError);
  const cut = { ...stored, keptTokens: stored.keptTokens.slice(1) };
  expect(() => model.importFeatures(cut)).toThrow(/found embeddings/);
});

test("a bound on visual tokens reaches every family that has one, and never raises a limit", () => {
  const limited = limitVisualTokens(DEFAULT_PREPROCESSOR, { family: "videollama3" }, 200);
  expect([limited.minTokens, limited.maxTokens, limited.image?.maxTokens]).toEqual([16, 200, 200]);
  expect(limitVisualTokens(DEFAULT_PREPROCESSOR, { family: "videollama3" }, 1e6).maxTokens).toBe(16_384);
  const qwen2 = limitVisualTokens(QWEN_VL_PREPROCESSOR, { family: "qwen2-vl" }, 90);
  expect([qwen2.video?.contextTokens, qwen2.video?.maxTokens]).toEqual([100, 90]);
  const { video: _, ...without } = QWEN_VL_PREPROCESSOR; // frames then have qwen-vl-utils' limits, below those of images
  expect(limitVisualTokens(without, { family: "qwen2-vl" }, 1e6).video).toEqual(QWEN_VL_PREPROCESSOR.video);
  expect(limitVisualTokens(QWEN3_VL_PREPROCESSOR, { family: "qwen3-vl" }, 64).video?.maxTokens).toBe(64);
  expect(() => limitVisualTokens(DEFAULT_PREPROCESSOR, { family: "smolvlm2" }, 64)).toThrow(/fewer frames/);
  expect(() => limitVisualTokens(DEFAULT_PREPROCESSOR, { family: "videollama3" }, 0)).toThrow(OptionsError);
});
