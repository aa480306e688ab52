import { RequestError, type RequestErrorOptions } from "../errors.js";

/** An OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, or a hosted one. */
export interface OpenAiEndpoint {
  /** Address up to and with `/v1`. Not part of any content key. */
  readonly baseUrl: string;
  /** Bearer token. */
  readonly apiKey?: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the platform's fetch. */
  readonly fetch?: typeof fetch;
}

/** A part of a message. */
export type ContentPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } }
  | { readonly type: "video_url"; readonly video_url: { readonly url: string } };

/** A chat message. */
export interface ChatMessage {
  /** Who speaks. */
  readonly role: "system" | "user" | "assistant";
  /** Text or parts. */
  readonly content: string | readonly ContentPart[];
}

/** A candidate of a position's log-probabilities. */
export interface TokenLogProb {
  /** The token's text. */
  readonly token: string;
  /** Its natural log-probability. */
  readonly logprob: number;
}

/** What the server said, read defensively. */
export interface ChatCompletion {
  /** The message's text; "" when there is none. */
  readonly text: string;
  /** The server's finish reason, or "content_filter" for an error that says so. */
  readonly finishReason: string;
  /** Token counts; null where the server gives none. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number } | null;
  /** Candidates for the first generated token; null when not asked for or not given. */
  readonly firstToken: readonly TokenLogProb[] | null;
}

type Loose = { readonly [key: string]: unknown };

const asObject = (value: unknown): Loose => (typeof value === "object" && value !== null ? (value as Loose) : {});

/** Seconds of a Retry-After header: a number, or an HTTP date. */
export function retryAfterSeconds(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

const FILTER = /content[_ ]?(?:filter|policy|management)|safety[_ ]?(?:system|filter)|moderation/i;

function httpError(status: number, body: string, retryAfter: string | null): RequestError {
  const detail = `HTTP ${status}: ${body.slice(0, 300) || "(empty body)"}`;
  const make = (code: RequestError["code"], options: RequestErrorOptions = {}) =>
    new RequestError(code, detail, options);
  if (status === 401 || status === 403) return make("unauthorized", { fatal: true });
  if (status === 404) return make("bad_request", { fatal: true });
  if (status === 429) {
    if (/insufficient_quota/.test(body)) return make("unauthorized", { fatal: true });
    const seconds = retryAfterSeconds(retryAfter);
    return make("rate_limited", seconds === undefined ? {} : { retryAfterSeconds: seconds });
  }
  if (status === 408 || status === 504) return make("timeout");
  if (status >= 500) return make("server_error");
  return make("bad_request");
}

function messageText(message: Loose): string {
  if (typeof message.content === "string") return message.content;
  if (Array.isArray(message.content)) {
    return message.content.map((part) => String(asObject(part).text ?? "")).join("");
  }
  return typeof message.refusal === "string" ? message.refusal : "";
}

function readCompletion(body: string): ChatCompletion {
  let parsed: Loose;
  try {
    parsed = asObject(JSON.parse(body));
  } catch (cause) {
    throw new RequestError("invalid_response", `expected a JSON chat completion, found ${body.slice(0, 120)}`, {
      cause,
    });
  }
  const choices = parsed.choices;
  if (!Array.isArray(choices) || choices.length === 0) {
    throw new RequestError("invalid_response", `expected choices[0] in the completion, found ${body.slice(0, 200)}`);
  }
  const choice = asObject(choices[0]);
  const usage = asObject(parsed.usage);
  const position = asObject(choice.logprobs).content;
  const candidates = Array.isArray(position) ? asObject(position[0]).top_logprobs : undefined;
  return {
    text: messageText(asObject(choice.message)),
    finishReason: typeof choice.finish_reason === "string" ? choice.finish_reason : "stop",
    usage:
      typeof usage.prompt_tokens === "number"
        ? { promptTokens: usage.prompt_tokens, completionTokens: Number(usage.completion_tokens ?? 0) }
        : null,
    firstToken: Array.isArray(candidates)
      ? candidates.map((entry) => ({ token: String(asObject(entry).token), logprob: Number(asObject(entry).logprob) }))
      : null,
  };
}

/**
 * One POST to `/chat/completions`, without retries: the runner retries.
 *
 * @throws {RequestError} typed by status: 401, 403 and 404 are fatal; 429 carries Retry-After; a refused connection is
 *   `connection`; a body that is not a completion is `invalid_response`. A 400 that names a content filter is no error
 *   but a completion with finish reason `content_filter`.
 */
export async function chatCompletion(
  endpoint: OpenAiEndpoint,
  body: Readonly<Record<string, unknown>>,
  options: { signal?: AbortSignal } = {},
): Promise<ChatCompletion> {
  const { baseUrl, apiKey, headers, fetch: send = fetch } = endpoint;
  let response: Response;
  let text: string;
  try {
    response = await send(`${baseUrl.replace(/\/$/, "")}/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        ...headers,
      },
      body: JSON.stringify(body),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    text = await response.text();
  } catch (cause) {
    options.signal?.throwIfAborted();
    const reason = (cause as Error & { cause?: Error }).cause?.message ?? (cause as Error).message;
    throw new RequestError("connection", `expected an answer from ${baseUrl}, found ${reason}: is the server up?`, {
      cause,
    });
  }
  if (!response.ok) {
    if (response.status === 400 && FILTER.test(text)) {
      return { text: "", finishReason: "content_filter", usage: null, firstToken: null };
    }
    throw httpError(response.status, text, response.headers.get("retry-after"));
  }
  return readCompletion(text);
}

/** What a server says about itself, for the environment of a report: `/models`, and vLLM's `/version`. */
export async function describeServer(endpoint: OpenAiEndpoint): Promise<Record<string, string>> {
  const send = endpoint.fetch ?? fetch;
  const base = endpoint.baseUrl.replace(/\/$/, "");
  const headers = endpoint.apiKey === undefined ? {} : { authorization: `Bearer ${endpoint.apiKey}` };
  const read = async (url: string): Promise<string | null> => {
    try {
      const response = await send(url, { headers, signal: AbortSignal.timeout(5000) });
      return response.ok ? (await response.text()).slice(0, 2000) : null;
    } catch {
      return null;
    }
  };
  const [models, version] = await Promise.all([read(`${base}/models`), read(`${base.replace(/\/v1$/, "")}/version`)]);
  return { server: base, models: models ?? "not given", version: version ?? "not given" };
}
