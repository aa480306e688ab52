import { pathToFileURL } from "node:url";
import type { RewardFunctions } from "@videosafety/grpo/train";
import {
  accuracyReward,
  accuracyScore,
  formatReward,
  lintDra,
  namedRewards,
  type RewardExample,
  type RowReward,
  rewardFunction,
} from "@videosafety/rewards";
import { closest } from "../command/closest.js";
import { DefenseError } from "../errors.js";
import type { RunFile } from "../run-file/run-schema.js";

type Rewards = RunFile["rewards"];

/** Rewards of a run, opened. */
export interface StageRewards<Example extends RewardExample> {
  readonly functions: RewardFunctions<Example>;
  /** Weight by name. */
  readonly weights: Readonly<Record<string, number>>;
  /** Terms of the safety reward of one completion, `alpha` among them; empty for other problems. */
  partsOf(completion: string, example: RewardExample): Readonly<Record<string, number>>;
  /** What is doubtful about the weights, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * The rewards that a run file names: built-in ones and those of its modules.
 *
 * @throws DefenseError `invalid-run-file` for a name that is none, or a module without rewards
 */
export async function openRewards<Example extends RewardExample>(rewards: Rewards): Promise<StageRewards<Example>> {
  const { use, modules, compat, tokenizer, dra, overlong, completionPrefix } = rewards;
  const own: Record<string, RowReward> = {};
  for (const path of modules) Object.assign(own, await moduleRewards(path));
  const known = namedRewards({ accuracy: { tokenizer, dra }, overlong, rewards: own });
  const rows = { completionPrefix };
  const names = Object.keys(use);
  if (names.length === 0)
    throw new DefenseError("invalid-run-file", "rewards.use: expected at least one reward, found none");
  const functions = names.map((name) => {
    const reward = Object.hasOwn(known, name) ? known[name] : undefined;
    if (reward === undefined) {
      const near = closest(name, Object.keys(known));
      throw new DefenseError(
        "invalid-run-file",
        `rewards.use: unknown reward ${JSON.stringify(name)}; ${near === null ? `known: ${Object.keys(known).join(", ")}` : `did you mean ${near}?`}${name === "overlong" ? " (set rewards.overlong)" : ""}`,
      );
    }
    if (compat === "vsr1" && !Object.hasOwn(own, name)) {
      if (name === "accuracy") return [name, accuracyReward({ compat, dra }, rows)] as const;
      if (name === "format") return [name, formatReward({ compat }, rows)] as const;
    }
    return [name, rewardFunction(reward, rows)] as const;
  });
  return {
    functions: Object.fromEntries(functions) as RewardFunctions<Example>,
    weights: use,
    partsOf(completion, { solution, problemType }) {
      if (problemType !== "free-form-and-choice") return {};
      const row = { completion: completionPrefix + completion, solution, problemType };
      return accuracyScore(row, { tokenizer, dra }).parts;
    },
    warnings: Object.hasOwn(use, "accuracy") ? lintDra(dra) : [],
  };
}

async function moduleRewards(path: string): Promise<Record<string, RowReward>> {
  let module: { rewards?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { rewards?: unknown };
  } catch (cause) {
    throw new DefenseError("invalid-run-file", `rewards.modules: ${path}: ${(cause as Error).message}`, { cause });
  }
  const { rewards } = module;
  const named = typeof rewards === "object" && rewards !== null ? Object.entries(rewards) : [];
  if (named.length > 0 && named.every(([, reward]) => typeof reward === "function"))
    return Object.fromEntries(named) as Record<string, RowReward>;
  throw new DefenseError(
    "invalid-run-file",
    `rewards.modules: ${path}: expected an export \`rewards\`, an object of functions by name, found ${named.length === 0 ? "none" : "other values"}`,
  );
}
