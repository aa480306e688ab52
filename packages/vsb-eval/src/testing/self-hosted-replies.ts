import { answered, blocked, choice, error, failed, type ProviderRow, says, soon } from "./provider-row.js";

/** Behaviours of servers that people run themselves, and of any server, from their sources and issue trackers (2026-11). */
export const SELF_HOSTED_ROWS: readonly ProviderRow[] = [
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
