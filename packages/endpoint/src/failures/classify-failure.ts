import { EndpointError, type EndpointErrorCode, type EndpointErrorDetails } from "../errors.js";
import type { ErrorBody } from "./error-body.js";
import { providerFilter } from "./provider-filter.js";

/** What is known of a failed answer. */
export interface Failure {
  /** HTTP status. */
  readonly status: number;
  /** The error in the body, if it is one. */
  readonly body: ErrorBody | null;
  /** The beginning of the body, redacted. */
  readonly shown: string;
  /** Seconds the server asks to wait. */
  readonly retryAfterSeconds: number | undefined;
  /** Where the request went. */
  readonly url: string;
}

const QUOTA = /^(insufficient_quota|billing_hard_limit_reached|billing_not_active|insufficient_balance|arrearage)$/i;
const WRONG_KEY =
  /^(invalid_api_key|invalid_authentication|authentication_error|permission_denied|unauthorized|invalidapikey)$/i;
const NO_MODEL = /^(model_not_found|deploymentnotfound|model_not_available)$/i;
const RATE =
  /^(rate_limit_exceeded|rate_limit_error|too_many_requests|throttling.*|limit_requests|resource_exhausted|requestburst.*)$/i;
const DIALECT = /^(unsupported_parameter|unsupported_value|unknown_parameter|extra_forbidden)$/i;
/** Google's endpoint says so in words only. */
const UNKNOWN_NAME = /^invalid json payload received\. unknown name ["']?(\w+)/i;

/** Statuses in error bodies whose HTTP status is 200, by the words that providers use. */
function effectiveStatus({ status, body }: Failure): number {
  if (status >= 400 || body === null) return status;
  const code = Number(body.code);
  if (Number.isInteger(code) && code >= 400 && code < 600) return code;
  const words = [body.code ?? "", body.type ?? ""];
  const says = (pattern: RegExp): boolean => words.some((word) => pattern.test(word));
  if (says(RATE)) return 429;
  if (says(QUOTA)) return 402;
  if (says(WRONG_KEY)) return 401;
  if (says(NO_MODEL)) return 404;
  if (says(/^(invalid_request_error|invalidparameter|bad_?request.*|badrequesterror)$/i)) return 400;
  return 500;
}

/** The error of a failed answer. Whether another try may help and whom it concerns follow from status and codes. */
export function classifyFailure(failure: Failure): EndpointError {
  const { body, shown, url, retryAfterSeconds } = failure;
  const status = effectiveStatus(failure);
  const words = [body?.code ?? "", body?.type ?? ""];
  const says = (pattern: RegExp): boolean => words.some((word) => pattern.test(word));
  const found =
    failure.status === 200 ? `HTTP 200 with an error: ${shown}` : `HTTP ${failure.status}: ${shown || "(empty body)"}`;
  const make = (code: EndpointErrorCode, next: string, details: EndpointErrorDetails = {}): EndpointError =>
    new EndpointError(code, next === "" ? found : `${found} (${next})`, {
      status,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...details,
    });

  const filter = body === null ? null : providerFilter(body);
  if (filter !== null && status !== 401 && status !== 402) return make("blocked", "the provider's filter", { filter });
  if (status < 400) return make("bad_request", `${url} redirects: use the address it points to`, { scope: "endpoint" });
  if (says(QUOTA) || status === 402)
    return make("payment_required", "the account has no credit", { scope: "endpoint" });
  if (status === 401 || says(WRONG_KEY))
    return make("unauthorized", "check the key of this endpoint", { scope: "endpoint" });
  if (status === 403) return make("forbidden", "");
  if (status === 404 || status === 405 || status === 410 || status === 501)
    return make(
      "not_found",
      `check the model's name and that the base URL ends with the version, as in /v1; asked ${url}`,
      {
        scope: "endpoint",
      },
    );
  if (status === 408 || status === 504 || status === 524) return make("timeout", "", { retryable: true });
  if (status === 429 || status === 529) return make("rate_limited", "", { retryable: true });
  if (status === 409 || status === 425 || status >= 500) return make("server_error", "", { retryable: true });
  const unknownName = UNKNOWN_NAME.exec(body?.message ?? "")?.[1];
  if (says(DIALECT) || unknownName !== undefined) {
    const parameter = unknownName ?? body?.param ?? /['"`]([a-z_]+)['"`]/.exec(body?.message ?? "")?.[1];
    return make(
      "unsupported_parameter",
      "the server does not know this member of the request: leave it out or rename it",
      {
        scope: "endpoint",
        ...(parameter === undefined ? {} : { parameter }),
      },
    );
  }
  return make("bad_request", "");
}
