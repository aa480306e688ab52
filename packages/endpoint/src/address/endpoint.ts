import { EndpointError } from "../errors.js";
import { type BaseUrl, parseBaseUrl } from "./base-url.js";
import { createRedactor, type Redactor } from "./redact.js";

/** How an OpenAI-compatible server is reached, and the bounds that every request to it keeps. */
export interface Endpoint {
  /** Address up to and with the version, e.g. `http://127.0.0.1:8000/v1`; see `parseBaseUrl` for what is forgiven. */
  readonly baseUrl: string;
  /** The key. White space around it is dropped; a key with a line break inside is refused. */
  readonly apiKey?: string;
  /** Where the key goes: `authorization: Bearer`, an `api-key` header, or nowhere. Default: `api-key` on Azure's hosts, else bearer. */
  readonly auth?: "bearer" | "api-key" | "none";
  /** Further headers. Values of headers that carry keys are secrets too. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of every request body; a member that is `undefined` or null here is dropped from the body. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
  /** Seconds before one try is given up, reading included; default 300. Node's own fetch ends at 300: beyond, pass `longFetch`. */
  readonly timeoutSeconds?: number;
  /** Tries after the first one; default 3. */
  readonly retries?: number;
  /** First pause in seconds, doubled each time up to 30, with jitter; default 0.5. A wait that the server names wins. */
  readonly baseDelaySeconds?: number;
  /** Longest wait that a server may ask for, in seconds; beyond, the request fails as `wait_too_long`. Default 300. */
  readonly maxWaitSeconds?: number;
  /** Most bytes of an answer, after decompression; default 32 MiB. */
  readonly maxResponseBytes?: number;
  /** Words of a server for a finish reason that are not known here, e.g. `{ done: "stop" }`; "" stands for none given. */
  readonly finishReasons?: Readonly<Record<string, "stop" | "length" | "blocked" | "tool_calls" | "error">>;
  /** Random source of the jitter; default `Math.random`. */
  readonly random?: { uniform(): number };
  /** Default: the platform's fetch. */
  readonly fetch?: typeof fetch;
}

/** An endpoint checked and resolved. */
export interface ResolvedEndpoint {
  /** Address of a path: `url("/chat/completions")`. */
  readonly url: (path: string) => string;
  /** Address that may be shown. */
  readonly shown: string;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Hides the endpoint's secrets. */
  readonly redact: Redactor;
}

const SECRET_HEADER = /auth|key|token|secret|cookie/i;
/** Bounds of the numbers, in the order of the fields below. */
const WEEK = 7 * 24 * 3600;

const fail = (message: string): EndpointError => new EndpointError("config", message, { scope: "endpoint" });

function cleanKey(key: string, where: string): string {
  const text = key.trim();
  if (text === "") throw fail(`${where}: expected a key, found an empty text: leave it out where none is needed`);
  // Header values are visible ASCII; the key is never repeated in the message.
  if (!/^[\x21-\x7e]+$/.test(text))
    throw fail(
      `${where}: expected one line of visible ASCII characters, found ${/[\r\n]/.test(text) ? "a line break inside" : "a blank or another character inside"}: copy the key again`,
    );
  return text;
}

function checkedHeaders(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers).map(([name, value]) => {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      throw fail(`headers: expected a header name, found ${JSON.stringify(name.slice(0, 60))}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
    if (typeof value !== "string" || /[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value))
      throw fail(`headers: expected one line of Latin text for ${name}, found another value`);
    return [name.toLowerCase(), value.trim()];
  });
}

function checkNumber(name: keyof Endpoint, value: unknown, low: number, high: number): void {
  if (value === undefined || (typeof value === "number" && value >= low && value <= high)) return;
  throw fail(`${name}: expected a number from ${low} to ${high}, found ${String(value)}`);
}

const onNode = (): boolean =>
  typeof (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node === "string";

function checkBounds(endpoint: Endpoint): void {
  checkNumber("timeoutSeconds", endpoint.timeoutSeconds, 0.001, WEEK);
  checkNumber("retries", endpoint.retries, 0, 100);
  checkNumber("baseDelaySeconds", endpoint.baseDelaySeconds, 0, 30);
  checkNumber("maxWaitSeconds", endpoint.maxWaitSeconds, 0, WEEK);
  checkNumber("maxResponseBytes", endpoint.maxResponseBytes, 1, 2 ** 31);
  if ((endpoint.timeoutSeconds ?? 0) > 300 && endpoint.fetch === undefined && onNode())
    throw fail(
      `timeoutSeconds: expected at most 300 with Node's own fetch, which gives up then, found ${endpoint.timeoutSeconds}: pass fetch: longFetch from @videosafety/endpoint/node`,
    );
}

function authorization(endpoint: Endpoint, base: BaseUrl): Record<string, string> {
  const auth = endpoint.auth ?? (base.azure ? "api-key" : "bearer");
  if (endpoint.apiKey !== undefined && base.credentials !== null && auth === "bearer")
    throw fail("expected one way to log in, found a key and a password in the base URL: take one out");
  if (endpoint.apiKey !== undefined && auth !== "none") {
    const key = cleanKey(endpoint.apiKey, "apiKey");
    return auth === "bearer" ? { authorization: `Bearer ${key}` } : { "api-key": key };
  }
  if (base.credentials === null) return {};
  return { authorization: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(base.credentials)))}` };
}

/**
 * Checks an endpoint before anything is sent.
 *
 * @throws {EndpointError} `config`: a bad address, key, header or bound, named, without the key's text.
 */
export function resolveEndpoint(endpoint: Endpoint): ResolvedEndpoint {
  checkBounds(endpoint);
  const base = parseBaseUrl(endpoint.baseUrl);
  const own = checkedHeaders(endpoint.headers ?? {});
  const login = authorization(endpoint, base);
  const words = own
    .filter(([name]) => SECRET_HEADER.test(name))
    .flatMap(([, value]) => [value, ...value.split(/[\s;,=]+/).filter((word) => word.length >= 8)]);
  const secrets = [
    ...(endpoint.apiKey === undefined ? [] : [endpoint.apiKey.trim()]),
    ...base.secrets,
    ...words,
    ...(login.authorization?.startsWith("Basic ") ? [login.authorization.slice(6)] : []),
  ];
  return {
    url: (path) => `${base.root}${path}${base.query}`,
    shown: base.root,
    headers: { accept: "application/json", "content-type": "application/json", ...login, ...Object.fromEntries(own) },
    redact: createRedactor(secrets),
  };
}
