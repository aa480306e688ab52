import type { ErrorResponse } from "../wire/wire.js";

/** A request that cannot be answered, with its status, body and headers. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly body: ErrorResponse;
  constructor(
    readonly status: number,
    /** Stable, safe to switch on. */
    readonly code: string,
    message: string,
    readonly issues?: readonly { readonly path: string; readonly message: string }[],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.body = { error: { code, message, ...(issues && { issues: [...issues] }) } };
  }
}

/** More work is waiting than the server is set to hold: try again later. */
export class OverloadedError extends RequestError {
  constructor(message: string) {
    super(429, "overloaded", message, undefined, { "retry-after": "1" });
  }
}

/** The server is shutting down. */
export class ClosingError extends RequestError {
  constructor() {
    super(503, "closing", "the server is shutting down: send the request to another one", undefined, {
      "retry-after": "1",
    });
  }
}
