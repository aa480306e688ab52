import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { pixels } from "../../test/formula-weights.js";
import { compareWide, wideCases } from "../../test/published-widths.js";
import { worst } from "../../test/worst.js";
import { loadVideoLlm } from "../index.js";

interface Case {
  readonly kind: "video" | "image" | "text";
  readonly frames: [number, number, number];
  readonly timestampsSeconds: number[];
  readonly question: string;
  readonly options: Record<string, boolean>;
  readonly grid?: number[];
  readonly mergeSize?: number;
  /** Grey levels of all patches, base64. */
  readonly pixels?: string;
  readonly embeddings?: number[];
  readonly inputIds: number[];
  readonly logits: number[];
  readonly greedy: number[];
}

/** Directories and values by tools/golden/video-llm-authors.py: the authors' remote code on transformers 4.46.3. */
describe.each(["2b", "7b"])("VideoLLaMA3-%s, few layers, by its authors' code", async (size) => {
  const directory = fileURLToPath(new URL(`../../test/golden/videollama3-authors-${size}`, import.meta.url));
  const { cases }: { cases: Case[] } = JSON.parse(await readFile(join(directory, "golden.json"), "utf8"));

  test.each(cases)("$kind $frames: pixels, ids, embeddings, logits, greedy tokens", async (golden) => {
    const model = await loadVideoLlm(directory);
    const { kind } = golden;
    const video = {
      ...pixels(golden.frames, { halves: true }),
      timestampsSeconds: Float64Array.from(golden.timestampsSeconds),
    };
    const visual = kind === "text" ? null : await model.encodeVideo(video, { kind });
    if (visual !== null) {
      expect(Array.from(visual.grid)).toEqual(golden.grid);
      expect(visual.mergeSize).toBe(golden.mergeSize);
      const grey = Float32Array.from(visual.patches.pixel_values.data, (value) => value * 127.5 + 127.5);
      expect(worst(grey, Buffer.from(golden.pixels as string, "base64"))).toBeLessThanOrEqual(1);
      const found = await model.visualEmbeddings(visual);
      const thinned = found.filter((_, i) => (i % model.config.hiddenSize) % 3 === 0);
      expect(worst(thinned, golden.embeddings as number[])).toBeLessThan(1e-4);
    }
    const prompt = model.preparePrompt({
      messages: [{ role: "user", content: golden.question }],
      visual,
      alarmTokens: false,
      templateOptions: golden.options,
    });
    expect(Array.from(prompt.tokenIds)).toEqual(golden.inputIds);
    const head = { ...prompt, tokenIds: prompt.tokenIds.slice(0, -1) };
    const last = golden.inputIds.at(-1) as number;
    const [logits = new Float32Array()] = await model.logits([{ prompt: head, completionIds: Int32Array.of(last, 0) }]);
    expect(worst(logits, golden.logits)).toBeLessThan(1e-4);
    const [[completion] = []] = await model.generate([prompt], { maxCompletionLength: golden.greedy.length });
    expect(Array.from(completion?.tokenIds ?? [])).toEqual(golden.greedy);
    await model.dispose();
  });
});

// The wider ones by bench/published-widths.ts.
test.each((await wideCases()).filter(({ name }) => name === "SmolVLM2-256M"))(
  "$name at its published width, one layer of each kind",
  async (golden) => {
    const root = await mkdtemp(join(tmpdir(), "video-llm-wide-"));
    const { logits, embeddings, greedyEqual } = await compareWide(golden, root);
    expect(logits).toBeLessThan(1e-4);
    expect(embeddings).toBeLessThan(1e-4);
    expect(greedyEqual).toBe(true);
    await rm(root, { recursive: true });
  },
  240_000,
);
