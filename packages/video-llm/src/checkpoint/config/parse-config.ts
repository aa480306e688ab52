import { z } from "zod";
import { resolveConfig, type VideoLlmConfig } from "../../config/config.js";
import type { Naming } from "../../config/naming.js";
import { ConfigError } from "../../errors.js";
import type { CheckpointConfig } from "./config-contents.js";
import { type DecoderClassName, decoderFields } from "./decoder-fields.js";
import { sizeOr } from "./field-schemas.js";
import { visionFields } from "./vision-fields.js";

/** What a `model_type` of config.json means. */
interface ModelClass {
  readonly family: VideoLlmConfig["family"];
  /** Config class of the decoder. */
  readonly decoder: DecoderClassName;
  /** `model_type`s that text_config may have; the first one is the class's default. */
  readonly textTypes: readonly string[];
  /** Where the decoder's fields stand: flat, in text_config, or in either (Qwen2-VL as published, and as saved since). */
  readonly layout: "flat" | "nested" | "either";
}

const MODEL_CLASSES: Readonly<Record<string, ModelClass>> = {
  videollama3_qwen2: { family: "videollama3", decoder: "qwen2", textTypes: [], layout: "flat" },
  video_llama_3: { family: "videollama3", decoder: "qwen2", textTypes: ["qwen2"], layout: "nested" },
  smolvlm: { family: "smolvlm2", decoder: "llama", textTypes: ["llama"], layout: "nested" },
  qwen2_vl: {
    family: "qwen2-vl",
    decoder: "qwen2_vl_text",
    textTypes: ["qwen2_vl_text", "qwen2_vl"],
    layout: "either",
  },
  qwen2_5_vl: {
    family: "qwen2.5-vl",
    decoder: "qwen2_5_vl_text",
    textTypes: ["qwen2_5_vl_text", "qwen2_5_vl"],
    layout: "either",
  },
  qwen3_vl: {
    family: "qwen3-vl",
    decoder: "qwen3_vl_text",
    textTypes: ["qwen3_vl_text", "qwen3_vl"],
    layout: "nested",
  },
};

const tokenId = () => z.int().nonnegative().nullish();
const endIds = () => z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]).nullish();
const outerSchema = z.looseObject({
  model_type: z.string().nullish(),
  text_config: z.looseObject({ model_type: z.string().nullish(), eos_token_id: endIds() }).nullish(),
  tie_word_embeddings: z.boolean().nullish(),
  scale_factor: sizeOr(2),
  mm_projector_type: z.literal("mlp2x_gelu").nullish(),
  use_token_compression: z.boolean().nullish(),
  image_token_index: tokenId(),
  image_token_id: tokenId(),
  video_token_id: tokenId(),
  eos_token_id: endIds(),
});

/**
 * Reads a parsed config.json as transformers 5.18 resolves it: keys that are left out get the defaults of the class that
 * `model_type` names, old names are read beside new ones. `videollama3_qwen2` is VideoLLaMA3 as its authors published it,
 * `video_llama_3` as transformers has it. docs/checkpoints.md says for each key whether it is computed, refused or
 * irrelevant.
 *
 * @throws ConfigError naming each field that does not fit, and whatever would change numbers and is not computed.
 */
export function parseCheckpointConfig(json: unknown, file = "config.json"): CheckpointConfig {
  const parsed = outerSchema.safeParse(json);
  if (!parsed.success) {
    const object = typeof json === "object" && json !== null && !Array.isArray(json);
    throw new ConfigError(
      object ? `${file}: ${z.prettifyError(parsed.error)}` : `${file}: expected a JSON object, found ${typeName(json)}`,
    );
  }
  const outer = parsed.data;
  const type = outer.model_type ?? "(no model_type)";
  const known = Object.hasOwn(MODEL_CLASSES, type) ? MODEL_CLASSES[type] : undefined;
  if (known === undefined) {
    throw new ConfigError(
      `${file}: expected a model_type of ${Object.keys(MODEL_CLASSES).join(", ")}, found ${type}; load a checkpoint of one of these families`,
    );
  }
  const fail = (problem: string): never => {
    throw new ConfigError(`${file}: expected the config of a ${type} model, found\n${problem}`);
  };
  refuseQuantization(outer, fail);
  const nested = known.layout !== "flat" && outer.text_config != null;
  const { family } = known;
  const inText = (problem: string): never => fail(nested ? `text_config: ${problem}` : problem);
  const text: Record<string, unknown> = nested
    ? (outer.text_config as Record<string, unknown>)
    : known.layout === "nested"
      ? {}
      : outer;
  if (!nested && known.layout === "either" && outer.original_max_position_embeddings != null)
    fail(
      "original_max_position_embeddings beside rope_scaling, where it is not read in this layout; put it into rope_scaling",
    );
  const textType = nested ? outer.text_config?.model_type : undefined;
  if (textType != null && !known.textTypes.includes(textType))
    inText(`a decoder of model_type ${textType}, which is not computed: ${known.textTypes[0]} is`);
  const decoder = decoderFields(text, known.decoder, inText);
  const visionJson = known.layout === "flat" ? outer.vision_encoder_config : outer.vision_config;
  const vision = visionFields(visionJson, family, (problem) => fail(`vision_config: ${problem}`));
  if (vision.mergedWidth !== undefined && vision.mergedWidth !== decoder.sizes.hiddenSize) {
    fail(
      `vision_config that merges to ${vision.mergedWidth} features for a decoder of hidden_size ${decoder.sizes.hiddenSize}`,
    );
  }
  // Which of the two places counts differs by class.
  const ownTie = outer.tie_word_embeddings === true;
  const tied = family === "smolvlm2" || family === "qwen3-vl" ? ownTie : ownTie || decoder.tied;
  const mergeSize = family === "smolvlm2" ? outer.scale_factor : vision.mergeSize;
  const naming: Naming = nested || known.layout === "nested" ? "huggingface" : "original";
  const config = resolveConfig({
    family,
    ...decoder.sizes,
    tieWordEmbeddings: tied,
    useTokenCompression:
      family === "videollama3" && (known.layout === "nested" || outer.use_token_compression === true),
    ...(mergeSize === undefined ? {} : { mergeSize }),
    vision: vision.sizes,
  });
  const { image_token_index, image_token_id, video_token_id } = outer;
  const visual = [image_token_index ?? image_token_id, video_token_id].filter((id) => id != null && id >= 0);
  return {
    config,
    naming,
    visualTokenIds: visual as number[],
    endTokenIds: [outer.eos_token_id ?? outer.text_config?.eos_token_id ?? []].flat(),
  };
}

const typeName = (json: unknown): string => (json === null ? "null" : Array.isArray(json) ? "an array" : typeof json);

/** A quantised checkpoint holds codes where weights are expected. */
function refuseQuantization(outer: z.output<typeof outerSchema>, fail: (problem: string) => never): void {
  for (const [place, holder] of Object.entries({ "": outer, "text_config.": outer.text_config ?? {} })) {
    const found = holder.quantization_config ?? holder.compression_config;
    if (found === undefined || found === null) continue;
    const method = (found as { quant_method?: unknown }).quant_method;
    fail(
      `${place}quantization_config${typeof method === "string" ? ` of method ${method}` : ""}, which is not read; load the unquantised checkpoint with precision int8 or int4`,
    );
  }
}
