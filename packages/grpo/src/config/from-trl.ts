import { GrpoConfigError } from "../errors.js";
import { type GrpoOptions, grpoConfigSchema, resolveGrpoConfig } from "./train-config.js";

/** Options of TRL that say where and how, not what is learned: they have no counterpart and are passed over. */
const PASSED_OVER = new Set([
  ..."output_dir run_name report_to logging_steps logging_first_step logging_strategy log_completions num_completions_to_print wandb_log_unique_prompts".split(
    " ",
  ),
  ..."bf16 fp16 tf32 gradient_checkpointing gradient_checkpointing_kwargs dataloader_num_workers remove_unused_columns ddp_timeout deepspeed fsdp".split(
    " ",
  ),
  ..."push_to_hub hub_model_id hub_strategy save_strategy eval_strategy do_eval do_train overwrite_output_dir disable_tqdm".split(
    " ",
  ),
]);
/** Counted together below. */
const BATCH = new Set([
  "per_device_train_batch_size",
  "gradient_accumulation_steps",
  "generation_batch_size",
  "steps_per_generation",
]);

/**
 * Our options from those of a TRL recipe (`GRPOConfig` as JSON or YAML, TRL 1.13's names). Batch sizes are turned into prompts: TRL counts
 * completions per device and pass, here an update has `promptsPerRollout * numGenerations / updatesPerRollout` of them, and `perDeviceTrainBatchSize` per pass.
 * `reward_weights` is a list in TRL: give the names of the rewards in their order.
 *
 * @param args one object of snake_case names
 * @param options.devices processes that TRL would run on; default 1
 * @throws GrpoConfigError naming every option that has no counterpart here and would change what is learned
 */
export function grpoOptionsFromTrl(
  args: Readonly<Record<string, unknown>>,
  { devices = 1, rewards }: { readonly devices?: number; readonly rewards?: readonly string[] } = {},
): GrpoOptions {
  const found: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(args)) {
    if (value === undefined || PASSED_OVER.has(name) || BATCH.has(name)) continue;
    const ours = name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    if (name === "reward_weights") {
      if (value !== null) found.rewardWeights = namedWeights(value, rewards);
    } else if (name === "lr_scheduler_type" && value === "constant_with_warmup") found.lrSchedulerType = "constant";
    else if (name === "max_steps" && value === -1) found.maxSteps = null;
    else if (Object.hasOwn(grpoConfigSchema.shape, ours)) found[ours] = value;
    else unknown.push(name);
  }
  if (unknown.length > 0)
    throw new GrpoConfigError(
      `these options of TRL have no counterpart here: ${unknown.sort().join(", ")}; leave them out if the run can do without`,
    );
  Object.assign(found, batchSizes(args, (found.numGenerations as number | undefined) ?? 8, devices));
  resolveGrpoConfig(found as GrpoOptions); // names what is out of range
  return found as GrpoOptions;
}

function namedWeights(value: unknown, rewards: readonly string[] | undefined): Record<string, number> {
  if (!Array.isArray(value) || rewards?.length !== value.length)
    throw new GrpoConfigError(
      `reward_weights ${JSON.stringify(value)} needs the names of as many rewards, found ${JSON.stringify(rewards ?? null)}`,
    );
  return Object.fromEntries(rewards.map((name, i) => [name, value[i] as number]));
}

/** TRL: generation_batch_size = per_device * devices * steps_per_generation, steps_per_generation = gradient_accumulation_steps by default. */
function batchSizes(args: Readonly<Record<string, unknown>>, numGenerations: number, devices: number): GrpoOptions {
  const count = (name: string, missing: number): number => {
    const value = args[name] ?? missing;
    if (Number.isInteger(value) && (value as number) >= 1) return value as number;
    throw new GrpoConfigError(`${name} is ${JSON.stringify(value)}, expected a whole number of at least 1`);
  };
  if (![...BATCH].some((name) => args[name] !== undefined && args[name] !== null)) return {};
  const perPass = count("per_device_train_batch_size", 8) * devices;
  const accumulation = count("gradient_accumulation_steps", 1);
  const generated = count("generation_batch_size", perPass * count("steps_per_generation", accumulation));
  const prompts = generated / numGenerations;
  const updates = generated / (perPass * accumulation);
  if (!Number.isInteger(prompts) || !Number.isInteger(updates))
    throw new GrpoConfigError(
      `${generated} completions are generated at a time: expected a multiple of num_generations (${numGenerations}) and of the ${perPass * accumulation} of an update`,
    );
  return { promptsPerRollout: prompts, updatesPerRollout: updates, perDeviceTrainBatchSize: perPass };
}
