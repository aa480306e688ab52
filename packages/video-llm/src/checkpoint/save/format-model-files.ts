import type { Naming } from "../../config/naming.js";
import type { VideoLlm } from "../../model/video-llm.js";
import { formatCheckpointConfig } from "../config/format-config.js";
import { PROCESSOR_FILES } from "../kept-files-node.js";
import { formatPreprocessor } from "../preprocessor/preprocessor-files.js";

/** How weights are stored, for config.json. */
type StoredType = "float32" | "bfloat16";

/**
 * Texts of all files of a checkpoint but the weights, by name. In the layout that the model was loaded in they are the files it
 * was loaded from, with the sizes that changed; in another one, or for a fresh model, they are written anew so that
 * transformers' AutoProcessor and AutoModel read them.
 */
export function formatModelFiles(model: VideoLlm, naming: Naming, dtype: StoredType): Map<string, string> {
  const { tokenizer, files } = model;
  const same = naming === model.naming && files.has("config.json");
  const written = new Map<string, string>();
  for (const [name, text] of files) {
    const ofLayout = (PROCESSOR_FILES as readonly string[]).includes(name) || name.endsWith(".py");
    if (name !== "config.json" && (same || !ofLayout)) written.set(name, text);
  }
  const put = (name: string, value: object): unknown => written.set(name, `${JSON.stringify(value, null, 2)}\n`);
  const kept = same ? files.get("config.json") : undefined;
  put("config.json", kept === undefined ? freshConfig(model, naming, dtype) : resizedConfig(kept, model, dtype));
  if (!same)
    for (const [name, value] of Object.entries(formatPreprocessor(model.preprocessor, model.config, naming)))
      put(name, value);
  if (!written.has("generation_config.json")) put("generation_config.json", { eos_token_id: tokenizer.endIds });
  put("tokenizer.json", tokenizer.files.tokenizer);
  put("tokenizer_config.json", same ? tokenizer.files.tokenizerConfig : tokenizerConfig(model));
  written.set("chat_template.jinja", model.chatTemplate);
  return written;
}

function freshConfig(model: VideoLlm, naming: Naming, dtype: StoredType): object {
  const { tokenizer } = model;
  const markers = tokenizer.conventions.markers.map((token) => tokenizer.idOf(token));
  const ids = { image: tokenizer.imageId, video: tokenizer.videoId, end: tokenizer.endIds, markers };
  return { ...formatCheckpointConfig(model.config, naming, ids), torch_dtype: dtype };
}

/** The loaded config.json with what a load and a save change: rows for the alarm tokens, and the type of the weights. */
function resizedConfig(text: string, model: VideoLlm, dtype: StoredType): object {
  const config = JSON.parse(text) as Record<string, unknown>;
  const rows = model.config.vocabularySize;
  const nested = config.text_config;
  const retyped = (section: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(section).map(([key, value]) => [key, key === "torch_dtype" || key === "dtype" ? dtype : value]),
    );
  const resized = {
    ...retyped(config),
    ...("vocab_size" in config || nested === undefined ? { vocab_size: rows } : {}),
  };
  if (typeof nested !== "object" || nested === null) return resized;
  return { ...resized, text_config: { ...retyped(nested as Record<string, unknown>), vocab_size: rows } };
}

/** What AutoTokenizer and AutoProcessor need to know of a tokenizer.json. */
function tokenizerConfig({ tokenizer, config }: VideoLlm): object {
  const { image, video, turnEnd } = tokenizer.conventions;
  const end = tokenizer.tokenOf(tokenizer.endIds.at(-1) as number);
  const videoToken = config.family === "videollama3" ? tokenizer.tokenOf(tokenizer.videoId) : video;
  const visual = { image_token: image, ...(videoToken === undefined ? {} : { video_token: videoToken }) };
  const smol = {
    fake_image_token: "<fake_token_around_image>",
    global_image_token: "<global-img>",
    end_of_utterance_token: "<end_of_utterance>",
  };
  const extra = { ...visual, ...(config.family === "smolvlm2" ? smol : {}) };
  const named = { eos_token: turnEnd, pad_token: end, model_max_length: config.maxPositions };
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...named,
    ...extra,
    extra_special_tokens: extra,
    ...tokenizer.files.tokenizerConfig,
  };
}
