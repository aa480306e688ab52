import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { isLoopback } from "./loopback.js";
import { RequestError } from "./request-error.js";

/** What a route answers. */
export interface Reply {
  /** Default 200. */
  readonly status?: number;
  /** Default JSON. */
  readonly type?: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in turn, as they are. */
  readonly parts: readonly (string | Uint8Array)[];
}

/** One path of the server. */
export interface Route {
  /** `any`: the route looks at the method itself. */
  readonly method: "GET" | "POST" | "any";
  /** Whether the bearer token is asked for. */
  readonly secured: boolean;
  /**
   * `signal` aborts when the client has gone away. A handler that answers through `response` itself returns null, after its last byte.
   */
  readonly handle: (request: IncomingMessage, signal: AbortSignal, response: ServerResponse) => Promise<Reply | null>;
}

/** How the server listens. */
export interface HttpOptions {
  readonly token: string | undefined;
  readonly requestTimeoutMilliseconds: number;
  /** Hears of every answer. */
  readonly onAnswer: (route: string, status: number, seconds: number) => void;
  /** Hears of errors that are the server's own. */
  readonly onFailure: (error: unknown) => void;
  /** Whether the server is closing: answers then ask the client to close its connection. */
  readonly isClosing: () => boolean;
  /** What answers paths that no route has; default 404. */
  readonly fallback?: Route;
  /** `Host` headers that are answered beside loopback's; default: any. A server for one machine passes [], against rebound names. */
  readonly allowedHosts?: readonly string[];
  /** The body of an answer to a request that failed; default {@link RequestError.body}. */
  readonly formatError?: (error: RequestError) => unknown;
}

/** A JSON reply. */
export const json = (value: unknown, status = 200): Reply => ({ status, parts: [JSON.stringify(value)] });

/** An HTTP server over a few fixed paths whose every error, the parser's too, has the documented form. */
export function createHttpServer(routes: Readonly<Record<string, Route>>, options: HttpOptions): Server {
  const table = new Map(Object.entries(routes));
  const expected = options.token === undefined ? null : digest(`Bearer ${options.token}`);
  const { allowedHosts, formatError = (error: RequestError) => error.body } = options;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = performance.now();
    const path = (request.url ?? "").split("?")[0] ?? "";
    const route = table.get(path) ?? options.fallback;
    const name = table.has(path) ? path : options.fallback ? "other" : "unknown";
    const gone = new AbortController();
    response.once("close", () => {
      options.onAnswer(name, response.statusCode, (performance.now() - started) / 1000);
      if (!response.writableFinished) gone.abort(new RequestError(499, "gone", "the client has gone away"));
    });
    try {
      if (allowedHosts && !isAllowedHost(request.headers.host, allowedHosts))
        throw new RequestError(421, "wrong_host", "expected a Host header that names this server, found another one");
      if (!route) throw new RequestError(404, "not_found", "no such path");
      const expectsMethod = route.method === "any" ? request.method : route.method;
      if (request.method !== expectsMethod && !(request.method === "HEAD" && expectsMethod === "GET"))
        throw new RequestError(
          405,
          "method_not_allowed",
          `expected ${route.method}, found ${request.method}`,
          undefined,
          {
            allow: expectsMethod as string,
          },
        );
      // Digests are compared, which have one length, in constant time.
      if (route.secured && expected && !timingSafeEqual(digest(request.headers.authorization ?? ""), expected))
        throw new RequestError(
          401,
          "unauthorized",
          "expected the bearer token in the Authorization header",
          undefined,
          {
            "www-authenticate": "Bearer",
          },
        );
      const reply = await route.handle(request, gone.signal, response);
      if (reply !== null)
        send(response, reply.status ?? 200, reply.type ?? JSON_TYPE, reply.parts, reply.headers ?? {});
    } catch (error) {
      if (!(error instanceof RequestError)) options.onFailure(error);
      const failure =
        error instanceof RequestError
          ? error
          : new RequestError(500, "internal", "the server failed: its log says why");
      // A body that was not read to its end would be taken for the next request.
      // An answer that has begun cannot be taken back: cut off, nobody takes it for whole.
      if (response.headersSent && !response.writableEnded) response.destroy();
      send(response, failure.status, JSON_TYPE, [JSON.stringify(formatError(failure))], {
        ...failure.headers,
        ...(!request.complete && { connection: "close" }),
      });
    }
  };

  const send = (
    response: ServerResponse,
    status: number,
    type: string,
    parts: readonly (string | Uint8Array)[],
    headers: Readonly<Record<string, string>>,
  ): void => {
    if (response.headersSent || response.destroyed) return;
    const length = parts.reduce(
      (sum, part) => sum + (typeof part === "string" ? Buffer.byteLength(part) : part.length),
      0,
    );
    response.writeHead(status, {
      "content-type": type,
      "content-length": length,
      ...headers,
      ...(options.isClosing() && { connection: "close" }),
    });
    response.cork();
    for (const part of parts) response.write(part);
    response.uncork();
    response.end();
  };

  const server = createServer(
    {
      // Node swaps the two limits when the one for headers is the larger, and looks for slow requests at this interval.
      headersTimeout: options.requestTimeoutMilliseconds,
      requestTimeout: options.requestTimeoutMilliseconds,
      connectionsCheckingInterval: Math.min(1000, options.requestTimeoutMilliseconds),
    },
    (request, response) => void answer(request, response),
  );
  server.on("clientError", (error: Error & { code?: string }, socket: Duplex) =>
    answerParserError(error, socket, formatError),
  );
  return server;
}

const JSON_TYPE = "application/json; charset=utf-8";

/** Requests that Node's parser gives up on never reach a route. */
function answerParserError(
  error: Error & { code?: string },
  socket: Duplex,
  formatError: (error: RequestError) => unknown,
): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const failure =
    error.code === "HPE_HEADER_OVERFLOW"
      ? new RequestError(431, "headers_too_large", "expected headers of at most 16 KiB, found more")
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? new RequestError(408, "timeout", "the request did not arrive in time")
        : new RequestError(
            400,
            "invalid_request",
            `expected an HTTP request, found what cannot be read: ${error.code}`,
          );
  const reason = { 400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large" }[failure.status];
  const body = JSON.stringify(formatError(failure));
  socket.end(
    `HTTP/1.1 ${failure.status} ${reason}\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether two secrets are equal, in a time that tells nothing of either. */
export const sameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

function isAllowedHost(host: string | undefined, allowed: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return (
    isLoopback(host) || allowed.some((one) => one.toLowerCase() === name || one.toLowerCase() === host.toLowerCase())
  );
}
