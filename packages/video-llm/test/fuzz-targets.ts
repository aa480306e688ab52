import { readFileSync } from "node:fs";
import { AlarmTokensError } from "@videosafety/alarm-tokens";
import type { FuzzTarget } from "../../../fuzz.shared.js";
import { parsePeftConfig } from "../src/checkpoint/adapter/peft-config.js";
import { parseCheckpointConfig } from "../src/checkpoint/config/parse-config.js";
import { parsePreprocessor } from "../src/checkpoint/preprocessor/preprocessor-files.js";
import { VideoLlmError } from "../src/errors.js";
import { parseGenerationConfig } from "../src/generation/generation-config.js";
import { ChatTemplate } from "../src/prompt/chat-template.js";
import { TextTokenizer } from "../src/prompt/text-tokenizer.js";
import { tinyTokenizer } from "./tiny.js";

const golden = (path: string): string => readFileSync(new URL(`golden/${path}`, import.meta.url), "utf8");
const json = (path: string): unknown => JSON.parse(golden(path));
const qwen = parseCheckpointConfig(json("qwen2-vl/config.json")).config;
const tokenizer = new TextTokenizer(tinyTokenizer());
const conversation = [{ role: "user", content: "a question" }] as const;

/** Parsers of this package, as `pnpm fuzz` finds them. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "config.json",
    kind: "json",
    corpus: ["qwen2-vl", "videollama3-hf", "qwen2.5-vl", "qwen3-vl", "smolvlm2"].map((name) =>
      json(`${name}/config.json`),
    ),
    words: ["linear", "yarn", "mrope", "float16", "gelu", "sdpa"],
    refusals: [VideoLlmError],
    read: (value: unknown) => parseCheckpointConfig(value),
  },
  {
    name: "generation_config.json",
    kind: "json",
    corpus: [json("qwen2-vl/generation_config.json"), json("videollama3-hf/generation_config.json")],
    refusals: [VideoLlmError],
    read: (value: unknown) => parseGenerationConfig(value),
  },
  {
    name: "preprocessor files",
    kind: "json",
    corpus: [
      { image: json("qwen2-vl/preprocessor_config.json"), video: json("qwen2-vl/video_preprocessor_config.json") },
    ],
    refusals: [VideoLlmError],
    // The files are read one by one: what holds them is ours.
    read: (value: Parameters<typeof parsePreprocessor>[0]) => parsePreprocessor({ ...value }, qwen),
  },
  {
    name: "adapter_config.json",
    kind: "json",
    corpus: ["videollama3-q-v", "qwen2-vl-dora", "qwen2-vl-patterns"].map((name) =>
      json(`adapters/${name}/adapter_config.json`),
    ),
    refusals: [VideoLlmError],
    read: (value: Readonly<Record<string, unknown>>) =>
      parsePeftConfig(value, "adapter_config.json").module("model.q_proj"),
  },
  {
    name: "tokenizer.json",
    kind: "json",
    corpus: [tinyTokenizer()],
    words: ["BPE", "Metaspace", "ByteLevel", "(a+)+$", "<image>"],
    refusals: [VideoLlmError, AlarmTokensError],
    read: (value: ConstructorParameters<typeof TextTokenizer>[0]) => new TextTokenizer(value).encode("a question"),
  },
  {
    name: "chat templates",
    kind: "bytes",
    corpus: [
      golden("qwen2-vl/chat_template.jinja"),
      "{{ messages[0].content }}{% for i in range(3) %}{{ i }}{% endfor %}",
    ],
    words: [
      "{%",
      "%}",
      "{{",
      "}}",
      "for",
      "in range(999999999)",
      "endfor",
      "* 999999999",
      "|",
      ".constructor",
      "set x = x",
    ],
    refusals: [VideoLlmError],
    read: (bytes: Uint8Array) => ChatTemplate.of(new TextDecoder().decode(bytes), tokenizer).render(conversation, {}),
  },
];
