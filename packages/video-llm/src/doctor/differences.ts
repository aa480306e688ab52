import type { VideoLlmConfig } from "../config/config.js";
import type { GenerationDefaults } from "../generation/generation-config.js";
import { PROMPT_CONVENTIONS } from "../prompt/conventions.js";
import type { TextTokenizer } from "../prompt/text-tokenizer.js";

/** What a model directory says, for comparing with what transformers makes of it. */
export interface ReadModel {
  /** As config.json states it. */
  readonly stated: VideoLlmConfig;
  /** Rows of the embedding table once the alarm tokens are in. */
  readonly vocabularySize: number;
  readonly tokenizer: TextTokenizer;
  readonly chatTemplate: string;
  readonly files: ReadonlyMap<string, string>;
  readonly generation: GenerationDefaults;
}

/** Sentences on what comes out other than in transformers, and on what no file says and is therefore the family's default. */
export function differences({
  stated,
  vocabularySize,
  tokenizer,
  chatTemplate,
  files,
  generation,
}: ReadModel): string[] {
  const found: string[] = [];
  const { family } = stated;
  const grown = vocabularySize - stated.vocabularySize;
  if (grown > 0)
    found.push(
      `the embedding table grows by ${grown} rows for the alarm tokens, which start as the mean of the others`,
    );
  if (chatTemplate === PROMPT_CONVENTIONS[family].chatTemplate)
    found.push("no file has a chat template: the family's is used");
  if (
    !["preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json"].some((name) =>
      files.has(name),
    )
  )
    found.push("no file has a preprocessor: the family's values are used");
  if (generation.endIds === undefined)
    found.push("neither generation_config.json nor config.json names end tokens: the tokenizer's are used");
  for (const option of generation.notComputed)
    found.push(`generation_config.json asks for ${option}, which is not computed`);
  const plain = (tokenizer.files.tokenizer.added_tokens ?? []).filter(({ special }) => !special).length;
  if (plain > 0)
    found.push(
      `${plain} added tokens that are not special are never matched in what users write; transformers matches them`,
    );
  if (family === "qwen2-vl" || family === "qwen2.5-vl")
    found.push(
      "text after a long video stands past its last time, as in the papers and transformers 4; transformers 5 counts from the larger side of a frame",
    );
  if (family === "qwen3-vl")
    found.push(
      "a video's frames have markers of their own and no outer pair, as in transformers 4.57; transformers 5.18 leaves the outer pair",
    );
  return found;
}
