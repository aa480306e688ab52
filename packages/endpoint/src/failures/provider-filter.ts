import { asObject, asText } from "../loose.js";
import type { ErrorBody } from "./error-body.js";

/** Codes and types of errors that mean "the provider's filter refused", by exact value. */
const CODES: ReadonlySet<string> = new Set([
  "content_filter", // Azure, Moonshot
  "content_filtered",
  "content_policy_violation", // OpenAI, LiteLLM
  "contentpolicyviolationerror",
  "responsibleaipolicyviolation", // Azure
  "moderation_blocked", // OpenAI
  "data_inspection_failed", // DashScope, compatible mode
  "datainspectionfailed", // DashScope, native
  "1301", // Zhipu
]);

/**
 * Messages of providers whose code says nothing: the whole of DeepSeek's `Content Exists Risk` (under `invalid_request_error`), how
 * LiteLLM's and xAI's begin.
 */
const MESSAGES =
  /^content exists risk\.?$|^litellm\.ContentPolicyViolationError\b|^content violates usage guidelines\b/i;

const member = (value: string | null): string => (value ?? "").trim().toLowerCase();

/**
 * The provider's own word when an error is its content filter's doing, else null. Only structured members decide: a message
 * that merely mentions a content policy does not.
 *
 * Read from the documentation of Azure OpenAI, OpenAI, DashScope, DeepSeek, Gemini, OpenRouter, LiteLLM and Zhipu, 2026-11.
 */
export function providerFilter(body: ErrorBody): string | null {
  const { error, code, type, message } = body;
  const inner = asText(asObject(error.innererror ?? error.inner_error).code);
  for (const word of [code, type, inner]) if (CODES.has(member(word))) return word;
  if (MESSAGES.test(message.trim())) return message.trim().slice(0, 60);
  // OpenAI: the code alone also stands for a malformed prompt.
  if (member(code) === "invalid_prompt" && /\bflagged\b/i.test(message)) return "invalid_prompt (flagged)";
  // OpenRouter: { code: 403, metadata: { reasons: [...], flagged_input } }
  const metadata = asObject(error.metadata);
  if (Array.isArray(metadata.reasons) && (metadata.flagged_input !== undefined || metadata.reasons.length > 0))
    return `flagged: ${metadata.reasons.map(String).join(", ")}`.slice(0, 100);
  return null;
}

/** Gemini: a prompt that was blocked has no candidates but `promptFeedback.blockReason`. */
export function promptFeedback(body: unknown): string | null {
  const object = asObject(body);
  return asText(asObject(object.promptFeedback ?? object.prompt_feedback).blockReason) ?? null;
}
