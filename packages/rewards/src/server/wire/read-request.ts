import { RequestError } from "@videosafety/endpoint/server";
import * as z from "zod/v4/core";
import { DEFAULT_REWARDS } from "../../compose/batch-scorer.js";
import { type RewardItem, rewardItemSchema } from "../../compose/reward-item.js";
import { scanJson } from "./check-json.js";
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

/** What is asked of the items of a request. */
export type RequestEnvelope = Omit<RewardRequest, "items" | "completion_prefix"> & {
  readonly count: number;
  readonly completionPrefix: string;
  /** With vsr1 it grades every item. */
  readonly firstProblemType: string;
};

/** A body that was looked through: what is asked, and where its items are. */
export interface OpenedRequest {
  readonly envelope: RequestEnvelope;
  /** Start and end of each item in the body; null where the items are made of the whole body (OpenRLHF). */
  readonly ranges: Int32Array | null;
}

/** Reads UTF-8 and throws for other bytes. */
export type Decode = (bytes: Uint8Array) => string;

/**
 * Looks a body through: counts before schemas, and no item but the first is parsed.
 * @param names rewards that the server knows
 * @throws RequestError 400 and 413
 */
export function openRequest(
  kind: RequestKind,
  bytes: Uint8Array,
  names: readonly string[],
  limits: RequestLimits,
  decode: Decode,
): OpenedRequest {
  const opened = kind === "rewards" ? openRewards(bytes, limits, decode) : openOpenRlhf(bytes, limits, decode);
  const { rewards, count } = opened.envelope;
  const unknown = rewards.findIndex((name) => !names.includes(name));
  if (unknown >= 0)
    throw badField(
      `rewards[${unknown}]`,
      `expected one of ${names.join(", ")}, found ${JSON.stringify(rewards[unknown])}`,
    );
  if (count * rewards.length > limits.maxScores)
    throw new RequestError(
      413,
      "too_large",
      `expected at most ${limits.maxScores} items times rewards, found ${count * rewards.length}`,
    );
  return opened;
}

/**
 * Items [from, to) of a body that was looked through, one after the other up to the first that is wrong.
 * @throws RequestError 400
 */
export function readItems(
  bytes: Uint8Array,
  { ranges }: Pick<OpenedRequest, "ranges">,
  [from, to]: readonly [number, number],
  limits: RequestLimits,
  decode: Decode,
): RewardItem[] {
  if (ranges === null) return rlhfItems(parseJson(textOf(bytes, decode)), limits).slice(from, to);
  if (to === from) return [];
  const text = textOf(bytes.subarray(ranges[2 * from], ranges[2 * to - 1]), decode);
  const items = parseJson(`[${text}]`) as unknown[];
  if (items.length !== to - from) throw badField("items", `expected ${to - from} items there, found ${items.length}`);
  return items.map((item, i) => parse(rewardItemSchema, item, ["items", from + i]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(error);
  }
}

function textOf(bytes: Uint8Array, decode: Decode): string {
  try {
    return decode(bytes);
  } catch (error) {
    throw unreadable(error);
  }
}

const unreadable = (error: unknown): RequestError =>
  new RequestError(
    400,
    "invalid_request",
    `expected a body of JSON in UTF-8, found what cannot be read: ${error instanceof Error ? error.message.slice(0, 200) : ""}`,
  );

const jsonLimits = ({ maxItems }: RequestLimits) => ({ maxValues: 16 * maxItems + 1024, maxDepth: 16 });

function openRewards(bytes: Uint8Array, limits: RequestLimits, decode: Decode): OpenedRequest {
  const found = scanJson(bytes, jsonLimits(limits), "items");
  if (!found) {
    listOf(parseJson(textOf(bytes, decode)), "items", limits.maxItems); // says what is wrong
    throw badField("items", "expected one list of items, found none or several");
  }
  const { ranges, open, close } = found;
  const count = ranges.length / 2;
  if (count > limits.maxItems) throw tooMany("items", count, limits);
  // The whole but for its items.
  const rest = `${textOf(bytes.subarray(0, open + 1), decode)}${textOf(bytes.subarray(close), decode)}`;
  const { completion_prefix: prefix, items: _, ...envelope } = parse(rewardRequestSchema, parseJson(rest));
  const [first] = count === 0 ? [] : readItems(bytes, { ranges }, [0, 1], limits, decode);
  return {
    ranges,
    envelope: {
      ...envelope,
      count,
      completionPrefix: prefix ?? limits.completionPrefix,
      firstProblemType: first?.problem_type ?? "",
    },
  };
}

function openOpenRlhf(bytes: Uint8Array, limits: RequestLimits, decode: Decode): OpenedRequest {
  scanJson(bytes, jsonLimits(limits), "query");
  const items = rlhfItems(parseJson(textOf(bytes, decode)), limits);
  return {
    ranges: null,
    envelope: {
      count: items.length,
      rewards: [...DEFAULT_REWARDS],
      compat: "strict",
      details: false,
      diagnostics: false,
      completionPrefix: limits.completionPrefix,
      firstProblemType: items[0]?.problem_type ?? "",
    },
  };
}

function rlhfItems(body: unknown, limits: RequestLimits): RewardItem[] {
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
  return itemsFromOpenRlhf(parse(openRlhfRequestSchema, body), limits.openRlhfProblemType);
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
  if (list.length > limit) throw tooMany(name, list.length, { maxItems: limit });
  return list;
}

const tooMany = (name: string, count: number, { maxItems }: Pick<RequestLimits, "maxItems">): RequestError =>
  new RequestError(413, "too_large", `expected at most ${maxItems} ${name}, found ${count}: send fewer at a time`);

function parse<T>(schema: z.$ZodType<T>, value: unknown, at: readonly PropertyKey[] = []): T {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 8)
    .map(({ path, message }) => ({ path: formatPath([...at, ...path]), message: message.slice(0, 300) }));
  throw new RequestError(400, "invalid_request", `${issues[0]?.path || "body"}: ${issues[0]?.message}`, issues);
}

const badField = (path: string, message: string): RequestError =>
  new RequestError(400, "invalid_request", `${path || "body"}: ${message}`, [{ path, message }]);
