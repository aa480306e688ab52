import { EndpointError } from "../errors.js";
import { asObject, asText, type Loose } from "../loose.js";
import { type Finish, type FinishReason, finishOf } from "./finish-reason.js";

/** A token with its natural log-probability; null where the server gives none, which is not probability 1. */
export interface TokenLogProb {
  /** The token's text. */
  readonly token: string;
  /** At most 0, or null. */
  readonly logprob: number | null;
}

/** A generated token and the candidates of its position. */
export interface GeneratedToken extends TokenLogProb {
  /** Candidates, best first as the server orders them; empty when not asked for. */
  readonly top: readonly TokenLogProb[];
}

/** One answer of a completion. */
export interface ChatChoice {
  /** Its place among the answers asked for. */
  readonly index: number;
  /** The message's text; "" when there is none. Refusals and reasoning stand beside it. */
  readonly text: string;
  /** The `refusal` member or refusal parts of the content; null when there are none. */
  readonly refusal: string | null;
  /** `reasoning_content`, `reasoning` or thinking parts; null when there are none. */
  readonly reasoning: string | null;
  /** Why it ended. */
  readonly finish: Finish;
  /** Generated tokens with log-probabilities; null when not given. */
  readonly tokens: readonly GeneratedToken[] | null;
  /** Ids of the generated tokens (vLLM's `return_token_ids`); null when not given. */
  readonly tokenIds: readonly number[] | null;
}

/** Token counts, each null where the server does not give it. */
export interface Usage {
  /** Of the prompt. */
  readonly promptTokens: number | null;
  /** Of all answers, reasoning included. */
  readonly completionTokens: number | null;
  /** Of both: as given, else their sum. */
  readonly totalTokens: number | null;
  /** Of the reasoning. */
  readonly reasoningTokens: number | null;
}

/** What a server said, read defensively. */
export interface ChatCompletion {
  /** At least one, by index. */
  readonly choices: readonly ChatChoice[];
  /** Token counts. */
  readonly usage: Usage | null;
  /** The model as the server names it; null when it does not. */
  readonly model: string | null;
  /** `system_fingerprint`; null when not given. */
  readonly fingerprint: string | null;
}

const logProb = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value <= 1e-3 ? Math.min(0, value) : null;

const token = (value: unknown): TokenLogProb => {
  const entry = asObject(value);
  return { token: asText(entry.token) ?? "", logprob: logProb(entry.logprob) };
};

function tokensOf(logprobs: unknown): GeneratedToken[] | null {
  const { content, tokens, token_logprobs, top_logprobs } = asObject(logprobs);
  if (Array.isArray(content))
    return content.map((entry) => {
      const top = asObject(entry).top_logprobs;
      return { ...token(entry), top: Array.isArray(top) ? top.map(token) : [] };
    });
  // The older form, parallel lists.
  if (!Array.isArray(tokens) || !Array.isArray(token_logprobs)) return null;
  return tokens.map((text, i) => ({
    token: asText(text) ?? "",
    logprob: logProb(token_logprobs[i]),
    top: Array.isArray(top_logprobs)
      ? Object.entries(asObject(top_logprobs[i])).map(([name, value]) => ({ token: name, logprob: logProb(value) }))
      : [],
  }));
}

/** Texts of a list of parts; `thinking` parts hold a list of their own. */
const joined = (parts: readonly Loose[], ...members: readonly string[]): string =>
  parts
    .map((part) => {
      const value = members.map((member) => part[member]).find((found) => found !== undefined && found !== null);
      return Array.isArray(value) ? joined(value.map(asObject), "text") : (asText(value) ?? "");
    })
    .join("");

function messageOf(message: Loose): Pick<ChatChoice, "text" | "refusal" | "reasoning"> {
  const parts = Array.isArray(message.content)
    ? message.content.map((part) => (typeof part === "string" ? { type: "text", text: part } : asObject(part)))
    : [];
  const ofType = (pattern: RegExp): Loose[] => parts.filter((part) => pattern.test(asText(part.type) ?? "text"));
  const details = Array.isArray(message.reasoning_details) ? message.reasoning_details.map(asObject) : [];
  const refusal = asText(message.refusal) || joined(ofType(/^refusal$/), "refusal", "text");
  const reasoning =
    asText(message.reasoning_content) ||
    asText(message.reasoning) ||
    joined(ofType(/^(thinking|reasoning)/), "thinking", "reasoning", "text") ||
    joined(details, "text", "summary");
  return {
    text: asText(message.content) ?? joined(ofType(/^(text|output_text)$/), "text"),
    refusal: refusal === "" ? null : refusal,
    reasoning: reasoning === "" ? null : reasoning,
  };
}

const count = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;

function usageOf(value: unknown): Usage | null {
  const usage = asObject(value);
  const promptTokens = count(usage.prompt_tokens);
  const completionTokens = count(usage.completion_tokens);
  const sum = promptTokens === null || completionTokens === null ? null : promptTokens + completionTokens;
  const totalTokens = count(usage.total_tokens) ?? sum;
  if (promptTokens === null && completionTokens === null && totalTokens === null) return null;
  const reasoningTokens = count(asObject(usage.completion_tokens_details).reasoning_tokens);
  return { promptTokens, completionTokens, totalTokens, reasoningTokens };
}

/**
 * Reads a chat completion.
 *
 * @throws {EndpointError} `invalid_response` when there is no choice or a choice has no message
 */
export function readCompletion(
  json: unknown,
  finishReasons: Readonly<Record<string, Exclude<FinishReason, "unknown">>> = {},
): ChatCompletion {
  const body = asObject(json);
  const found = (): string => (JSON.stringify(json) ?? "nothing").slice(0, 200);
  if (!Array.isArray(body.choices) || body.choices.length === 0)
    throw new EndpointError("invalid_response", `expected choices[0] in the completion, found ${found()}`);
  const choices = body.choices.map((value, place): ChatChoice => {
    const choice = asObject(value);
    const finish = finishOf(choice.finish_reason, finishReasons);
    // A blocked choice may come without a message.
    if (typeof choice.message !== "object" && finish.reason !== "blocked")
      throw new EndpointError("invalid_response", `expected choices[${place}].message, found ${found()}`);
    const ids = choice.token_ids;
    return {
      index: typeof choice.index === "number" ? choice.index : place,
      ...messageOf(asObject(choice.message)),
      finish,
      tokens: tokensOf(choice.logprobs),
      tokenIds: Array.isArray(ids) && ids.every(Number.isInteger) ? ids : null,
    };
  });
  return {
    choices: choices.sort((a, b) => a.index - b.index),
    usage: usageOf(body.usage),
    model: asText(body.model),
    fingerprint: asText(body.system_fingerprint),
  };
}
