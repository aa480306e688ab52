import { join } from "node:path";
import type { TokenizerJson } from "@videosafety/alarm-tokens";
import { CheckpointError } from "../errors.js";
import { readJsonObject, readText } from "../files/read-json-node.js";
import type { TokenizerFiles } from "../prompt/tokenizer-files.js";

/**
 * Reads the files of a tokenizer. Tokens that only special_tokens_map.json names count as if tokenizer_config.json did.
 *
 * @throws CheckpointError
 */
export async function readTokenizerFiles(directory: string): Promise<Required<TokenizerFiles>> {
  const file = (name: string): string => join(directory, name);
  const none: Record<string, unknown> = {};
  const hint = `is ${directory} a model directory? Slow tokenizers are converted by transformers' AutoTokenizer and save_pretrained`;
  const tokenizer = (await readJsonObject(file("tokenizer.json"), { hint })) as unknown as TokenizerJson;
  const own = await readJsonObject(file("tokenizer_config.json"), { absent: none });
  const named = await readJsonObject(file("special_tokens_map.json"), { absent: none });
  const missing = Object.entries(named).filter(([key]) => key.endsWith("_token") && own[key] === undefined);
  return { tokenizer, tokenizerConfig: { ...own, ...Object.fromEntries(missing) } };
}

/**
 * The chat template: chat_template.jinja, chat_template.json, tokenizer_config.json else the family's. Where either of
 * the last two holds several by name, the one named default is taken.
 *
 * @throws CheckpointError for a template that is no text.
 */
export async function readChatTemplate(
  directory: string,
  tokenizerConfig: Readonly<Record<string, unknown>>,
  absent: string,
): Promise<string> {
  const jinja = await readText(join(directory, "chat_template.jinja"), { absent: null });
  if (jinja !== null) return jinja;
  const json = await readJsonObject(join(directory, "chat_template.json"), { absent: null });
  for (const template of [json?.chat_template, tokenizerConfig.chat_template]) {
    if (template === undefined || template === null) continue;
    const named = Array.isArray(template)
      ? template.find((entry: { name?: unknown } | null) => entry?.name === "default")?.template
      : typeof template === "object"
        ? (template as { default?: unknown }).default
        : template;
    if (typeof named === "string") return named;
    const found = typeof template === "object" ? "several without one named default" : typeof template;
    throw new CheckpointError("truncated", `${directory}: expected a chat template as a text, found ${found}`, {
      file: directory,
    });
  }
  return absent;
}
