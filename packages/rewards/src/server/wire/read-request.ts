import type { z } from "zod";
import { DEFAULT_REWARDS } from "../../compose/batch-scorer.js";
import { type RewardItem, rewardItemSchema } from "../../compose/reward-item.js";
import { RequestError } from "../http/request-error.js";
import { checkJsonSize } from "./check-json.js";
import { itemsFromOpenRlhf } from "./openrlhf.js";
import { formatPath, openRlhfRequestSchema, type RewardRequest, rewardRequestSchema } from "./wire.js";

/** Which contract a body follows. */
export type RequestKind = "rewards" | "openrlhf";

/** What a request is held against. */
export interface RequestLimits {
  readonly maxItems: number;
  /** Most items times rewards. */
  readonly maxScores: number;
  /** Problem type of OpenRLHF rows whose label names none. */
  readonly openRlhfProblemType: string;
  /** What the prompts already hold of every completion, unless the request says otherwise. */
  readonly completionPrefix: string;
}

/** A request as it is judged. */
export type JudgedRequest = Omit<RewardRequest, "completion_prefix"> & { readonly completionPrefix: string };

/** Parses a body whose size was checked. @throws RequestError 400 and 413 */
export function parseJson(bytes: Uint8Array, { maxItems }: RequestLimits): unknown {
  checkJsonSize(bytes, { maxValues: 16 * maxItems + 1024, maxDepth: 16 });
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new RequestError(
      400,
      "invalid_request",
      `expected a body of JSON in UTF-8, found what cannot be read: ${error instanceof Error ? error.message.slice(0, 200) : ""}`,
    );
  }
}

/**
 * Reads a parsed body: counts before schemas, and items one after the other up to the first that is wrong.
 * @param names rewards that the server knows
 * @param checked the body has been through here before: its items are taken as they are
 * @throws RequestError 400 and 413
 */
export function readRequest(
  kind: RequestKind,
  body: unknown,
  names: readonly string[],
  limits: RequestLimits,
  checked = false,
): JudgedRequest {
  const request = kind === "rewards" ? readRewards(body, limits, checked) : readOpenRlhf(body, limits);
  const unknown = request.rewards.findIndex((name) => !names.includes(name));
  if (unknown >= 0)
    throw badField(
      `rewards[${unknown}]`,
      `expected one of ${names.join(", ")}, found ${JSON.stringify(request.rewards[unknown])}`,
    );
  const scores = request.items.length * request.rewards.length;
  if (scores > limits.maxScores)
    throw new RequestError(
      413,
      "too_large",
      `expected at most ${limits.maxScores} items times rewards, found ${scores}`,
    );
  return request;
}

function readRewards(body: unknown, limits: RequestLimits, checked: boolean): JudgedRequest {
  const items = listOf(body, "items", limits.maxItems);
  const { completion_prefix: prefix, ...envelope } = parse(rewardRequestSchema, { ...(body as object), items: [] });
  if (!checked) for (const [i, item] of items.entries()) parse(rewardItemSchema, item, ["items", i]);
  return { ...envelope, items: items as RewardItem[], completionPrefix: prefix ?? limits.completionPrefix };
}

function readOpenRlhf(body: unknown, limits: RequestLimits): JudgedRequest {
  const queries = listOf(body, "query", limits.maxItems).length;
  const labels = listOf(body, "labels", limits.maxItems).length;
  const prompts = listOf(body, "prompts", limits.maxItems, true).length;
  if (labels !== queries)
    throw badField(
      "labels",
      `expected one label for each of ${queries} queries, found ${labels}: a row without a reference cannot be judged`,
    );
  if (prompts !== queries && prompts !== 0)
    throw badField("prompts", `expected one prompt for each of ${queries} queries, or none, found ${prompts}`);
  return {
    items: itemsFromOpenRlhf(parse(openRlhfRequestSchema, body), limits.openRlhfProblemType),
    rewards: [...DEFAULT_REWARDS],
    compat: "strict",
    details: false,
    diagnostics: false,
    completionPrefix: limits.completionPrefix,
  };
}

function listOf(body: unknown, name: string, limit: number, optional = false): readonly unknown[] {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badField(
      "",
      `expected an object, found ${body === null ? "null" : Array.isArray(body) ? "a list" : typeof body}`,
    );
  const list = Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
  if (list === undefined && optional) return [];
  if (!Array.isArray(list)) throw badField(name, `expected a list, found ${list === undefined ? "none" : typeof list}`);
  if (list.length > limit)
    throw new RequestError(
      413,
      "too_large",
      `expected at most ${limit} ${name}, found ${list.length}: send fewer at a time`,
    );
  return list;
}

function parse<T>(schema: z.ZodType<T>, value: unknown, at: readonly PropertyKey[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 8)
    .map(({ path, message }) => ({ path: formatPath([...at, ...path]), message: message.slice(0, 300) }));
  throw new RequestError(400, "invalid_request", `${issues[0]?.path || "body"}: ${issues[0]?.message}`, issues);
}

const badField = (path: string, message: string): RequestError =>
  new RequestError(400, "invalid_request", `${path || "body"}: ${message}`, [{ path, message }]);
