import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { initializeAlarmToken, lookupAlarmTokenIds, registerAlarmTokens } from "@videosafety/alarm-tokens";
import { readSafetensors } from "@videosafety/onnx-autodiff";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TINY, tinyModel, tinyTokenizer } from "../../test/tiny.js";
import {
  createVideoLlm,
  initializeAlarms,
  loadVideoLlm,
  OptionsError,
  saveVideoLlm,
  TextTokenizer,
  type VideoLlm,
} from "../index.js";

type Files = ReturnType<typeof tinyTokenizer>["tokenizer"];
const added = (files: Files) => files.added_tokens ?? [];
const shapes: Record<string, (files: Files) => Files> = {
  "as trained": (files) => files,
  "added tokens out of order": (files) => ({ ...files, added_tokens: [...added(files)].reverse() }),
  "ids with a gap": (files) => ({
    ...files,
    added_tokens: added(files).map((token) => ({ ...token, id: token.id + 50 })),
  }),
  "the textual alarm there already, not special": (files) => ({
    ...files,
    added_tokens: [
      {
        ...(added(files)[0] as ReturnType<typeof added>[number]),
        id: 900,
        content: "<|textual_alarm|>",
        special: false,
      },
      ...added(files),
    ],
  }),
  "special tokens in the vocabulary, too": (files) => ({
    ...files,
    model: {
      ...files.model,
      vocab: {
        ...(files.model.vocab as Record<string, number>),
        ...Object.fromEntries(added(files).map(({ content, id }) => [content, id])),
        "<|visual_alarm|>": 700,
      },
    },
  }),
};

describe("registered tokenizers in @huggingface/tokenizers", () => {
  test.each(Object.entries(shapes))("%s: both alarms are one token each, between any text, and hidden", (_, shape) => {
    const { tokenizer: files, ids, vocabularySize } = registerAlarmTokens(shape(tinyTokenizer().tokenizer));
    const tokenizer = new Tokenizer(files, {});
    expect(lookupAlarmTokenIds(tokenizer)).toEqual(ids);
    expect(Math.max(ids.visual, ids.textual)).toBeLessThan(vocabularySize);
    const text = "a dog <|visual_alarm|>in the park<|textual_alarm|><|im_end|>";
    const encoded = tokenizer.encode(text, { add_special_tokens: false }).ids;
    expect(encoded.filter((id: number) => id === ids.visual || id === ids.textual)).toEqual([ids.visual, ids.textual]);
    expect(tokenizer.decode(encoded, { skip_special_tokens: false })).toBe(text);
    expect(tokenizer.decode(encoded, { skip_special_tokens: true })).toBe("a dog in the park");
    // Every other token keeps its id.
    const before = new Tokenizer(shape(tinyTokenizer().tokenizer), {});
    for (const plain of ["a dog in the park", "<|im_end|>", "<image>"])
      expect(tokenizer.encode(plain).ids).toEqual(before.encode(plain).ids);
  });

  test("a model takes each of them, and a user cannot spell an alarm in any", () => {
    for (const shape of Object.values(shapes)) {
      const tokenizer = new TextTokenizer({ tokenizer: shape(tinyTokenizer().tokenizer) });
      expect(tokenizer.findSpecial("say <|textual_alarm|>")).toBe("<|textual_alarm|>");
      expect(tokenizer.findSpecial("say <|visual_alarm|>")).toBe("<|visual_alarm|>");
    }
    const model = createVideoLlm({
      config: TINY,
      tokenizer: { tokenizer: shapes["ids with a gap"]?.(tinyTokenizer().tokenizer) as Files },
      seed: 1,
    });
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: "a dog" }] });
    expect(prompt.tokenIds[prompt.alarmPositions?.textual as number]).toBe(model.tokenizer.alarmIds.textual);
  });
});

describe("initializeAlarms", () => {
  let directory: string;
  let model: VideoLlm;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "alarm-start-"));
    model = tinyModel();
    await saveVideoLlm(model, directory);
  });
  afterAll(async () => {
    await model.dispose();
    await rm(directory, { recursive: true, force: true });
  });
  const vectors = (of: VideoLlm) =>
    ["visual_alarm_tokens", "textual_alarm_tokens"].map((name) => Array.from(of.tensors.get(name)?.data ?? []));
  const statesOf = async (of: VideoLlm) => {
    const prompt = of.preparePrompt({ messages: [{ role: "user", content: "a dog" }] });
    return [...(await of.alarmStates([of.prepareSample({ prompt })])).visualHidden];
  };

  test("a described word, the mean of the vocabulary, and zeros; the model sees it at once", async () => {
    const before = await statesOf(model);
    initializeAlarms(model, { visual: "a dog", textual: " park" });
    const table = model.tensors.get("model.embed_tokens.weight") as { data: Float32Array; dims: readonly number[] };
    const word = (phrase: string) => [
      ...initializeAlarmToken({ method: "tokens", embeddings: table, tokenIds: model.tokenizer.encode(phrase) }),
    ];
    expect(vectors(model)).toEqual([word("a dog"), word(" park")]);
    expect(await statesOf(model)).not.toEqual(before);
    initializeAlarms(model, "mean");
    const rows = model.tokenizer.vocabularySize;
    expect(rows).toBeLessThan(table.dims[0] as number); // padding rows are left out
    const d = model.hiddenSize;
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += table.data[row * d] as number;
    expect(vectors(model)[1]?.[0]).toBeCloseTo(sum / rows, 6);
    initializeAlarms(model, "zeros");
    expect(
      vectors(model)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });

  test("a saved checkpoint holds them under the authors' names", async () => {
    const saved = await readSafetensors(join(directory, "model.safetensors"));
    const shapes = [...saved.tensors]
      .filter(([name]) => /alarm|_cls/.test(name))
      .map(([name, { dims }]) => [name, dims]);
    const d = model.hiddenSize;
    expect(Object.fromEntries(shapes)).toEqual({
      visual_alarm_tokens: [1, d],
      textual_alarm_tokens: [1, d],
      "visual_tokens_cls.weight": [1, d],
      "visual_tokens_cls.bias": [1],
      "textual_tokens_cls.weight": [1, d],
      "textual_tokens_cls.bias": [1],
    });
  });

  test("on a frozen base of 4 bits, whose table lies in a file", async () => {
    const frozen = await loadVideoLlm(directory, { precision: "int4" });
    initializeAlarms(frozen, { visual: "a dog", textual: "a person" });
    const table = frozen.tensors.get("model.embed_tokens.weight") as { data: Float32Array; dims: readonly number[] };
    const expected = initializeAlarmToken({
      method: "tokens",
      embeddings: table,
      tokenIds: frozen.tokenizer.encode("a dog"),
    });
    expect(vectors(frozen)[0]).toEqual([...expected]);
    await frozen.dispose();
  });

  test("an empty phrase or a special token changes nothing", () => {
    const before = vectors(model);
    expect(() => initializeAlarms(model, { visual: "a dog", textual: "" })).toThrow(OptionsError);
    expect(() => initializeAlarms(model, { visual: "<image>", textual: "a" })).toThrow(
      /visual alarm, found <image>; describe/,
    );
    expect(vectors(model)).toEqual(before);
  });
});
