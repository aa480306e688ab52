import { type Endpoint, type ResolvedEndpoint, resolveEndpoint } from "../address/endpoint.js";
import { redactDeep } from "../address/redact.js";
import { EndpointError } from "../errors.js";
import { classifyFailure } from "../failures/classify-failure.js";
import { errorBody } from "../failures/error-body.js";
import { promptFeedback } from "../failures/provider-filter.js";
import { after, pause } from "./pause.js";
import { readBody } from "./read-body.js";
import { retryAfterSeconds } from "./retry-after.js";

/** One request. */
export interface JsonRequest {
  /** Path below the base URL, e.g. `/chat/completions`. */
  readonly path: string;
  /** Sent as JSON with POST, the endpoint's `extraBody` merged in; without it the request is a GET. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Ends the request and the pauses between tries. */
  readonly signal?: AbortSignal;
}

/** A server's answer. */
export interface JsonAnswer {
  /** The parsed body, the endpoint's own secrets hidden in every text. */
  readonly json: unknown;
  /** Tries made, the successful one included. */
  readonly attempts: number;
}

const ERROR_BYTES = 64 * 1024;
const SHOWN = 300;

/** The body of a request: `extraBody` wins, and null there drops a member. */
export function mergedBody(
  body: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...body, ...extra }).filter(
      ([key, value]) => value !== undefined && !(key in extra && value === null),
    ),
  );
}

function parseJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** Reads an answer: the value, or the error that it stands for. */
async function readAnswer(response: Response, endpoint: Endpoint, resolved: ResolvedEndpoint): Promise<unknown> {
  const ok = response.status >= 200 && response.status < 300;
  const text = await readBody(response, ok ? (endpoint.maxResponseBytes ?? 2 ** 25) : ERROR_BYTES, !ok);
  const parsed = parseJson(text);
  const body = parsed === null ? null : errorBody(parsed.value);
  const shown = resolved.redact.message(body?.message || text.trim()).slice(0, SHOWN);
  if (!ok || body !== null) {
    const seconds = retryAfterSeconds(response.headers, parsed?.value);
    throw classifyFailure({ status: response.status, body, shown, retryAfterSeconds: seconds, url: resolved.shown });
  }
  if (parsed === null) {
    const html = /^\s*</.test(text);
    const what = html
      ? "a web page"
      : /^\s*(data|event):/.test(text)
        ? "a stream of events"
        : `"${shown.slice(0, 120)}"`;
    const next = html ? ": does the base URL end with the version, as in /v1?" : "";
    throw new EndpointError("invalid_response", `expected JSON from ${resolved.shown}, found ${what}${next}`, {
      status: response.status,
    });
  }
  const blocked = promptFeedback(parsed.value);
  if (blocked !== null) {
    const message = `the provider's filter refused the prompt: ${blocked}`;
    throw new EndpointError("blocked", message, { status: response.status, filter: blocked });
  }
  return redactDeep(parsed.value, resolved.redact.answer);
}

const TIMEOUTS = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/CERT|SELF_SIGNED|ISSUER/, "its certificate is not trusted: name its authority's file in NODE_EXTRA_CA_CERTS"],
  [
    /WRONG_VERSION|EPROTO|HPE_|INVALID_CONSTANT/,
    "it does not speak this protocol: http instead of https, or the other way round?",
  ],
  [/ENOTFOUND|EAI_AGAIN/, "its name is unknown: check the address, or the proxy (HTTPS_PROXY)"],
  [/./, "is the server up? Behind a proxy set HTTPS_PROXY"],
];

function transportError(error: unknown, resolved: ResolvedEndpoint): EndpointError {
  if (error instanceof EndpointError) return error;
  const outer = error as Error & { cause?: Error & { code?: string } };
  const code = outer.cause?.code ?? (outer as { code?: string }).code ?? "";
  const said = (outer.cause?.message || outer.message || String(error)).replace(/\s+/g, " ").trim();
  const reason = resolved.redact.message(said).slice(0, SHOWN);
  if (TIMEOUTS.has(code))
    return new EndpointError(
      "timeout",
      `expected an answer from ${resolved.shown}, found the HTTP client's own limit of 300 s: pass longFetch`,
      { retryable: true },
    );
  const hint = HINTS.find(([pattern]) => pattern.test(`${code} ${reason}`))?.[1] ?? "";
  // A certificate or a protocol does not mend itself.
  const lasting = /CERT|SELF_SIGNED|ISSUER|WRONG_VERSION|EPROTO/.test(code);
  return new EndpointError("connection", `expected an answer from ${resolved.shown}, found ${reason}: ${hint}`, {
    retryable: !lasting,
    scope: lasting ? "endpoint" : "request",
  });
}

async function once(endpoint: Endpoint, resolved: ResolvedEndpoint, request: JsonRequest): Promise<unknown> {
  const { signal } = request;
  const controller = new AbortController();
  const seconds = endpoint.timeoutSeconds ?? 300;
  const late = new EndpointError(
    "timeout",
    `expected an answer from ${resolved.shown} within ${seconds} s: raise the time-out or the capacity`,
    { retryable: true },
  );
  let reject: (error: unknown) => void = () => undefined;
  const ended = new Promise<never>((_, no) => {
    reject = no;
  });
  const end = (reason: unknown): void => {
    controller.abort(reason);
    reject(reason);
  };
  const onAbort = (): void => end(signal?.reason);
  const stop = after(seconds, () => end(late));
  signal?.addEventListener("abort", onAbort, { once: true });
  const work = async (): Promise<unknown> => {
    const response = await (endpoint.fetch ?? fetch)(resolved.url(request.path), {
      method: request.body === undefined ? "GET" : "POST",
      headers: { ...resolved.headers },
      // A redirect would carry the key to another server.
      redirect: "manual",
      signal: controller.signal,
      ...(request.body === undefined ? {} : { body: JSON.stringify(mergedBody(request.body, endpoint.extraBody)) }),
    });
    return readAnswer(response, endpoint, resolved);
  };
  try {
    // A fetch that was passed in may not obey its signal.
    return await Promise.race([work(), ended]);
  } catch (error) {
    signal?.throwIfAborted();
    throw transportError(error, resolved);
  } finally {
    stop();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Seconds before the next try; a wait that the server names is kept whole, a pause of our own is halved at random. */
function delaySeconds(endpoint: Endpoint, failure: EndpointError, tries: number): number {
  if (failure.retryAfterSeconds !== undefined) return failure.retryAfterSeconds;
  const full = Math.min(30, (endpoint.baseDelaySeconds ?? 0.5) * 2 ** tries);
  return full * (0.5 + 0.5 * (endpoint.random?.uniform() ?? Math.random()));
}

/**
 * One JSON request: bounded in time and bytes, tried again where that may help, every message free of the key.
 *
 * @throws {EndpointError} typed by what a caller can do about it; the signal's reason when aborted.
 */
export async function requestJson(endpoint: Endpoint, request: JsonRequest): Promise<JsonAnswer> {
  const resolved = resolveEndpoint(endpoint);
  const retries = endpoint.retries ?? 3;
  const longest = endpoint.maxWaitSeconds ?? 300;
  for (let tries = 0; ; tries++) {
    request.signal?.throwIfAborted();
    try {
      return { json: await once(endpoint, resolved, request), attempts: tries + 1 };
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      error.attempts = tries + 1;
      const wait = error.retryAfterSeconds ?? 0;
      if (!error.retryable || tries >= retries) throw error;
      if (wait > longest) {
        const message = `expected a wait of at most ${longest} s, found ${Math.round(wait)} s: try later, or raise maxWaitSeconds. ${error.message}`;
        const { status, scope } = error;
        const failure = new EndpointError("wait_too_long", message, { status, scope, retryAfterSeconds: wait });
        failure.attempts = error.attempts;
        throw failure;
      }
      await pause(delaySeconds(endpoint, error, tries), request.signal);
    }
  }
}
