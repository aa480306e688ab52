/** What a server says: a status, headers and a body, or nothing at all for a while. */
export interface ProviderReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Say nothing. */
  readonly silent?: boolean;
}

/** A behaviour of a provider and what has to come of it. */
export interface ProviderRow {
  readonly provider: string;
  readonly what: string;
  /** In order, the last one for ever. */
  readonly replies: readonly ProviderReply[];
  /** Members of the stored response, or the code that the run stops with. */
  readonly expected: Readonly<Record<string, unknown>> | { readonly fatal: string };
  /** Requests that the server sees; default 1. */
  readonly requests?: number;
}

const choice = (message: unknown, finish_reason: unknown, more: object = {}): ProviderReply => ({
  body: { choices: [{ index: 0, message, finish_reason, ...more }], usage: { prompt_tokens: 7, completion_tokens: 3 } },
});
const says = (content: string, finish: unknown = "stop") => choice({ role: "assistant", content }, finish);
const error = (status: number, body: unknown, headers: Record<string, string> = {}): ProviderReply => ({
  status,
  headers,
  body,
});
const answered = { outcome: "answered", text: "Hello." };
const blocked = { outcome: "blocked" };
const failed = (code: string) => ({ outcome: "error", error: { code } });
const soon = { "retry-after-ms": "1" };

/**
 * Behaviours of OpenAI-compatible servers, from their documentation, sources and issue trackers (2026-11). One row per behaviour
 * that has once been taken for another.
 */
export const PROVIDER_ROWS: readonly ProviderRow[] = [
  { provider: "OpenAI", what: "an answer", replies: [says("Hello.")], expected: answered },
  {
    provider: "OpenAI",
    what: "a refusal in its own field",
    replies: [choice({ content: null, refusal: "I can't help." }, "stop")],
    expected: { outcome: "answered", text: "I can't help." },
  },
  {
    provider: "OpenAI",
    what: "a refusal as a content part",
    replies: [choice({ content: [{ type: "refusal", refusal: "I can't help." }] }, "stop")],
    expected: { outcome: "answered", text: "I can't help." },
  },
  {
    provider: "OpenAI",
    what: "a flagged prompt",
    replies: [
      error(400, {
        error: {
          code: "invalid_prompt",
          message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        },
      }),
    ],
    expected: blocked,
  },
  {
    provider: "OpenAI",
    what: "a dialect: max_tokens unknown",
    replies: [
      error(400, {
        error: { code: "unsupported_parameter", param: "max_tokens", message: "Use 'max_completion_tokens' instead." },
      }),
    ],
    expected: { fatal: "max_tokens|max_completion_tokens" },
  },
  {
    provider: "OpenAI",
    what: "a dialect: temperature fixed",
    replies: [
      error(400, {
        error: { code: "unsupported_value", param: "temperature", message: "Only the default (1) value is supported." },
      }),
    ],
    expected: { fatal: "default" },
  },
  {
    provider: "OpenAI",
    what: "a rate limit, then an answer",
    replies: [error(429, { error: { code: "rate_limit_exceeded" } }, soon), says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "OpenAI",
    what: "no credit",
    replies: [error(429, { error: { code: "insufficient_quota", message: "You exceeded your current quota" } })],
    expected: { fatal: "credit" },
  },
  {
    provider: "OpenAI",
    what: "a 400 that mentions the content policy",
    replies: [
      error(400, {
        error: { message: "Invalid image. See our content policy and content_filter docs.", code: "invalid_image" },
      }),
    ],
    expected: failed("bad_request"),
  },
  {
    provider: "Azure",
    what: "a filtered prompt",
    replies: [error(400, { error: { code: "content_filter", innererror: { code: "ResponsibleAIPolicyViolation" } } })],
    expected: blocked,
  },
  {
    provider: "Azure",
    what: "a filtered answer",
    replies: [
      choice({ role: "assistant" }, "content_filter", { content_filter_results: { violence: { filtered: true } } }),
    ],
    expected: blocked,
  },
  {
    provider: "Azure",
    what: "a missing deployment",
    replies: [error(404, { error: { code: "DeploymentNotFound", message: "The API deployment does not exist." } })],
    expected: { fatal: "deployment" },
  },
  {
    provider: "Azure",
    what: "retry-after-ms",
    replies: [error(429, { error: { code: "429" } }, { "retry-after-ms": "5", "retry-after": "60" }), says("Hello.")],
    expected: answered,
    requests: 2,
  },
  { provider: "Gemini", what: "SAFETY", replies: [choice({ content: "" }, "SAFETY")], expected: blocked },
  {
    provider: "Gemini",
    what: "a filter within the finish reason, without a message",
    replies: [{ body: { choices: [{ index: 0, finish_reason: "content_filter: PROHIBITED_CONTENT" }] } }],
    expected: blocked,
  },
  {
    provider: "Gemini",
    what: "a blocked prompt without choices",
    replies: [{ body: { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } } }],
    expected: blocked,
  },
  {
    provider: "Gemini",
    what: "MAX_TOKENS",
    replies: [says("Hello", "MAX_TOKENS")],
    expected: { outcome: "truncated" },
  },
  {
    provider: "Gemini",
    what: "OTHER, which says nothing",
    replies: [says("Hello", "OTHER")],
    expected: failed("invalid_response"),
  },
  {
    provider: "Gemini",
    what: "errors in a list, with a delay in the body",
    replies: [
      error(429, [{ error: { code: 429, status: "RESOURCE_EXHAUSTED", details: [{ retryDelay: "0.01s" }] } }]),
      says("Hello."),
    ],
    expected: answered,
    requests: 2,
  },
  {
    provider: "vLLM",
    what: "an aborted request",
    replies: [says("Hel", "abort"), says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "vLLM",
    what: "an error in the older layout",
    replies: [
      error(400, {
        object: "error",
        message: "This model's maximum context length is 4096 tokens.",
        type: "BadRequestError",
        code: 400,
      }),
    ],
    expected: failed("bad_request"),
  },
  {
    provider: "vLLM",
    what: "reasoning in its own field",
    replies: [choice({ content: "Hello.", reasoning_content: "Thinking." }, "stop")],
    expected: { ...answered, reasoning: "Thinking." },
  },
  {
    provider: "vLLM",
    what: "a validation error of its framework",
    replies: [error(422, { detail: [{ loc: ["body", "messages"], msg: "field required" }] })],
    expected: failed("bad_request"),
  },
  {
    provider: "SGLang",
    what: "an abort with status 200",
    replies: [choice({ content: "" }, "abort"), says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "SGLang",
    what: "a full queue",
    replies: [error(503, { error: { message: "The request queue is full." } }, soon), says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "llama.cpp",
    what: "a loading model",
    replies: [
      error(503, { error: { code: 503, message: "Loading model", type: "unavailable_error" } }, soon),
      says("Hello."),
    ],
    expected: answered,
    requests: 2,
  },
  {
    provider: "llama.cpp",
    what: "too long a prompt",
    replies: [
      error(400, {
        error: {
          code: 400,
          message: "the request exceeds the available context size",
          type: "exceed_context_size_error",
        },
      }),
    ],
    expected: failed("bad_request"),
  },
  {
    provider: "Ollama",
    what: "an error as text",
    replies: [error(404, { error: "model 'm' not found, try pulling it first" })],
    expected: { fatal: "pulling" },
  },
  {
    provider: "Ollama",
    what: "a model that was only loaded",
    replies: [says("", "load")],
    expected: failed("invalid_response"),
  },
  {
    provider: "Ollama",
    what: "reasoning in its own field",
    replies: [choice({ content: "Hello.", reasoning: "Thinking." }, "stop")],
    expected: { ...answered, reasoning: "Thinking." },
  },
  {
    provider: "LM Studio",
    what: "an error with status 200",
    replies: [{ body: { error: "Model is unloaded" } }, says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "LM Studio",
    what: "no finish reason",
    replies: [choice({ content: "Hello." }, null)],
    expected: failed("invalid_response"),
  },
  {
    provider: "OpenRouter",
    what: "moderation",
    replies: [
      error(403, {
        error: {
          code: 403,
          message: "Your input was flagged",
          metadata: { reasons: ["violence"], flagged_input: "...", provider_name: "p" },
        },
      }),
    ],
    expected: blocked,
  },
  {
    provider: "OpenRouter",
    what: "a provider's failure with status 200",
    replies: [{ body: { error: { code: 502, message: "Provider returned error" } } }, says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "OpenRouter",
    what: "a failure within a choice",
    replies: [
      choice({ content: "Hel" }, "error", { error: { code: 502, message: "Provider disconnected" } }),
      says("Hello."),
    ],
    expected: answered,
    requests: 2,
  },
  {
    provider: "OpenRouter",
    what: "no credit",
    replies: [error(402, { error: { code: 402, message: "Insufficient credits" } })],
    expected: { fatal: "credit" },
  },
  {
    provider: "OpenRouter",
    what: "a daily limit",
    replies: [
      error(429, { error: { code: 429 } }, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999999" }),
    ],
    expected: { fatal: "wait of at most" },
  },
  {
    provider: "DashScope",
    what: "a filtered prompt",
    replies: [
      error(400, {
        error: {
          code: "data_inspection_failed",
          type: "data_inspection_failed",
          message: "Input data may contain inappropriate content.",
        },
      }),
    ],
    expected: blocked,
  },
  {
    provider: "DashScope",
    what: "a rate limit by code",
    replies: [{ body: { code: "Throttling.RateQuota", message: "Requests rate limit exceeded" } }, says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "DashScope",
    what: "an account in arrears",
    replies: [error(400, { error: { code: "Arrearage", message: "Access denied" } })],
    expected: { fatal: "credit" },
  },
  {
    provider: "DeepSeek",
    what: "a filtered prompt",
    replies: [
      error(400, {
        error: { message: "Content Exists Risk", type: "invalid_request_error", code: "invalid_request_error" },
      }),
    ],
    expected: blocked,
  },
  {
    provider: "DeepSeek",
    what: "a shortage that ended the answer",
    replies: [says("Hel", "insufficient_system_resource"), says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "DeepSeek",
    what: "an overload",
    replies: [error(503, "", soon), says("Hello.")],
    expected: answered,
    requests: 2,
  },
  {
    provider: "LiteLLM",
    what: "a filter of the provider behind it",
    replies: [
      error(400, {
        error: { message: "litellm.ContentPolicyViolationError: AzureException", type: null, code: "400" },
      }),
    ],
    expected: blocked,
  },
  {
    provider: "LiteLLM",
    what: "a wrong key",
    replies: [error(401, { error: { message: "Authentication Error", type: "auth_error", code: "401" } })],
    expected: { fatal: "key" },
  },
  {
    provider: "LiteLLM",
    what: "a forbidden request, which is no reason to stop",
    replies: [error(403, { error: { message: "not allowed for this input" } })],
    expected: failed("forbidden"),
  },
  {
    provider: "Anthropic",
    what: "an overload",
    replies: [error(529, { error: { type: "overloaded_error" } }, soon), says("Hello.")],
    expected: answered,
    requests: 2,
  },
  { provider: "any", what: "an empty answer", replies: [says("")], expected: failed("empty_answer") },
  {
    provider: "any",
    what: "a tool call",
    replies: [choice({ content: null, tool_calls: [{ id: "1" }] }, "tool_calls")],
    expected: failed("invalid_response"),
  },
  {
    provider: "any",
    what: "silence",
    replies: [{ body: null, silent: true }],
    expected: failed("timeout"),
    requests: 2,
  },
  {
    provider: "any",
    what: "a proxy's page with status 200",
    replies: [{ body: "<html>Sign in</html>" }],
    expected: failed("invalid_response"),
  },
  {
    provider: "any",
    what: "a proxy's page with status 502",
    replies: [error(502, "<html>Bad Gateway</html>"), says("Hello.")],
    expected: answered,
    requests: 2,
  },
];
