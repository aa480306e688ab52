import { json, type Reply, type RequestError } from "@videosafety/endpoint/server";
import type { ChatRequest } from "./chat-request.js";

/** A refusal as OpenAI's API gives it: an answer that ends with `content_filter`, whole or as a stream. */
export function refusalReply(
  request: Pick<ChatRequest, "model" | "stream" | "includeUsage" | "choices">,
  text: string,
  made: { readonly id: string; readonly created: number },
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const { stream, includeUsage, choices } = request;
  const model = request.model ?? "guard";
  const base = { id: `chatcmpl-guard-${made.id}`, created: made.created, model };
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const every = <T>(of: (index: number) => T): T[] => Array.from({ length: choices }, (_, index) => of(index));
  if (!stream) {
    const message = { role: "assistant", content: text, refusal: text };
    const body = {
      ...base,
      object: "chat.completion",
      choices: every((index) => ({ index, message, finish_reason: "content_filter", logprobs: null })),
      usage,
    };
    return { ...json(body), headers };
  }
  const chunk = (delta: object, finish: string | null) => ({
    ...base,
    object: "chat.completion.chunk",
    choices: every((index) => ({ index, delta, finish_reason: finish, logprobs: null })),
    ...(includeUsage && { usage: null }),
  });
  const chunks: object[] = [
    chunk({ role: "assistant", content: text, refusal: text }, null),
    chunk({}, "content_filter"),
    ...(includeUsage ? [{ ...base, object: "chat.completion.chunk", choices: [], usage }] : []),
  ];
  return {
    type: "text/event-stream; charset=utf-8",
    headers: { "cache-control": "no-cache", ...headers },
    parts: [...chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`), "data: [DONE]\n\n"],
  };
}

/** An error as OpenAI's API gives it. */
export function openAiError({ status, code, message }: RequestError): object {
  const type =
    status === 401
      ? "authentication_error"
      : status === 429
        ? "rate_limit_error"
        : status >= 500
          ? "server_error"
          : "invalid_request_error";
  return { error: { message, type, param: null, code } };
}
