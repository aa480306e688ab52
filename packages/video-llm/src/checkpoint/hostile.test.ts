import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryDirectories } from "../../test/tiny.js";
import { loadVideoLlm, VideoLlmError } from "../index.js";

const golden = (name: string): string => fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url));
const temporary = temporaryDirectories();
type Json = Record<string, unknown>;

/** A copy of a small checkpoint with one JSON file changed. */
async function changed(name: string, file: string, change: (json: never) => unknown): Promise<string> {
  const directory = await temporary();
  await cp(golden(name), directory, { recursive: true });
  const path = join(directory, file);
  const json = JSON.parse(await readFile(path, "utf8").catch(() => "{}"));
  const written = change(json as never);
  await writeFile(path, typeof written === "string" ? written : JSON.stringify(written));
  return directory;
}

/** Loads and answers; what it throws, and how long it took. */
async function attempt(directory: string): Promise<{ error: unknown; milliseconds: number; grown: number }> {
  const started = performance.now();
  const before = process.memoryUsage().rss;
  try {
    const model = await loadVideoLlm(directory);
    model.preparePrompt({ messages: [{ role: "user", content: `${"a ".repeat(30)}!` }], alarmTokens: false });
    return { error: undefined, milliseconds: performance.now() - started, grown: 0 };
  } catch (error) {
    return { error, milliseconds: performance.now() - started, grown: process.memoryUsage().rss - before };
  }
}

async function refused(directory: string, message: RegExp): Promise<void> {
  const { error, milliseconds, grown } = await attempt(directory);
  expect(error).toBeInstanceOf(VideoLlmError);
  expect((error as Error).message).toMatch(message);
  expect(milliseconds).toBeLessThan(45_000); // five seconds each, begun again where other processes have the processors
  expect(grown).toBeLessThan(600e6);
}

describe("sizes are capped against the tensors in the file", () => {
  const text = (change: Json) => (json: { text_config: Json }) => ({
    ...json,
    text_config: { ...json.text_config, ...change },
  });
  const vision = (change: Json) => (json: { vision_config: Json }) => ({
    ...json,
    vision_config: { ...json.vision_config, ...change },
  });
  test.each([
    ["layers", text({ num_hidden_layers: 1_000_000 }), /1000002 layers/],
    ["rows", text({ vocab_size: 1_000_000_000 }), /expects \[1000000000,32\]/],
    ["width", text({ intermediate_size: 1_000_000_000 }), /mlp/],
    ["vision layers", vision({ num_hidden_layers: 4_000_000 }), /4000002 layers/],
  ])("%s", async (_, change, message) => {
    await refused(await changed("videollama3-hf", "config.json", change as never), message);
  });
});

describe("tokenizer files", () => {
  const added = (tokens: unknown) => (json: Json) => ({ ...json, added_tokens: tokens });
  const token = { content: "<x>", special: true, normalized: false };
  test.each([
    ["an object of added tokens", added({}), /added_tokens/],
    ["null among added tokens", added([null]), /added_tokens/],
    ["a number of added tokens", added(5), /added_tokens/],
    [
      "an id of 30 million",
      (json: { added_tokens: Json[] }) => ({
        ...json,
        added_tokens: [...json.added_tokens, { ...token, id: 30_000_000 }],
      }),
      /found 30000000 for <x>/,
    ],
    ["a negative id", added([{ ...token, id: -1 }]), /added_tokens/],
    [
      "one id for two tokens",
      (json: { added_tokens: Json[] }) => ({
        ...json,
        added_tokens: [...json.added_tokens, { ...token, id: json.added_tokens[0]?.id }],
      }),
      /belongs to both/,
    ],
    ["a list", () => [], /found a list/],
    ["null", () => "null", /found null/],
    ["no model", (json: Json) => ({ ...json, model: null }), /model\.vocab/],
    [
      "a wild id in the vocabulary",
      (json: { model: { vocab: Json } }) => ({
        ...json,
        model: { ...json.model, vocab: { ...json.model.vocab, x: 3e7 } },
      }),
      /found 30000000 for x/,
    ],
    [
      "merges that are none",
      (json: { model: Json }) => ({ ...json, model: { ...json.model, merges: [null, 3] } }),
      /not understood/,
    ],
    ["an unknown pre-tokenizer", (json: Json) => ({ ...json, pre_tokenizer: { type: "Magic" } }), /Magic/],
    [
      "a pre-tokenizer that needs the place in the text",
      (json: Json) => ({ ...json, pre_tokenizer: { type: "Metaspace" } }),
      /Metaspace/,
    ],
    [
      "an expression without an end",
      (json: Json) => ({
        ...json,
        pre_tokenizer: { type: "Split", pattern: { Regex: "^((\\w|\\s)+)+$!" }, behavior: "Isolated", invert: false },
      }),
      /stopped after 5 seconds/,
    ],
    [
      "an expression that is none",
      (json: Json) => ({ ...json, pre_tokenizer: { type: "Split", pattern: { Regex: "(" }, behavior: "Isolated" } }),
      /not understood/,
    ],
    [
      "normalizers that double",
      (json: Json) => ({
        ...json,
        normalizer: {
          type: "Sequence",
          normalizers: Array.from({ length: 28 }, () => ({ type: "Replace", pattern: { String: "a" }, content: "aa" })),
        },
      }),
      /268435456 times as long/,
    ],
    [
      "an expression that inserts everywhere",
      (json: Json) => ({
        ...json,
        normalizer: { type: "Replace", pattern: { Regex: "" }, content: "a".repeat(100_000) },
      }),
      /times as long/,
    ],
    [
      "decoders that double",
      (json: Json) => ({
        ...json,
        decoder: {
          type: "Sequence",
          decoders: Array.from({ length: 28 }, () => ({ type: "Replace", pattern: { String: "a" }, content: "aa" })),
        },
      }),
      /times as long/,
    ],
  ])("%s", async (_, change, message) => {
    await refused(await changed("videollama3-hf", "tokenizer.json", change as never), message);
  });

  test.each([
    ["a list", () => [], /found a list/],
    ["a list of added tokens", () => ({ added_tokens_decoder: [null] }), /added_tokens_decoder/],
    [
      "another token for an id",
      (json: Json) => ({ ...json, added_tokens_decoder: { 301: { content: "<other>", special: true } } }),
      /keep one of them/,
    ],
    ["a template that is none", () => ({ chat_template: 7 }), /found number/],
  ])("tokenizer_config.json: %s", async (_, change, message) => {
    const directory = await changed("videollama3-hf", "tokenizer_config.json", change as never);
    await refused(directory, message);
  });

  test("tokens that only tokenizer_config.json lists are added", async () => {
    const directory = await changed("videollama3-hf", "tokenizer_config.json", () => ({
      added_tokens_decoder: { 309: { content: "<extra>", special: true, normalized: false } },
      eos_token: { content: "<|endoftext|>", lstrip: false },
    }));
    const { tokenizer } = await loadVideoLlm(directory);
    expect(tokenizer.encode("<extra>")).toEqual([309]);
    expect(tokenizer.endIds).toEqual([tokenizer.idOf("<|im_end|>"), tokenizer.idOf("<|endoftext|>")]);
  });

  test("templates by name: the default one", async () => {
    const named = [
      { name: "tool_use", template: "x" },
      { name: "default", template: "{{ messages[0]['content'] }}!" },
    ];
    const directory = await changed("videollama3-hf", "tokenizer_config.json", () => ({ chat_template: named }));
    expect((await loadVideoLlm(directory)).chatTemplate).toBe(named[1]?.template);
    const byName = { chat_template: { tool_use: "x", default: "{{ messages[0]['content'] }}?" } };
    await writeFile(join(directory, "chat_template.json"), JSON.stringify(byName));
    expect((await loadVideoLlm(directory)).chatTemplate).toBe(byName.chat_template.default);
    await writeFile(join(directory, "chat_template.json"), JSON.stringify({ chat_template: { tool_use: "x" } }));
    await refused(directory, /several without one named default/);
  });

  test("transformers' VideoLLaMA3 says beside its video processor whether tokens are compressed", async () => {
    const read = async (use_token_compression?: boolean) => {
      const change = (file: object) => ({
        ...file,
        ...(use_token_compression === undefined ? {} : { use_token_compression }),
      });
      return (await loadVideoLlm(await changed("videollama3-hf", "video_preprocessor_config.json", change))).config;
    };
    expect([await read(), await read(true), await read(false)].map((c) => c.useTokenCompression)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

test("a template that never ends is stopped when it is used, and typed", async () => {
  const directory = await changed(
    "videollama3-hf",
    "chat_template.jinja",
    () => "{% for i in range(200000000) %}x{% endfor %}",
  );
  await refused(directory, /chat template failed/);
});

test("byte order marks in any file are read", async () => {
  const directory = await temporary();
  await cp(golden("qwen2-vl"), directory, { recursive: true });
  for (const name of [
    "config.json",
    "tokenizer.json",
    "preprocessor_config.json",
    "generation_config.json",
    "chat_template.jinja",
  ]) {
    const path = join(directory, name);
    await writeFile(path, `\ufeff${await readFile(path, "utf8")}`);
  }
  await writeFile(join(directory, "tokenizer_config.json"), "\ufeff{}");
  const [plain, marked] = [await loadVideoLlm(golden("qwen2-vl")), await loadVideoLlm(directory)];
  const prompt = (model: typeof plain) =>
    model.preparePrompt({ messages: [{ role: "user", content: "a dog" }] }).tokenIds;
  expect(prompt(marked)).toEqual(prompt(plain));
});
