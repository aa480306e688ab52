import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { ContentPart, LoadOptions, PreparedPrompt, VideoLlm, VisualFeatures } from "../index.js";
import { loadVideoLlm } from "../index.js";
import { rotaryPositions } from "../prompt/rotary-positions.js";
import { originalName } from "../weights/parameters.js";

interface VisualPart {
  readonly kind: "image" | "video";
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  readonly shift: number;
  readonly framesPerSecond?: number;
}
interface Case {
  readonly name: string;
  readonly parts: readonly (string | VisualPart)[];
  readonly inputIds: number[];
  readonly positions: number[];
  readonly embeddings?: number[];
  readonly logits: number[];
  readonly logitRows: number;
  readonly greedy: number[];
}
/** What tools/golden/video-llm-qwen-vl.py writes beside a checkpoint saved by transformers 5.18. */
interface Golden {
  readonly cases: Case[];
  readonly gradients: {
    readonly case: number;
    readonly completion: number[];
    readonly loss: number;
    readonly tensors: Record<string, { step: number; values: number[] }>;
  };
}

/** The generator's frames: a ramp under a moving checkerboard. */
function pixels({ frames, height, width, shift }: VisualPart): Uint8Array {
  const data = new Uint8Array(frames * height * width * 3);
  let i = 0;
  for (let t = 0; t < frames; t++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) {
          const wave = (x * 5 + y * 3 + t * 17 + c * 40 + shift) % 510;
          const checker = ((Math.floor((x + t * 3 + shift) / 7) + Math.floor(y / 6)) % 2) * 60;
          data[i++] = Math.min(255, (wave < 256 ? wave : 509 - wave) + checker);
        }
  return data;
}

function encode(model: VideoLlm, part: VisualPart): Promise<VisualFeatures> {
  const { frames, height, width, kind, framesPerSecond = 1 } = part;
  const timestampsSeconds = Float64Array.from({ length: frames }, (_, t) => t / framesPerSecond);
  return model.encodeVideo(
    { frames: { data: pixels(part), dims: [frames, height, width, 3] }, timestampsSeconds },
    { kind },
  );
}

async function prepare(model: VideoLlm, { parts }: Case): Promise<PreparedPrompt> {
  const visual: VisualFeatures[] = [];
  const content: ContentPart[] = [];
  for (const part of parts) {
    if (typeof part === "string") content.push({ type: "text", text: part });
    else {
      content.push({ type: part.kind });
      visual.push(await encode(model, part));
    }
  }
  return model.preparePrompt({ messages: [{ role: "user", content }], visual, alarmTokens: false });
}

const maxError = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(found.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    worst = Math.max(worst, Math.abs((found[i] as number) - (expected[i] as number)));
  return worst;
};

async function lastLogits(model: VideoLlm, prompt: PreparedPrompt, rows: number): Promise<Float32Array> {
  const cut = prompt.tokenIds.length - rows + 1;
  const head = { ...prompt, tokenIds: prompt.tokenIds.slice(0, cut) };
  const [logits] = await model.logits([
    { prompt: head, completionIds: Int32Array.from([...prompt.tokenIds.subarray(cut), 0]) },
  ]);
  return logits as Float32Array;
}

const directoryOf = (family: string): string => fileURLToPath(new URL(`../../test/golden/${family}`, import.meta.url));
const goldenOf = async (family: string): Promise<Golden> =>
  JSON.parse(await readFile(join(directoryOf(family), "golden.json"), "utf8"));

describe.each(["qwen2-vl", "qwen2.5-vl", "qwen3-vl"] as const)("transformers' %s", (family) => {
  const check = async (options: LoadOptions): Promise<void> => {
    const [model, { cases }] = [await loadVideoLlm(directoryOf(family), options), await goldenOf(family)];
    expect(model.config.family).toBe(family);
    const prompts: PreparedPrompt[] = [];
    for (const golden of cases) {
      const prompt = await prepare(model, golden);
      prompts.push(prompt);
      expect([golden.name, Array.from(prompt.tokenIds)]).toEqual([golden.name, golden.inputIds]);
      const { ids } = rotaryPositions(prompt, model.config);
      expect([golden.name, Array.from(ids)]).toEqual([golden.name, golden.positions]);
      if (golden.embeddings) {
        const [visual] = prompt.visual as [VisualFeatures];
        expect(maxError(await model.visualEmbeddings(visual), golden.embeddings)).toBeLessThan(1e-4);
      }
      expect(maxError(await lastLogits(model, prompt, golden.logitRows), golden.logits)).toBeLessThan(1e-4);
    }
    // All prompts at once, then each alone.
    const generation = { maxCompletionLength: 12 };
    const together = await model.generate(prompts, generation);
    const tokens = together.map(([completion]) => Array.from(completion?.tokenIds ?? []));
    expect(tokens).toEqual(cases.map(({ greedy }) => greedy));
    for (const [i, prompt] of prompts.entries()) {
      const [[alone] = []] = await model.generate([prompt], generation);
      expect(Array.from(alone?.tokenIds ?? [])).toEqual(cases[i]?.greedy);
    }
    // Twice with the visual prefix kept: positions of what follows a cached video are those of the whole prompt.
    for (let round = 0; round < 2; round++) {
      const [[cached] = []] = await model.generate([prompts[0] as PreparedPrompt], {
        ...generation,
        reusePrefix: true,
      });
      expect(Array.from(cached?.tokenIds ?? [])).toEqual(cases[0]?.greedy);
    }
    await model.dispose();
  };

  test("ids, positions, visual embeddings, logits and greedy tokens of every kind of prompt agree", () => check({}));

  test("the same with the weights outside of the graphs, as large models have them", () =>
    check({ maxConstantBytes: 0 }));

  test("the same with packed runs", () => check({ packing: true }));

  test("the same with the checkpoint's own 16 bits mapped from its file", () => check({ precision: "bfloat16" }));

  test("gradients agree", async () => {
    const [model, { cases, gradients }] = [await loadVideoLlm(directoryOf(family)), await goldenOf(family)];
    const prompt = await prepare(model, cases[gradients.case] as Case);
    const sample = model.prepareSample({ prompt, completion: gradients.completion });
    const groups = ["llm", "projector", "visionEncoder"] as const;
    const found = await model.atSftGradients([sample], { groups, lambdaVisual: 0, lambdaTextual: 0 });
    expect(found.lossLm).toBeCloseTo(gradients.loss, 4);
    const compared = Object.entries(gradients.tensors).map(([name, { step, values }]) => {
      const gradient = found.gradients.get(originalName(name, family)) as Float32Array;
      const picked = values.map((_, i) => gradient[i * step] as number);
      const scale = Math.max(...gradient.map(Math.abs));
      expect([name, maxError(picked, values) / scale < 1e-3]).toEqual([name, true]);
      return originalName(name, family);
    });
    expect(compared.sort()).toEqual([...found.gradients.keys()].sort());
  });
});
