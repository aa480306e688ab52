import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadVideoLlm, saveVideoLlm, type VideoLlm } from "../index.js";

/** What tools/golden/video-llm*.py write beside a checkpoint saved by transformers 5.18. */
interface Golden {
  readonly frames: string;
  readonly dims: [number, number, number, number];
  readonly timestampsSeconds: number[];
  readonly question: string;
  readonly text: string;
  readonly inputIds: number[];
  readonly frameTokenCounts: number[];
  readonly embeddings: number[];
  readonly logits: number[];
  readonly logitRows: number;
  readonly greedy: number[];
  readonly penalized: number[];
}

const directoryOf = (name: string): string => fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url));
const goldenOf = async (name: string): Promise<Golden> =>
  JSON.parse(await readFile(join(directoryOf(name), "golden.json"), "utf8"));

const maxError = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(found.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    worst = Math.max(worst, Math.abs((found[i] as number) - (expected[i] as number)));
  return worst;
};

async function check(model: VideoLlm, golden: Golden): Promise<void> {
  const video = {
    frames: { data: new Uint8Array(Buffer.from(golden.frames, "base64")), dims: golden.dims },
    timestampsSeconds: golden.timestampsSeconds,
  };
  const visual = await model.encodeVideo(video);
  expect(Array.from(visual.frameTokenCounts)).toEqual(golden.frameTokenCounts);
  expect(maxError(await model.visualEmbeddings(visual), golden.embeddings)).toBeLessThan(1e-4);
  const prompt = model.preparePrompt({
    messages: [{ role: "user", content: golden.question }],
    visual,
    alarmTokens: false,
  });
  expect(Array.from(prompt.tokenIds)).toEqual(golden.inputIds);
  // The logits of the last positions of the prompt, read as if its last tokens were the completion.
  const cut = golden.inputIds.length - golden.logitRows + 1;
  const head = { ...prompt, tokenIds: prompt.tokenIds.slice(0, cut) };
  const [logits] = await model.logits([
    { prompt: head, completionIds: Int32Array.from([...golden.inputIds.slice(cut), 0]) },
  ]);
  expect(maxError(logits as Float32Array, golden.logits)).toBeLessThan(1e-4);
  const [[completion] = []] = await model.generate([prompt], { maxCompletionLength: golden.greedy.length });
  expect(Array.from(completion?.tokenIds ?? [])).toEqual(golden.greedy);
  const penalty = { maxCompletionLength: golden.greedy.length, repetitionPenalty: 1.8 };
  const [[penalized] = []] = await model.generate([prompt], penalty);
  expect(Array.from(penalized?.tokenIds ?? [])).toEqual(golden.penalized);
}

const families = [
  { name: "videollama3-hf", peer: "VideoLlama3ForConditionalGeneration", layouts: ["original", "huggingface"] },
  { name: "smolvlm2", peer: "SmolVLMForConditionalGeneration", layouts: ["huggingface"] },
] as const;

describe.each(families)("transformers' $peer", ({ name, layouts }) => {
  test("token ids, visual embeddings, logits and greedy generation agree", async () => {
    await check(await loadVideoLlm(directoryOf(name)), await goldenOf(name));
  });

  test("the same with the weights outside of the graphs, as large models have them", async () => {
    await check(await loadVideoLlm(directoryOf(name), { maxConstantBytes: 0 }), await goldenOf(name));
  });

  test("the same with packed runs", async () => {
    await check(await loadVideoLlm(directoryOf(name), { packing: true }), await goldenOf(name));
  });

  test.each(layouts)("the same after saving in the %s layout", async (naming) => {
    const model = await loadVideoLlm(directoryOf(name));
    const target = await mkdtemp(join(tmpdir(), "video-llm-"));
    await saveVideoLlm(model, target, { naming });
    const again = await loadVideoLlm(target);
    expect(again.naming).toBe(naming);
    await check(again, await goldenOf(name));
    await rm(target, { recursive: true });
  });
});
