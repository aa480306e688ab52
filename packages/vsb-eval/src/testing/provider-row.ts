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

export const choice = (message: unknown, finish_reason: unknown, more: object = {}): ProviderReply => ({
  body: { choices: [{ index: 0, message, finish_reason, ...more }], usage: { prompt_tokens: 7, completion_tokens: 3 } },
});
export const says = (content: string, finish: unknown = "stop") => choice({ role: "assistant", content }, finish);
export const error = (status: number, body: unknown, headers: Record<string, string> = {}): ProviderReply => ({
  status,
  headers,
  body,
});
export const answered = { outcome: "answered", text: "Hello." };
export const blocked = { outcome: "blocked" };
export const failed = (code: string) => ({ outcome: "error", error: { code } });
export const soon = { "retry-after-ms": "1" };
