import { z } from "zod";
import { isQwenVl, type VideoLlmConfig } from "../../config/config.js";
import { type RopeScaling, yarnAttentionFactor } from "../../config/rope-scaling.js";

const positive = () => z.number().positive().nullish();

/** What config.json says of rotary angles, new names (`rope_parameters`) and old (`rope_theta`, `rope_scaling`). */
const parametersSchema = z.looseObject({
  type: z.string().nullish(),
  rope_type: z.string().nullish(),
  rope_theta: positive(),
  factor: positive(),
  original_max_position_embeddings: positive(),
  low_freq_factor: positive(),
  high_freq_factor: positive(),
  attention_factor: positive(),
  beta_fast: positive(),
  beta_slow: positive(),
  mscale: z.number().nullish(),
  mscale_all_dim: z.number().nullish(),
  truncate: z.boolean().nullish(),
  partial_rotary_factor: positive(),
  mrope_section: z.array(z.int().nonnegative()).length(3).nullish(),
});

/** The fields of a decoder or vision encoder that say how it rotates. */
export const ropeSchema = z.looseObject({
  rope_theta: positive(),
  rope_scaling: parametersSchema.nullish(),
  rope_parameters: parametersSchema.nullish(),
  original_max_position_embeddings: positive(),
  partial_rotary_factor: positive(),
});

/** Resolved rotary settings. */
export interface RopeFields {
  /** Base of the angles. */
  readonly theta: number;
  /** How frequencies are stretched. */
  readonly scaling: RopeScaling;
  /** Rotary pairs that turn with time, row and column, where the file says so. */
  readonly sections: readonly number[] | undefined;
  /** Longest sequence: YaRN reaches `factor` times the original. */
  readonly maxPositions: number;
}

/**
 * Resolves rotary settings in the order of transformers 5.18 (`RotaryEmbeddingConfigMixin`): a non-empty `rope_scaling` before
 * `rope_parameters`; inside it `rope_type` before `type`; its `rope_theta` before the outer one, before the class's.
 *
 * @param fail throws a ConfigError with this problem.
 * @param plainTypes types that change nothing: `default`, and `mrope` or `axial` where a class has them.
 */
export function ropeFields(
  fields: z.output<typeof ropeSchema>,
  defaults: { readonly theta: number; readonly maxPositions: number; readonly plainTypes: readonly string[] },
  fail: (problem: string) => never,
): RopeFields {
  const given = [fields.rope_scaling, fields.rope_parameters].find((rope) => rope && Object.keys(rope).length > 0);
  const rope = given ?? parametersSchema.parse({});
  const perLayer = Object.keys(rope).find((key) => key.endsWith("_attention") && typeof rope[key] === "object");
  if (perLayer !== undefined) fail(`rope_parameters of their own for ${perLayer} layers, which are not computed`);
  const partial = rope.partial_rotary_factor ?? fields.partial_rotary_factor ?? 1;
  if (partial !== 1) fail(`partial_rotary_factor ${partial}, which is not computed: only 1 is`);
  const type = rope.rope_type ?? rope.type ?? "default";
  const { maxPositions } = defaults;
  const original = fields.original_max_position_embeddings ?? rope.original_max_position_embeddings ?? maxPositions;
  const need = (name: "factor" | "low_freq_factor" | "high_freq_factor"): number =>
    rope[name] ?? fail(`RoPE of type ${type} without ${name}`);
  const resolved = (scaling: RopeScaling, longest = maxPositions): RopeFields => ({
    theta: rope.rope_theta ?? fields.rope_theta ?? defaults.theta,
    scaling,
    sections: rope.mrope_section ?? undefined,
    maxPositions: longest,
  });
  if (defaults.plainTypes.includes(type)) return resolved({ type: "default" });
  switch (type) {
    case "linear":
    case "dynamic":
      return resolved({ type, factor: need("factor") });
    case "yarn": {
      const factor = rope.factor ?? maxPositions / original;
      const scaling: RopeScaling = {
        type,
        factor,
        originalMaxPositions: original,
        betaFast: rope.beta_fast ?? 32,
        betaSlow: rope.beta_slow ?? 1,
        attentionFactor: rope.attention_factor ?? yarnAttentionFactor(factor, rope.mscale, rope.mscale_all_dim),
        truncate: rope.truncate ?? true,
      };
      return resolved(scaling, Math.max(maxPositions, Math.floor(factor * original)));
    }
    case "llama3":
      return resolved({
        type,
        factor: need("factor"),
        originalMaxPositions: original,
        lowFrequencyFactor: need("low_freq_factor"),
        highFrequencyFactor: need("high_freq_factor"),
      });
    default:
      return fail(`RoPE of type ${type}, which is not computed; default, linear, dynamic, yarn and llama3 are`);
  }
}

/** `rope_theta` and `rope_scaling` that `ropeFields` reads back to the same settings. */
export function formatRope(
  config: Pick<VideoLlmConfig, "family" | "ropeTheta" | "ropeScaling" | "mropeSections">,
): Record<string, unknown> {
  const { ropeTheta, ropeScaling: scaling } = config;
  const interleaved = config.family === "qwen3-vl";
  const sections = isQwenVl(config)
    ? { mrope_section: config.mropeSections, ...(interleaved ? { mrope_interleaved: true } : {}) }
    : undefined;
  const stretched = formatScaling(scaling);
  if (stretched === null && sections === undefined) return { rope_theta: ropeTheta };
  // transformers 4 takes the plain kind of Qwen2-VL's positions by the name "mrope" only, and Qwen3-VL's by "default" only.
  const plain = interleaved ? { rope_type: "default" } : { type: "mrope" };
  const type = scaling.type === "default" ? plain : { type: scaling.type, rope_type: scaling.type };
  return { rope_theta: ropeTheta, rope_scaling: { ...type, ...stretched, ...sections } };
}

function formatScaling(scaling: RopeScaling): Record<string, unknown> | null {
  switch (scaling.type) {
    case "default":
      return null;
    case "linear":
    case "dynamic":
      return { factor: scaling.factor };
    case "yarn":
      return {
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalMaxPositions,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        attention_factor: scaling.attentionFactor,
        truncate: scaling.truncate,
      };
    case "llama3":
      return {
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalMaxPositions,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
      };
  }
}
