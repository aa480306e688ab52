/** A value of a request that is wrong: where it stands, and what was expected. */
export interface RequestIssue {
  /** Path of the value. */
  readonly path: string;
  /** What was expected and found. */
  readonly message: string;
}

/** The body of an answer to a request that failed. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly issues?: RequestIssue[] };
}

/** A request that cannot be answered, with its status, body and headers. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** What is answered, unless the server has a form of its own. */
  readonly body: ErrorBody;
  /** @param status of HTTP; @param code stable, safe to switch on; @param message expected, found, next step. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly issues?: readonly RequestIssue[],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.body = { error: { code, message, ...(issues && { issues: [...issues] }) } };
  }
}

/** More work is waiting than the server is set to hold: try again later. */
export class OverloadedError extends RequestError {
  /** @param retryAfterSeconds when trying again makes sense; default 1. */
  constructor(message: string, retryAfterSeconds = 1) {
    super(429, "overloaded", message, undefined, { "retry-after": String(retryAfterSeconds) });
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
