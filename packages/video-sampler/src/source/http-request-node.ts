import { lookup as resolveName } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { InvalidSourceError, LimitExceededError, NotFoundError, UnavailableError } from "../errors.js";
import type { SamplingLimits } from "../video/sampling-limits.js";
import { isPrivateAddress, parseAddress, shownUrl } from "./source-url-node.js";

/** Answers that a server may give better a moment later. */
const TRANSIENT = [408, 425, 429, 500, 502, 503, 504];
const FIRST_WAIT_MS = 250;
/** A server may ask for patience, but not for more than this. */
const LONGEST_WAIT_MS = 20_000;

/** A connection that says nothing for this long is taken for broken. */
const SILENCE_MS = 60_000;

/** An answer and where it came from. */
export interface HttpAnswer {
  /** The answer; its body is a stream. */
  readonly response: IncomingMessage;
  /** Where redirects led. */
  readonly url: URL;
}

/** How a request is made. */
export interface RequestOptions {
  /** The address the caller named: what may be private, and whom credentials are for. */
  readonly origin: URL;
  /** Headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bounds. */
  readonly limits: SamplingLimits;
  /** Stops it; its reason is thrown. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks with GET, follows redirects within http and https, and asks again after transient errors.
 * @throws NotFoundError, UnavailableError, InvalidSourceError, LimitExceededError, or the signal's reason
 */
export async function requestWithRetries(start: URL, options: RequestOptions): Promise<HttpAnswer> {
  const { limits, signal, origin } = options;
  const { maxRedirects = 5, maxRetries = 3 } = limits;
  let url = start;
  for (let redirects = 0, retries = 0; ; ) {
    const answer = await requestOnce(url, options).catch((cause: unknown) => {
      signal?.throwIfAborted();
      if (cause instanceof InvalidSourceError) throw cause;
      return { failure: cause };
    });
    if ("failure" in answer) {
      const code = String((answer.failure as { code?: unknown } | null)?.code ?? "");
      const message = `${shownUrl(url)} could not be fetched (${code || "connection failed"}); check the address and the network.`;
      if (code === "ENOTFOUND") throw new NotFoundError(message, { cause: answer.failure });
      if (retries >= maxRetries) throw new UnavailableError(message, { cause: answer.failure });
      await pause(retries++, undefined, signal);
      continue;
    }
    const { statusCode: status = 0, statusMessage = "", headers } = answer;
    if (status >= 300 && status < 400 && headers.location !== undefined) {
      answer.destroy();
      if (redirects++ >= maxRedirects)
        throw new LimitExceededError(
          `${shownUrl(origin)} redirects more than ${maxRedirects} times (limits.maxRedirects).`,
        );
      url = parseAddress(headers.location, url);
    } else if ((status >= 200 && status < 300) || status === 416) return { response: answer, url };
    else {
      answer.destroy();
      const message = `${shownUrl(url)} answered ${status} ${statusMessage}; expected 200 or 206 with a body.`;
      if (!TRANSIENT.includes(status)) throw new NotFoundError(message);
      if (retries >= maxRetries) throw new UnavailableError(`${message} It was asked ${retries + 1} times.`);
      await pause(retries++, headers["retry-after"], signal);
    }
  }
}

/** Waits longer each time, or as long as the server asks. */
export async function pause(
  retries: number,
  retryAfter: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const asked =
    retryAfter === undefined ? Number.NaN : Number(retryAfter) * 1000 || Date.parse(retryAfter) - Date.now();
  const milliseconds = asked >= 0 ? asked : FIRST_WAIT_MS * 2 ** retries;
  try {
    await wait(Math.min(LONGEST_WAIT_MS, milliseconds), undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function requestOnce(url: URL, { origin, headers, limits, signal }: RequestOptions): Promise<IncomingMessage> {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new InvalidSourceError(
      `Expected an http, https or file URL, got ${url.protocol}//…; fetch it yourself and pass the bytes.`,
    );
  const mayBePrivate = limits.allowPrivateAddresses ?? url.hostname === origin.hostname;
  const refusal = () =>
    new InvalidSourceError(
      `${shownUrl(url)} leads to a private or special address, which ${url.hostname === origin.hostname ? "limits.allowPrivateAddresses forbids" : "a redirect may not"}; set limits.allowPrivateAddresses to true if you trust it.`,
    );
  if (!mayBePrivate && isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0 && isPrivateAddress(url.hostname))
    throw refusal();
  // Names are checked when they are resolved for the connection itself, so that no second answer can differ.
  const lookup: LookupFunction = (hostname, options, done) =>
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      const found = addresses ?? [];
      if (error !== null) done(error, "", 0);
      else if (!mayBePrivate && found.some(({ address }) => isPrivateAddress(address))) done(refusal(), "", 0);
      else if (options.all === true) (done as (error: null, found: unknown) => void)(null, found);
      else done(null, found[0]?.address ?? "", found[0]?.family ?? 0);
    });
  const sameOrigin = url.origin === origin.origin;
  const user = sameOrigin ? origin : url;
  const auth = user.username === "" ? {} : { auth: `${decode(user.username)}:${decode(user.password)}` };
  return new Promise((resolve, reject) => {
    const make = url.protocol === "https:" ? requestHttps : requestHttp;
    const sent = make(
      {
        ...target(url),
        headers: { ...headers, "user-agent": "video-sampler", connection: "close" },
        lookup,
        ...auth,
        ...(signal && { signal }),
      },
      resolve,
    );
    sent.setTimeout(SILENCE_MS, () => sent.destroy(Object.assign(new Error("silence"), { code: "ETIMEDOUT" })));
    sent.once("error", reject).end();
  });
}

function target(url: URL) {
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    path: url.pathname + url.search,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
