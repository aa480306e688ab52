import {
  chatCompletion as ask,
  displayUrl,
  type Endpoint,
  EndpointError,
  type FinishReason,
  requestJson,
} from "@videosafety/endpoint";
import { RequestError, type RequestErrorCode } from "../errors.js";
import type { Usage } from "../run/responder.js";

export type { ChatMessage, ContentPart } from "@videosafety/endpoint";

/** An OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, or a hosted one. The address is no part of any content key. */
export interface OpenAiEndpoint extends Endpoint {
  /** What the server calls `max_tokens`, e.g. `max_completion_tokens`. */
  readonly tokensField?: string;
}

/** A candidate of a position's log-probabilities. */
export interface TokenLogProb {
  /** The token's text. */
  readonly token: string;
  /** Its natural log-probability. */
  readonly logprob: number;
}

/** What the server said. */
export interface ChatCompletion {
  /** The message's text, or its refusal when there is no other; "" when there is none. */
  readonly text: string;
  /** What the server gave as reasoning beside the text; null when nothing. */
  readonly reasoning: string | null;
  /** Why the answer ended. `error` is thrown instead; `unknown` is for the caller to refuse. */
  readonly finishReason: FinishReason;
  /** The server's own word for it, or the filter's. */
  readonly finishNamed: string | null;
  /** Token counts; null where the server gives none. */
  readonly usage: Usage | null;
  /** Candidates for the first generated token; null when not asked for or not given. */
  readonly firstToken: readonly TokenLogProb[] | null;
}

const CODES: Readonly<Partial<Record<EndpointError["code"], RequestErrorCode>>> = {
  config: "bad_request",
  blocked: "bad_request",
  unsupported_parameter: "bad_request",
};

/** How to speak to servers that do not know a member, as a member of the configuration and as a flag. */
const HINTS: Readonly<Record<string, string>> = {
  max_tokens: "tokensField: max_completion_tokens (--max-tokens-field)",
  max_completion_tokens: "tokensField: max_tokens (--max-tokens-field)",
  temperature: "extraBody: { temperature: null } (--no-temperature)",
  top_p: "extraBody: { top_p: null } (--no-top-p)",
  seed: "extraBody: { seed: null } (--no-seed)",
};

/** The runner's error for a failed request; anything else is returned as it is. */
export function toRunnerError(error: unknown): unknown {
  if (!(error instanceof EndpointError)) return error;
  const { code, message, retryable, retryAfterSeconds, scope, parameter = "" } = error;
  const hint =
    code === "unsupported_parameter" ? (HINTS[parameter] ?? `extraBody: { "${parameter}": null }`) : undefined;
  const told = hint === undefined ? message : `${message}: ${hint}`;
  return new RequestError(CODES[code] ?? (code as RequestErrorCode), told, {
    retryable,
    fatal: scope === "endpoint",
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    cause: error,
  });
}

/** A request in the server's dialect. */
function spoken({ tokensField = "max_tokens" }: OpenAiEndpoint, body: Readonly<Record<string, unknown>>) {
  const { max_tokens, ...rest } = body;
  return max_tokens === undefined ? rest : { ...rest, [tokensField]: max_tokens };
}

/** The runner retries and bounds the time, so one try is made here, as long as the HTTP client lets it. */
const oneTry = (endpoint: OpenAiEndpoint): Endpoint => ({
  ...endpoint,
  retries: 0,
  timeoutSeconds: endpoint.timeoutSeconds ?? (endpoint.fetch === undefined ? 300 : 7 * 24 * 3600),
});

/**
 * One POST to `/chat/completions`, without retries: the runner retries. A prompt that a provider's filter refused is no
 * error but a completion with finish reason `blocked`.
 *
 * @throws {RequestError} typed for the runner: a wrong key, a missing model, an account without credit and a parameter the
 *   server does not know are fatal; rate limits carry the wait; an answer that ended by `error` or `abort` is `server_error`.
 */
export async function chatCompletion(
  endpoint: OpenAiEndpoint,
  body: Readonly<Record<string, unknown>>,
  options: { signal?: AbortSignal } = {},
): Promise<ChatCompletion> {
  const outcome = await ask(oneTry(endpoint), spoken(endpoint, body), options).catch((error: unknown) => {
    throw toRunnerError(error);
  });
  const nothing = { text: "", reasoning: null, usage: null, firstToken: null };
  if (outcome.kind === "blocked") return { ...nothing, finishReason: "blocked", finishNamed: outcome.filter };
  const [choice] = outcome.choices;
  if (choice === undefined) throw new RequestError("invalid_response", "expected an answer, found no choice");
  const { text, refusal, reasoning, finish, tokens } = choice;
  if (finish.reason === "error")
    throw new RequestError("server_error", `expected an answer, found finish reason ${finish.named}`);
  const { promptTokens = null, completionTokens = null } = outcome.usage ?? {};
  return {
    text: text === "" ? (refusal ?? "") : text,
    reasoning,
    finishReason: finish.reason,
    finishNamed: finish.named,
    usage: promptTokens === null ? null : { promptTokens, completionTokens: completionTokens ?? 0 },
    firstToken:
      tokens?.[0]?.top.flatMap(({ token, logprob }) => (logprob === null ? [] : [{ token, logprob }])) ?? null,
  };
}

/** What a server says about itself, for the environment of a report: `/models`, and vLLM's `/version`. Failures are "not given". */
export async function describeServer(endpoint: OpenAiEndpoint): Promise<Record<string, string>> {
  const quick: Endpoint = { ...endpoint, retries: 0, timeoutSeconds: 5, maxResponseBytes: 1_000_000 };
  const read = async (baseUrl: string, path: string): Promise<string> => {
    try {
      const { json } = await requestJson({ ...quick, baseUrl }, { path });
      return JSON.stringify(json).slice(0, 2000);
    } catch {
      return "not given";
    }
  };
  const [models, version] = await Promise.all([
    read(endpoint.baseUrl, "/models"),
    read(endpoint.baseUrl.replace(/\/v1\/*$/, ""), "/version"),
  ]);
  return { server: displayUrl(endpoint.baseUrl), models, version };
}
