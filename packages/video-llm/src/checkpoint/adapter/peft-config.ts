import { z } from "zod";
import { CheckpointError } from "../../errors.js";
import type { AdaptedModule } from "../../weights/lora.js";

const patterns = z.record(z.string(), z.number()).nullish();
const schema = z.looseObject({
  peft_type: z.string(),
  r: z.int().positive().nullish(),
  lora_alpha: z.number().positive().nullish(),
  use_rslora: z.boolean().nullish(),
  rank_pattern: patterns,
  alpha_pattern: patterns,
  bias: z.string().nullish(),
  modules_to_save: z.array(z.string()).nullish(),
  ensure_weight_tying: z.boolean().nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
});

/** Keys that say nothing about what the stored tensors mean: where and how they were trained, and for which modules. */
const HARMLESS = new Set([
  ...["peft_type", "r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern", "bias", "init_lora_weights"],
  ...[
    "task_type",
    "base_model_name_or_path",
    "revision",
    "inference_mode",
    "lora_dropout",
    "auto_mapping",
    "peft_version",
  ],
  ...["target_modules", "exclude_modules", "modules_to_save", "layers_to_transform", "layers_pattern", "megatron_core"],
  "ensure_weight_tying",
  ...["eva_config", "lora_ga_config", "runtime_config", "qalora_group_size", "loftq_config"],
]);
/** Ways to start training that leave the base weights alone. The others change them (LoRA-GA and PiSSA too), and the adapter fits only those. */
const STARTS: readonly unknown[] = [undefined, null, true, false, "gaussian", "eva", "orthogonal"];
/** LoraConfig's own values of `r` and `lora_alpha`, for files that leave them out. */
const RANK = 8;
const ALPHA = 8;

/** What adapter_config.json says. */
export interface PeftConfig {
  /** `r`, `lora_alpha` and `use_rslora`. */
  readonly rank: number;
  readonly alpha: number;
  readonly useRslora: boolean;
  /** Trains this module apart from the output layer that is tied to it. */
  untied(module: string): boolean;
  /** Rank and alpha of a module by its full name in the base model, patterns applied. */
  module(name: string): AdaptedModule;
}

/**
 * Reads a parsed adapter_config.json of PEFT. Options that change what is computed and that are not computed here are
 * refused by name: DoRA, biases, other adapters than LoRA, starts that change the base.
 *
 * @throws CheckpointError `unsupported-adapter`, or `truncated` when it is not understood.
 */
export function parsePeftConfig(json: Readonly<Record<string, unknown>>, file: string): PeftConfig {
  const refuse = (found: string, next: string): never => {
    throw new CheckpointError("unsupported-adapter", `${file}: expected a LoRA adapter, found ${found}; ${next}`, {
      file,
    });
  };
  if (json.peft_type !== undefined && json.peft_type !== "LORA")
    refuse(`peft_type ${JSON.stringify(json.peft_type)}`, "merge it with PEFT's merge_and_unload");
  const parsed = schema.safeParse({ peft_type: "LORA", ...json });
  if (!parsed.success) throw new CheckpointError("truncated", `${file}: ${z.prettifyError(parsed.error)}`, { file });
  const { data } = parsed;
  for (const [key, value] of Object.entries(json)) {
    if (HARMLESS.has(key) || isOff(value)) continue;
    refuse(`${key} ${JSON.stringify(value)}`, "merge it with PEFT's merge_and_unload, or train without this option");
  }
  if ((data.bias ?? "none") !== "none") refuse(`bias "${data.bias}"`, "train with bias none, or merge it in PEFT");
  const start = data.init_lora_weights;
  if (!STARTS.includes(typeof start === "string" ? start.toLowerCase() : start))
    refuse(
      `init_lora_weights "${data.init_lora_weights}", which changes the base`,
      "convert it with PEFT's path_initial_model_for_weight_conversion",
    );
  const rank = data.r ?? RANK;
  const alpha = data.lora_alpha ?? ALPHA;
  return {
    rank,
    alpha,
    useRslora: data.use_rslora ?? false,
    untied: (module) => !data.ensure_weight_tying && (data.modules_to_save ?? []).includes(module),
    module(name) {
      const own = (pattern: Readonly<Record<string, number>> | null | undefined, otherwise: number): number =>
        Object.entries(pattern ?? {}).find(([key]) => matches(key, name, file))?.[1] ?? otherwise;
      return { rank: own(data.rank_pattern, rank), alpha: own(data.alpha_pattern, alpha) };
    },
  };
}

const isOff = (value: unknown): boolean =>
  value === null || value === false || (typeof value === "object" && Object.keys(value as object).length === 0);

/** PEFT's rule: the key, a regular expression, is the whole name or what follows one of its dots. */
function matches(key: string, name: string, file: string): boolean {
  try {
    return new RegExp(`^(?:(?:.*\\.)?(?:${key}))$`, "u").test(name);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new CheckpointError(
      "truncated",
      `${file}: expected patterns of module names, found ${JSON.stringify(key)}: ${(cause as Error).message}`,
      { file },
      { cause },
    );
  }
}
