import { z } from "zod";
import { ConfigError } from "../errors.js";

/** What a checkpoint wants of generation unless the caller says otherwise. */
export interface GenerationDefaults {
  /** Ids that end a completion; undefined where the checkpoint names none: the tokenizer's then do. */
  readonly endIds?: readonly number[];
  /** Options of `generate` that its generation_config.json states. */
  readonly options: {
    readonly temperature?: number;
    readonly topP?: number;
    readonly topK?: number;
    readonly repetitionPenalty?: number;
    readonly maxCompletionLength?: number;
  };
  /** What the file asks for and is not computed, e.g. `num_beams 4`. */
  readonly notComputed: readonly string[];
}

const ids = () => z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]).nullish();
const schema = z.looseObject({
  eos_token_id: ids(),
  do_sample: z.boolean().nullish(),
  temperature: z.number().nullish(),
  top_k: z.number().nullish(),
  top_p: z.number().nullish(),
  repetition_penalty: z.number().positive().nullish(),
  max_new_tokens: z.int().positive().nullish(),
});

/** What drawing tokens needs of three keys, which say nothing where nothing is drawn: many files have a temperature of 0 there. */
const sampling = z.object({
  temperature: z.number().positive().nullish(),
  top_k: z.int().nonnegative().nullish(),
  top_p: z.number().positive().max(1).nullish(),
});

/** Keys that change what is generated and are not computed, with the values that change nothing. */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  num_beams: [1],
  num_beam_groups: [1],
  penalty_alpha: [0],
  dola_layers: [],
  diversity_penalty: [0],
  no_repeat_ngram_size: [0],
  encoder_no_repeat_ngram_size: [0],
  encoder_repetition_penalty: [1],
  min_length: [0],
  min_new_tokens: [0],
  bad_words_ids: [],
  force_words_ids: [],
  constraints: [],
  forced_bos_token_id: [],
  forced_eos_token_id: [],
  suppress_tokens: [],
  begin_suppress_tokens: [],
  sequence_bias: [],
  exponential_decay_length_penalty: [],
  guidance_scale: [1],
  stop_strings: [],
  token_healing: [false],
  watermarking_config: [],
};
/** The same, where tokens are drawn. */
const NEUTRAL_SAMPLING: Readonly<Record<string, readonly unknown[]>> = {
  min_p: [0],
  typical_p: [1],
  epsilon_cutoff: [0],
  eta_cutoff: [0],
  top_h: [1],
};
/** What transformers keeps of the distribution when it samples and the file does not say. */
const TOP_K_OF_TRANSFORMERS = 50;

/**
 * Reads a parsed generation_config.json as transformers 5.18 obeys it: `do_sample` false is greedy whatever temperature stands
 * beside it; with `do_sample` the missing values are 1, 50 and 1.
 *
 * @param json null where the checkpoint has no such file.
 * @param configEndIds end tokens of config.json, for a file without any.
 * @throws ConfigError naming each field that does not fit.
 */
export function parseGenerationConfig(
  json: unknown,
  configEndIds: readonly number[] = [],
  file = "generation_config.json",
): GenerationDefaults {
  const parsed = schema.safeParse(json ?? {});
  if (!parsed.success) throw new ConfigError(`${file}: ${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  const sampled = data.do_sample === true;
  const drawn = sampling.safeParse(data);
  if (sampled && !drawn.success)
    throw new ConfigError(`${file}: do_sample true with values that it cannot have\n${z.prettifyError(drawn.error)}`);
  const stated = data.eos_token_id == null ? configEndIds : [data.eos_token_id].flat();
  const kinds = sampled ? { ...NEUTRAL, ...NEUTRAL_SAMPLING } : NEUTRAL;
  const notComputed = Object.entries(kinds).flatMap(([key, neutral]) => {
    const value = data[key];
    const isEmpty = Array.isArray(value) && value.length === 0;
    const changes = value !== undefined && value !== null && !isEmpty && !neutral.includes(value);
    return changes ? [`${key} ${JSON.stringify(value)}`] : [];
  });
  return {
    ...(stated.length > 0 ? { endIds: stated } : {}),
    options: {
      ...(sampled
        ? { temperature: data.temperature ?? 1, topK: data.top_k ?? TOP_K_OF_TRANSFORMERS, topP: data.top_p ?? 1 }
        : {}),
      ...(data.repetition_penalty == null ? {} : { repetitionPenalty: data.repetition_penalty }),
      ...(data.max_new_tokens == null ? {} : { maxCompletionLength: data.max_new_tokens }),
    },
    notComputed,
  };
}
