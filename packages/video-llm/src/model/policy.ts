import type { ParameterGroup } from "@videosafety/alarm-tokens";
import { OptionsError } from "../errors.js";
import type { Completion, GenerationOptions } from "../generation/generate.js";
import type { SequenceRunner } from "../passes/sequence-runner.js";
import type { PreparedPrompt } from "../prompt/prompt.js";
import type { LoraAdapters } from "../weights/lora.js";
import type { TrainableTensor } from "../weights/trainable-tensor.js";

/** A completion of a prompt: grpo's `PolicyItem`. */
export interface PolicyItem {
  /** What precedes. */
  readonly prompt: PreparedPrompt;
  /** Completion ids, end token included. */
  readonly tokenIds: Int32Array;
}

/** A model seen as a policy over completions: grpo's `Policy<PreparedPrompt>`. */
export interface VideoLlmPolicy {
  /** The live tensors of the trained groups. */
  trainableParameters(): ReadonlyMap<string, TrainableTensor>;
  /** Call after writing to them. */
  parametersChanged(): void;
  /** Completions [P][G]. */
  generate(prompts: readonly PreparedPrompt[], options: GenerationOptions): Promise<Completion[][]>;
  /** Log-probabilities of given completions under the policy, or under its reference (`PolicyOptions`). */
  logProbs(
    items: readonly PolicyItem[],
    options: { model: "policy" | "reference"; temperature?: number; signal?: AbortSignal },
  ): Promise<Float64Array[]>;
  /** Sum over items and tokens of dLossDLogProbs[i][t] times the gradient of that log-probability. */
  gradients(
    items: readonly PolicyItem[],
    dLossDLogProbs: readonly Float64Array[],
    options?: { temperature?: number; signal?: AbortSignal },
  ): Promise<ReadonlyMap<string, Float32Array>>;
}

/** What a policy trains, and what it is compared with. */
export interface PolicyOptions {
  /** Groups of the language model. */
  readonly groups: readonly ParameterGroup[];
  /**
   * What the reference is. "adapter-off": the model without its adapters, and with the weights that came with them as they
   * were before; as TRL has it for adapters that it made. "snapshot": the trained groups as they are now; as TRL 1.13
   * has it for adapters trained before. Other trained groups are a snapshot in either case. Default "adapter-off" where
   * `lora` is trained.
   */
  readonly reference?: "adapter-off" | "snapshot";
}

/** What a policy needs of its model. */
export interface PolicyModel {
  /** The adapters; null without. */
  readonly lora: LoraAdapters | null;
  /** The live tensors of some groups. */
  trainableParameters(groups: readonly ParameterGroup[]): ReadonlyMap<string, TrainableTensor>;
  /** Call after writing to them. */
  parametersChanged(): void;
  /** Completions [P][G]. */
  generate(prompts: readonly PreparedPrompt[], options?: GenerationOptions): Promise<Completion[][]>;
}

const sequencesOf = (items: readonly PolicyItem[]) =>
  items.map(({ prompt, tokenIds }) => ({ prompt, completionIds: tokenIds }));

/** Makes the policy; use `model.policy()`. The vision groups have no reference of their own and cannot be trained here. */
export function createPolicy(
  model: PolicyModel,
  runner: SequenceRunner,
  { groups, reference: kind = groups.includes("lora") ? "adapter-off" : "snapshot" }: PolicyOptions,
): VideoLlmPolicy {
  if (kind !== "adapter-off" && kind !== "snapshot")
    throw new OptionsError(`expected a reference of "adapter-off" or "snapshot", found ${JSON.stringify(kind)}`);
  if (kind === "adapter-off" && model.lora === null)
    throw new OptionsError(
      "expected a model with adapters for the reference without them, found none; call addLora first",
    );
  if (groups.includes("visionEncoder") || groups.includes("projector")) {
    throw new OptionsError(
      `expected groups of the language model for a policy, found ${groups.join(", ")}; train vision in an earlier stage`,
    );
  }
  const parameters = model.trainableParameters(groups);
  const reference = new Map<string, Float32Array>(Array.from(parameters, ([name, { data }]) => [name, data.slice()]));
  if (kind === "adapter-off") {
    for (const [name, { data }] of model.trainableParameters(["lora"]))
      if (name.endsWith("lora_B.weight")) reference.set(name, new Float32Array(data.length));
    for (const [name, data] of model.lora?.originals ?? []) reference.set(name, data);
  }
  return {
    trainableParameters: () => parameters,
    parametersChanged: () => model.parametersChanged(),
    generate: (prompts, options) => model.generate(prompts, { useGenerationConfig: false, ...options }),
    logProbs: (items, { model: which, temperature, signal }) =>
      runner.logProbs(sequencesOf(items), {
        temperature,
        signal,
        replacements: which === "reference" ? reference : undefined,
      }),
    gradients(items, dLossDLogProbs, options = {}) {
      const fits =
        items.length === dLossDLogProbs.length &&
        items.every((item, i) => item.tokenIds.length === dLossDLogProbs[i]?.length);
      if (!fits) throw new OptionsError("expected one derivative per completion token; lengths differ");
      return runner.policyGradients(sequencesOf(items), dLossDLogProbs, groups, options);
    },
  };
}
