import { EndpointError } from "../errors.js";

/** An address taken apart: where to send, what to show, and what was hidden in it. */
export interface BaseUrl {
  /** Scheme, host and path, without credentials, query and trailing slash. */
  readonly root: string;
  /** Query with its question mark, e.g. `?api-version=2024-10-21`, or "". */
  readonly query: string;
  /** `user:password` of the address, decoded; null when there is none. */
  readonly credentials: string | null;
  /** Whether the host is one of Azure's, which take the key in an `api-key` header. */
  readonly azure: boolean;
  /** Secrets that stand in the address: the password, and query parameters that are keys. */
  readonly secrets: readonly string[];
}

const LOCAL =
  /^(localhost|127\.|0\.0\.0\.0|\[|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|[^.:/]+(:\d+)?(\/|\?|$)|[^/]*\.(local|internal)\b)/i;
const AZURE = /\.(openai\.azure\.(com|us|cn)|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/i;
const SECRET_PARAMETER = /key|token|secret|password|signature|^sig$|^code$/i;

/**
 * Reads a base URL as people write it. A missing scheme becomes `http` for this machine and private networks and `https`
 * elsewhere; doubled slashes and a pasted `/chat/completions` go; the query (`?api-version=`) is kept for every request.
 *
 * @throws {EndpointError} `config` for what is no http(s) address. The message does not repeat credentials.
 */
export function parseBaseUrl(baseUrl: string): BaseUrl {
  const text = baseUrl.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/+/i.exec(text);
  const rest = scheme === null ? text.replace(/^\/+/, "") : text.slice(scheme[0].length);
  const name = scheme?.[1]?.toLowerCase() ?? (LOCAL.test(rest.replace(/^[^/@]*@/, "")) ? "http" : "https");
  const expected = "expected a base URL such as http://127.0.0.1:8000/v1";
  if (rest === "") throw new EndpointError("config", `${expected}, found nothing`, { scope: "endpoint" });
  if (name !== "http" && name !== "https")
    throw new EndpointError("config", `${expected}, found the scheme ${name}:`, { scope: "endpoint" });
  let url: URL;
  try {
    url = new URL(`${name}://${rest}`);
  } catch {
    const shown = rest.replace(/^[^/@]*@/, "").replace(/\?.*$/, "");
    throw new EndpointError("config", `${expected}, found "${shown.slice(0, 100)}"`, { scope: "endpoint" });
  }
  const path = url.pathname
    .replace(/\/{2,}/g, "/")
    .replace(/(\/chat)?\/completions\/?$/, "")
    .replace(/\/$/, "");
  const credentials =
    url.username === "" && url.password === ""
      ? null
      : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const inQuery = [...url.searchParams].filter(([key]) => SECRET_PARAMETER.test(key)).map(([, value]) => value);
  return {
    root: `${url.origin}${path}`,
    query: url.search,
    credentials,
    azure: AZURE.test(url.hostname),
    secrets: [...(credentials === null ? [] : [credentials.slice(credentials.indexOf(":") + 1)]), ...inQuery].filter(
      (secret) => secret !== "",
    ),
  };
}

/** The address as it may be shown and stored: no credentials, no query values that are keys. */
export function displayUrl(baseUrl: string): string {
  const { root, query } = parseBaseUrl(baseUrl);
  const shown = new URLSearchParams(query);
  for (const key of [...shown.keys()]) if (SECRET_PARAMETER.test(key)) shown.set(key, "redacted");
  return `${root}${shown.size === 0 ? "" : `?${shown}`}`;
}
