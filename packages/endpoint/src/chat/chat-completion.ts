import type { Endpoint } from "../address/endpoint.js";
import { EndpointError } from "../errors.js";
import { requestJson } from "../transport/request-json.js";
import { type ChatCompletion, readCompletion } from "./read-completion.js";

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

/** What came of a chat request: answers, or a provider's filter that refused the prompt. Failures are thrown. */
export type ChatOutcome =
  | (ChatCompletion & { readonly kind: "completion"; readonly attempts: number })
  | { readonly kind: "blocked"; readonly filter: string; readonly message: string; readonly attempts: number };

/**
 * One POST to `/chat/completions`. A filter that refuses the prompt is an outcome, not an error; a filter that cuts an
 * answer is that choice's finish reason.
 *
 * @throws {EndpointError} for every other failure; the signal's reason when aborted.
 */
export async function chatCompletion(
  endpoint: Endpoint,
  body: Readonly<Record<string, unknown>>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ChatOutcome> {
  try {
    const { json, attempts } = await requestJson(endpoint, { path: "/chat/completions", body, ...options });
    return { kind: "completion", attempts, ...readCompletion(json, endpoint.finishReasons) };
  } catch (error) {
    if (!(error instanceof EndpointError) || error.code !== "blocked") throw error;
    const { filter = "unnamed", message, attempts } = error;
    return { kind: "blocked", filter, message, attempts };
  }
}
