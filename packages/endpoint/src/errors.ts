/** Codes of {@link EndpointError}: stable, safe to branch on. */
export type EndpointErrorCode =
  | "config"
  | "connection"
  | "timeout"
  | "rate_limited"
  | "server_error"
  | "wait_too_long"
  | "unauthorized"
  | "payment_required"
  | "forbidden"
  | "not_found"
  | "unsupported_parameter"
  | "bad_request"
  | "blocked"
  | "invalid_response"
  | "response_too_large";

/** What an {@link EndpointError} knows beyond its code and message. */
export interface EndpointErrorDetails {
  /** HTTP status, or the one that an error body with status 200 stands for; null when no answer came. */
  readonly status?: number | null;
  /** Whether the same request may succeed later. */
  readonly retryable?: boolean;
  /** `endpoint`: every other request would fail the same way (wrong key, unknown model, no credit). Default `request`. */
  readonly scope?: "request" | "endpoint";
  /** Seconds that the server asked to wait. */
  readonly retryAfterSeconds?: number;
  /** For `blocked`: the provider's own word. */
  readonly filter?: string;
  /** For `unsupported_parameter`: the member of the request body that the server refuses. */
  readonly parameter?: string;
  /** The error underneath, without secrets. */
  readonly cause?: unknown;
}

/** Why a request to an endpoint failed. Its message never contains the key. */
export class EndpointError extends Error {
  override readonly name = "EndpointError";
  /** HTTP status, or the one that an error body with status 200 stands for; null when no answer came. */
  readonly status: number | null;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** `endpoint`: every other request would fail the same way. */
  readonly scope: "request" | "endpoint";
  /** Seconds that the server asked to wait, when it said so. */
  readonly retryAfterSeconds: number | undefined;
  /** For `blocked`: the provider's own word. */
  readonly filter: string | undefined;
  /** For `unsupported_parameter`: the refused member of the request body. */
  readonly parameter: string | undefined;
  /** Tries made; set by the client. */
  attempts = 1;

  /** @param code stable identifier; @param message what was expected, what was found, what to do next. */
  constructor(
    readonly code: EndpointErrorCode,
    message: string,
    details: EndpointErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status ?? null;
    this.retryable = details.retryable ?? false;
    this.scope = details.scope ?? "request";
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.filter = details.filter;
    this.parameter = details.parameter;
  }
}
