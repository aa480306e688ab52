import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createVideoLlm,
  loadVideoLlm,
  PROMPT_CONVENTIONS,
  REQUIRED_TOKENS,
  saveVideoLlm,
  trainByteLevelBpe,
  type VideoLlm,
} from "@videosafety/video-llm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assembleModel } from "./assemble-node.js";
import { captionedFrame } from "./captions.js";
import { createEyes } from "./eyes.js";

const { turnEnd, markers } = PROMPT_CONVENTIONS.smolvlm2;
const TABLE = "model.embed_tokens.weight";

/** A text model as tools/convert-gguf.py leaves it: SmolVLM2's layout around a Llama decoder, here of two small layers. */
function textModel(): VideoLlm {
  const specialTokens = [...new Set([...REQUIRED_TOKENS, "<|im_start|>", "<|im_end|>", turnEnd, ...markers])];
  return createVideoLlm({
    config: {
      ...{
        family: "smolvlm2",
        hiddenSize: 32,
        intermediateSize: 64,
        layers: 2,
        heads: 4,
        keyValueHeads: 2,
        mergeSize: 2,
      },
      vision: { hiddenSize: 16, intermediateSize: 32, layers: 1, heads: 2, patchSize: 16, imageSize: 64 },
    },
    tokenizer: { tokenizer: trainByteLevelBpe({ texts: ["a plan for a garden"], vocabularySize: 270, specialTokens }) },
    seed: 3,
  });
}

describe("assembleModel", () => {
  const decoder = mkdtempSync(join(tmpdir(), "decoder-"));
  const text = textModel();
  const eyes = createEyes(1);
  let model: VideoLlm;
  beforeAll(async () => {
    await saveVideoLlm(text, decoder);
    writeFileSync(join(decoder, "tokenizer_config.json"), JSON.stringify({ eos_token: "<|im_end|>" }));
    model = await assembleModel(decoder, eyes, 1);
  });
  afterAll(() => rmSync(decoder, { recursive: true }));

  const rowOf = (of: VideoLlm, token: string): number[] => {
    const id = of.tokenizer.files.tokenizer.added_tokens?.find(({ content }) => content === token)?.id ?? Number.NaN;
    return [...(of.tensors.get(TABLE)?.data.subarray(32 * id, 32 * (id + 1)) ?? [])];
  };

  const same = (data: Float32Array, of: VideoLlm, name: string): boolean => {
    const other = of.tensors.get(name)?.data;
    return other !== undefined && data.length === other.length && data.every((value, i) => value === other[i]);
  };

  it("takes the decoder of the one and the encoder of the other, and keeps both", () => {
    let decoderTensors = 0;
    for (const [name, { data, group }] of model.tensors) {
      if (group === "visionEncoder") expect(same(data, eyes, name), name).toBe(true);
      if (group !== "llm" || name === TABLE) continue;
      expect(same(data, text, name), name).toBe(true);
      decoderTensors++;
    }
    expect(decoderTensors).toBe(2 * 9 + 1);
  });

  it("ends turns with the embedding of SmolLM2's own end, and gives what is new an embedding of the table's size", () => {
    expect(rowOf(model, turnEnd)).toEqual(rowOf(text, "<|im_end|>"));
    expect(rowOf(model, "<|im_end|>")).toEqual(rowOf(text, "<|im_end|>"));
    const size = (row: readonly number[]): number => Math.hypot(...row) / Math.sqrt(row.length);
    for (const token of [...markers, "<image>"]) {
      expect(size(rowOf(model, token)) / size([...(text.tensors.get(TABLE)?.data ?? [])])).toBeCloseTo(1, 0);
      expect(rowOf(model, token)).not.toEqual(rowOf(text, token));
    }
  });

  it("writes ChatML around frames and puts the alarms behind them, and what is saved answers the same", async () => {
    const { shown } = captionedFrame(1, "test");
    const messages = [{ role: "user" as const, content: "a plan for a garden" }];
    const ask = async (of: VideoLlm) => {
      const visual = await of.encodeVideo(shown);
      const prompt = of.preparePrompt({ messages, visual });
      const [[completion] = []] = await of.generate([prompt], { maxCompletionLength: 4 });
      return { prompt, ids: [...(completion?.tokenIds ?? [])] };
    };
    const { prompt, ids } = await ask(model);
    expect(prompt.visualPositions).toHaveLength(4);
    expect(prompt.alarmPositions?.visual).toBe((prompt.visualPositions.at(-1) as number) + 1);
    const saved = join(decoder, "saved");
    await saveVideoLlm(model, saved);
    const again = await loadVideoLlm(saved);
    expect((await ask(again)).ids).toEqual(ids);
    await model.dispose();
    await again.dispose();
  });

  it("names the weight that does not fit", async () => {
    await expect(assembleModel(decoder, text, 1)).rejects.toThrow(/expected .* to copy, found/);
  });
});
