/** Codes of {@link VsbEvalError}: stable, safe to branch on. */
export type VsbEvalErrorCode =
  | "invalid_input"
  | "invalid_arm"
  | "invalid_gate"
  | "store_locked"
  | "store_corrupt"
  | "store_write_failed"
  | "media_missing"
  | "run_differs"
  | "queue_unreachable"
  | "fatal_responder";

/** A mistake the caller can act on: bad configuration, a locked or broken store, missing media. */
export class VsbEvalError extends Error {
  override readonly name = "VsbEvalError";

  /** @param code stable identifier; @param message what was expected, what was found, what to do next. */
  constructor(
    readonly code: VsbEvalErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Why one request failed. Each becomes an `error` outcome; none ever counts as a refusal. */
export type RequestErrorCode =
  | "rate_limited"
  | "timeout"
  | "connection"
  | "server_error"
  | "bad_request"
  | "unauthorized"
  | "payment_required"
  | "forbidden"
  | "not_found"
  | "wait_too_long"
  | "response_too_large"
  | "invalid_response"
  | "empty_answer"
  | "media_unreadable"
  | "exception";

/** Details of a {@link RequestError}. */
export interface RequestErrorOptions {
  /** Worth another attempt; default: true for rate_limited, timeout, connection and server_error. */
  readonly retryable?: boolean;
  /** The server's Retry-After, in seconds. */
  readonly retryAfterSeconds?: number;
  /** Every other request would fail the same way (wrong key, unknown model): stop the run. */
  readonly fatal?: boolean;
  /** The error underneath. */
  readonly cause?: unknown;
}

const RETRYABLE: ReadonlySet<RequestErrorCode> = new Set(["rate_limited", "timeout", "connection", "server_error"]);

/** What a responder or a judge throws when a request failed: typed, so that the runner can retry, slow down or stop. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** Worth another attempt. */
  readonly retryable: boolean;
  /** Seconds the server asked to wait, when it said so. */
  readonly retryAfterSeconds: number | undefined;
  /** Stop the whole run. */
  readonly fatal: boolean;

  /** @param code stable identifier; @param message what happened and what to do next. */
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    options: RequestErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.fatal = options.fatal ?? false;
  }
}
