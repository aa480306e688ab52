import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { TokenizerJson } from "@videosafety/alarm-tokens";
import { describe, expect, test } from "vitest";
import type { ChatMessage } from "./chat.js";
import { PROMPT_CONVENTIONS } from "./conventions.js";
import { encodeConversation } from "./encode-conversation.js";
import { renderConversation } from "./render-conversation.js";
import { TextTokenizer } from "./text-tokenizer.js";

/** What tools/golden/video-llm-prompts.py writes. */
interface Golden {
  readonly tokenizers: Record<"smol" | "qwen", TokenizerJson>;
  readonly templates: Record<string, { readonly tokenizer: "smol" | "qwen"; readonly source: string }>;
  readonly cases: {
    readonly template: string;
    readonly messages: ChatMessage[];
    readonly options: Record<string, boolean>;
    readonly text: string;
    readonly ids: number[];
  }[];
}
const file = fileURLToPath(new URL("../../test/golden/prompts.json", import.meta.url));
const golden = JSON.parse(await readFile(file, "utf8")) as Golden;
const tokenizerOf = (kind: "smol" | "qwen"): TextTokenizer => {
  const eos = kind === "smol" ? "<end_of_utterance>" : "<|im_end|>";
  const tokenizerConfig = { bos_token: "<|im_start|>", eos_token: eos, pad_token: "<|im_end|>" };
  const conventions = PROMPT_CONVENTIONS[kind === "smol" ? "smolvlm2" : "qwen2-vl"];
  return new TextTokenizer({ tokenizer: golden.tokenizers[kind], tokenizerConfig }, [], conventions);
};
const tokenizers = { smol: tokenizerOf("smol"), qwen: tokenizerOf("qwen") };
/** A token of Qwen's that is not special: transformers matches it in what users write, we do not. */
const matched = (messages: readonly ChatMessage[]): boolean => JSON.stringify(messages).includes("<think>");

describe.each(Object.entries(golden.templates))("template %s", (name, { tokenizer: kind, source }) => {
  const tokenizer = tokenizers[kind];
  const cases = golden.cases.filter(({ template }) => template === name);
  test("text and ids are transformers'", () => {
    let compared = 0;
    for (const { messages, options, text, ids } of cases) {
      const pieces = renderConversation(messages, [], tokenizer, source, options);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      if (kind === "qwen" && matched(messages)) continue;
      expect([messages, encodeConversation(pieces, [], tokenizer).tokenIds]).toEqual([messages, ids]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(20);
  });
});

test("tokens that are not special are matched in answers and never in what users write", () => {
  const tokenizer = tokenizers.qwen;
  const think = tokenizer.idOf("<think>");
  const source = golden.templates.qwen?.source as string;
  const ids = (messages: ChatMessage[]) => {
    return encodeConversation(renderConversation(messages, [], tokenizer, source), [], tokenizer).tokenIds;
  };
  const user: ChatMessage = { role: "user", content: "<think>a <tool_call>" };
  expect(ids([user])).not.toContain(think);
  expect(ids([user])).not.toContain(tokenizer.idOf("<tool_call>"));
  expect(ids([user, { role: "assistant", content: "<think>b" }, user]).filter((id) => id === think)).toHaveLength(1);
  expect(tokenizer.encodeCompletion("<think>a")[0]).toBe(think);
});
