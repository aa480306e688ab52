import * as z from "zod";
import { DEFAULT_REWARDS } from "../../compose/batch-scorer.js";
import { rewardItemSchema } from "../../compose/reward-item.js";

/** Body of `POST /v1/rewards`. */
export const rewardRequestSchema = z
  .strictObject({
    items: z.array(rewardItemSchema).describe("completions to judge; an empty list is answered with empty lists"),
    rewards: z
      .array(z.string().max(128))
      .min(1)
      .max(64)
      .default([...DEFAULT_REWARDS])
      .describe(
        "rewards by name, in the answer's order: accuracy, format, repetition, think-leakage, language-consistency, safe-completion, overlong where the server has its limits, and those of its reward module; /readyz lists them",
      ),
    weights: z.array(z.number()).max(64).optional().describe("one factor per reward, for the totals; default 1 each"),
    compat: z
      .enum(["strict", "vsr1"])
      .default("strict")
      .describe("vsr1: the authors' numbers, faults included; the first item's problem_type grades the whole list"),
    completion_prefix: z
      .string()
      .max(4096)
      .optional()
      .describe("what the prompts already hold of every completion, such as <think>; default: the server's setting"),
    details: z.boolean().default(false).describe("also answer every term behind a reward"),
    diagnostics: z.boolean().default(false).describe("also answer reward-hacking evidence over this list"),
  })
  .refine(({ rewards, weights }) => weights === undefined || weights.length === rewards.length, {
    message: "expected one weight for each reward",
    path: ["weights"],
  });

/** A parsed request. */
export type RewardRequest = z.infer<typeof rewardRequestSchema>;

const nullableNumber = z.number().nullable();

/** Answer of `POST /v1/rewards`. */
export const rewardResponseSchema = z.strictObject({
  rewards: z.array(z.array(nullableNumber)).describe("one list per item, in the order asked; null = unscorable"),
  total: z.array(nullableNumber).describe("weighted sum of what could be judged; null when nothing could"),
  unscorable: z
    .array(
      z.strictObject({ item: z.number().int(), id: z.string().optional(), reward: z.string(), reason: z.string() }),
    )
    .describe("why each null is null"),
  details: z
    .array(
      z.record(z.string(), z.strictObject({ parts: z.record(z.string(), z.number()), reason: z.string().nullable() })),
    )
    .optional()
    .describe("terms behind every reward, when asked for"),
  diagnostics: z.record(z.string(), z.unknown()).optional().describe("reward-hacking evidence, when asked for"),
});

/** An answer. */
export type RewardResponse = z.infer<typeof rewardResponseSchema>;

/** Body of `POST /v1/openrlhf` (OpenRLHF's remote reward model contract, 0.11). */
export const openRlhfRequestSchema = z.looseObject({
  query: z.array(z.string()).describe("prompt and response, special tokens included"),
  prompts: z.array(z.string()).default([]).describe("the prompts, to cut them off the queries; as many, or none"),
  labels: z
    .array(z.string().nullable())
    .describe('reference completions, or JSON {"solution", "problem_type"}; as many as queries'),
});

/** A parsed OpenRLHF request. */
export type OpenRlhfRequest = z.infer<typeof openRlhfRequestSchema>;

/** Answer of `POST /v1/openrlhf`. */
export const openRlhfResponseSchema = z.strictObject({
  rewards: z.array(z.number()).describe("totals; what could not be judged counts 0, because the contract has no null"),
  scores: z.array(z.number()).describe("totals over the largest possible total, in [0, 1]"),
  extra_logs: z
    .record(z.string(), z.array(z.number()))
    .describe("every reward, and unscorable = 1 for rows where one could not judge"),
});

/** An answer for OpenRLHF. */
export type OpenRlhfResponse = z.infer<typeof openRlhfResponseSchema>;

/** Body of every 4xx and 5xx answer. */
export const errorResponseSchema = z.strictObject({
  error: z.strictObject({
    code: z
      .string()
      .describe(
        "stable: invalid_request, unauthorized, not_found, method_not_allowed, timeout, too_large, unsupported_media_type, overloaded, headers_too_large, closing, internal",
      ),
    message: z.string(),
    issues: z
      .array(z.strictObject({ path: z.string().describe("e.g. items[3].completion"), message: z.string() }))
      .optional(),
  }),
});

/** An error on the wire. */
export type ErrorResponse = z.infer<typeof errorResponseSchema>;

/** A path of a zod issue as people write it: `items[3].completion`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    "",
  );
}
