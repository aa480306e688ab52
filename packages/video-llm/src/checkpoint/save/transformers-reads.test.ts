import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { sampleModels } from "../../../test/sample-models.js";

/** What tools/golden/video-llm-saves.py writes: our saves, read by transformers. */
interface Read {
  readonly processor: string;
  readonly image_processor: string;
  readonly video_processor: string;
  readonly inputIds: number[];
  readonly missing: string[];
  readonly unexpected: string[];
  readonly logits: number[];
  readonly imageTokens: number;
}
const file = fileURLToPath(new URL("../../../test/golden/saves.json", import.meta.url));
const { models } = JSON.parse(await readFile(file, "utf8")) as { models: Record<string, Read> };
const KINDS: Record<string, [string, string, string]> = {
  videollama3: ["VideoLlama3Processor", "VideoLlama3ImageProcessor", "VideoLlama3VideoProcessor"],
  smolvlm2: ["SmolVLMProcessor", "SmolVLMImageProcessor", "SmolVLMVideoProcessor"],
  "qwen2-vl": ["Qwen2VLProcessor", "Qwen2VLImageProcessor", "Qwen2VLVideoProcessor"],
  "qwen2.5-vl": ["Qwen2_5_VLProcessor", "Qwen2VLImageProcessor", "Qwen2VLVideoProcessor"],
  "qwen3-vl": ["Qwen3VLProcessor", "Qwen2VLImageProcessor", "Qwen3VLVideoProcessor"],
};

test.each(Object.entries(sampleModels()))(
  "transformers read our %s: processor, template, ids and logits",
  async (name, model) => {
    const read = models[name] as Read;
    expect([read.processor, read.image_processor, read.video_processor]).toEqual(KINDS[name]);
    expect(read.missing).toEqual([]);
    const alarms = [...model.tensors].filter(([, { group }]) => group === "alarmTokens" || group === "classifiers");
    expect(read.unexpected).toEqual(alarms.map(([tensor]) => tensor).sort());
    // A fresh VideoLLaMA3 has one placeholder for images and videos, as its authors'; transformers' processor needs two.
    if (name !== "videollama3") expect(read.imageTokens).toBeGreaterThan(0);
    const prompt = model.preparePrompt({
      messages: [{ role: "user", content: "a dog in the park" }],
      alarmTokens: false,
    });
    expect(Array.from(prompt.tokenIds)).toEqual(read.inputIds);
    const [logits] = await model.logits([{ prompt, completionIds: Int32Array.of(0) }]);
    const worst = Math.max(...read.logits.map((value, i) => Math.abs(value - (logits?.[i] as number))));
    expect(worst).toBeLessThan(1e-4);
  },
);
