import { answered, blocked, choice, error, failed, type ProviderRow, says, soon } from "./provider-row.js";

/** Behaviours of hosted services, from their documentation and issue trackers (2026-11). */
export const HOSTED_ROWS: readonly ProviderRow[] = [
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
    expected: { fatal: "--max-tokens-field" },
  },
  {
    provider: "OpenAI",
    what: "a dialect: temperature fixed",
    replies: [
      error(400, {
        error: { code: "unsupported_value", param: "temperature", message: "Only the default (1) value is supported." },
      }),
    ],
    expected: { fatal: "--no-temperature" },
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
    provider: "Gemini",
    what: "a dialect: no seed",
    replies: [
      error(400, [
        { error: { code: 400, message: 'Invalid JSON payload received. Unknown name "seed": Cannot find field.' } },
      ]),
    ],
    expected: { fatal: "--no-seed" },
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
    provider: "Anthropic",
    what: "an overload",
    replies: [error(529, { error: { type: "overloaded_error" } }, soon), says("Hello.")],
    expected: answered,
    requests: 2,
  },
];
