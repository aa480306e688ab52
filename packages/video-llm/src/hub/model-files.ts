/** Small files that a model directory may have and that are read. */
const WANTED = new Set([
  ...["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"],
  ...["added_tokens.json", "chat_template.json", "chat_template.jinja", "preprocessor_config.json"],
  ...["video_preprocessor_config.json", "processor_config.json", "adapter_config.json"],
]);
/** Lists the shards of a checkpoint. */
export const INDEX_FILE = "model.safetensors.index.json";

/** The small files among those of a repository; subfolders are left out. */
export const smallFiles = (names: readonly string[]): string[] =>
  names.filter((name) => WANTED.has(name) || name === INDEX_FILE);

/** The files of weights among those of a repository: safetensors only, one whole file before those that an index names, as in transformers. */
export function weightFiles(names: readonly string[], index: unknown): string[] {
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  const named = typeof map === "object" && map !== null ? new Set<unknown>(Object.values(map)) : null;
  const safe = names.filter((name) => name.endsWith(".safetensors") && !name.includes("/"));
  if (named !== null && !safe.includes("model.safetensors")) return safe.filter((name) => named.has(name));
  return safe.filter((name) => name === "model.safetensors" || name === "adapter_model.safetensors");
}

/** Weights in formats that run code when read. */
export const pickles = (names: readonly string[]): string[] =>
  names.filter((name) => /\.(bin|pth?|ckpt|pkl)$/.test(name));
