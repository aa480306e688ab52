/** Why a completion ended. `unknown`: the server's word is not known here, or it gave none; never taken for a full answer. */
export type FinishReason = "stop" | "length" | "blocked" | "tool_calls" | "error" | "unknown";

/** A finish reason with the server's own word. */
export interface Finish {
  /** Typed. */
  readonly reason: FinishReason;
  /** As the server wrote it; null when it gave none. */
  readonly named: string | null;
}

/** In lower case. Sources: OpenAI, Azure, vLLM, SGLang, llama.cpp, Ollama, TGI, Gemini, Anthropic, Mistral, Cohere, Zhipu, DeepSeek, Bedrock. */
const WORDS: Readonly<Record<Exclude<FinishReason, "unknown">, readonly string[]>> = {
  stop: ["stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete"],
  length: ["length", "max_tokens", "max_length", "max_output_tokens", "model_length", "model_context_window_exceeded"],
  blocked: [
    "content_filter",
    "content_filtered",
    "safety",
    "prohibited_content",
    "blocklist",
    "spii",
    "recitation",
    "image_safety",
    "image_prohibited_content",
    "refusal",
    "sensitive",
    "guardrail_intervened",
    "error_toxic",
    "moderation",
  ],
  tool_calls: ["tool_calls", "tool_call", "tool_use", "function_call"],
  error: [
    "error",
    "abort",
    "aborted",
    "cancelled",
    "canceled",
    "network_error",
    "insufficient_system_resource",
    "malformed_function_call",
    "unexpected_tool_call",
    "language",
  ],
};

const KNOWN = new Map(
  Object.entries(WORDS).flatMap(([reason, words]) => words.map((word) => [word, reason as FinishReason] as const)),
);

/**
 * Types a server's finish reason. Gemini's endpoint writes `content_filter: PROHIBITED_CONTENT` as well.
 *
 * @param also words of a server that are not known here; "" stands for none given
 */
export function finishOf(
  value: unknown,
  also: Readonly<Record<string, Exclude<FinishReason, "unknown">>> = {},
): Finish {
  const named = typeof value === "string" && value !== "" ? value : null;
  const own = Object.hasOwn(also, named ?? "") ? also[named ?? ""] : undefined;
  if (own !== undefined) return { reason: own, named };
  if (named === null) return { reason: "unknown", named };
  const word = named
    .trim()
    .toLowerCase()
    .replace(/^finish_reason_/, "");
  return { reason: KNOWN.get(word) ?? KNOWN.get(word.split(":")[0] as string) ?? "unknown", named };
}
