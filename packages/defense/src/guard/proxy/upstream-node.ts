import { once } from "node:events";
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { pipeline } from "node:stream/promises";
import { resolveEndpoint } from "@videosafety/endpoint";
import { OverloadedError, RequestError } from "@videosafety/endpoint/server";

/** The server behind the proxy. */
export interface Upstream {
  /** Requests under way. */
  readonly inFlight: number;
  /**
   * Sends a request on and its answer back, both byte for byte; only headers of the connection change.
   *
   * @param path below the base URL, with its query
   * @param body null: the request's own, as it comes
   * @param added headers that the answer gets
   * @returns after the answer's last byte
   * @throws OverloadedError; RequestError 502 or 504 before the answer began; whatever broke it afterwards
   */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    call: {
      readonly path: string;
      readonly body: Uint8Array | null;
      readonly added: Readonly<Record<string, string>>;
      readonly signal: AbortSignal;
    },
  ): Promise<void>;
  close(): void;
}

/** What {@link createUpstream} takes. */
export interface UpstreamOptions {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Whether the client's Authorization header is meant for the upstream. */
  readonly passAuthorization: boolean;
  readonly timeoutMilliseconds: number;
  readonly maxInFlight: number;
  readonly maxBodyBytes: number;
}

/** Headers of one connection, which no proxy sends on (RFC 9110, 7.6.1). */
const OF_CONNECTION = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** Headers that only the guard may set. */
const OWN = /^x-videosafety-/i;

/** Connects to an OpenAI-compatible server. Nothing is sent before `forward`. @throws EndpointError for a bad address or key */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { baseUrl, apiKey, passAuthorization, timeoutMilliseconds, maxInFlight, maxBodyBytes } = options;
  const { url, shown, headers: own } = resolveEndpoint({ baseUrl, ...(apiKey !== undefined && { apiKey }) });
  const secure = url("").startsWith("https:");
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: maxInFlight })
    : new HttpAgent({ keepAlive: true, maxSockets: maxInFlight });
  const login = own.authorization ?? own["api-key"];
  let inFlight = 0;

  const send = async (
    request: IncomingMessage,
    response: ServerResponse,
    call: Parameters<Upstream["forward"]>[2],
  ): Promise<void> => {
    const [path = "", ...query] = call.path.split("?");
    const target = new URL(url(path));
    for (const [name, value] of new URLSearchParams(query.join("?"))) target.searchParams.append(name, value);
    const drop = new Set([
      ...OF_CONNECTION,
      ...namesIn(request.headers.connection),
      "host",
      "content-length",
      "expect",
    ]);
    if (login !== undefined || !passAuthorization) drop.add("authorization");
    if (login !== undefined) drop.add("api-key");
    const headers: string[] = kept(request.rawHeaders, drop);
    for (const name of ["authorization", "api-key"]) if (own[name] !== undefined) headers.push(name, own[name]);
    headers.push("host", target.host);
    const length = call.body === null ? request.headers["content-length"] : String(call.body.length);
    if (length !== undefined) headers.push("content-length", length);
    else if (request.headers["transfer-encoding"] !== undefined) headers.push("transfer-encoding", "chunked");
    const make = secure ? requestHttps : requestHttp;
    const ask = async (): Promise<IncomingMessage> => {
      const sent = make(target, {
        method: request.method ?? "GET",
        headers: headers as never,
        agent,
        signal: call.signal,
      });
      const silent = (): void => void sent.destroy(Object.assign(new Error("silence"), { code: "ETIMEDOUT" }));
      sent.setTimeout(timeoutMilliseconds, silent);
      const again = (): Promise<IncomingMessage> | null =>
        // A kept connection that the upstream closed just then: nothing was answered, and a body in memory can be sent once more.
        sent.reusedSocket && (call.body !== null || isEmpty(request)) ? ask() : null;
      return answerOf(sent, request, call, maxBodyBytes, shown, again);
    };
    const answer = await ask();
    const added = Object.entries(call.added).flat();
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", [
      ...kept(answer.rawHeaders, new Set([...OF_CONNECTION, ...namesIn(answer.headers.connection)])),
      ...added,
    ]);
    response.flushHeaders();
    await pipeline(answer, response).catch((cause: NodeJS.ErrnoException) => {
      // An upstream that breaks off is reset; an answer that closes before its end was left by its client.
      if (!call.signal.aborted && cause.code !== "ERR_STREAM_PREMATURE_CLOSE") throw cause;
      throw Object.assign(new RequestError(499, "gone", "the client has gone away"), { cause });
    });
  };

  return {
    get inFlight() {
      return inFlight;
    },
    async forward(request, response, call) {
      if (inFlight >= maxInFlight)
        throw new OverloadedError(`expected at most ${maxInFlight} requests at a time: try again later`);
      inFlight++;
      try {
        await send(request, response, call);
      } finally {
        inFlight--;
      }
    },
    close: () => agent.destroy(),
  };
}

async function answerOf(
  sent: ClientRequest,
  request: IncomingMessage,
  { body }: { readonly body: Uint8Array | null },
  maxBodyBytes: number,
  shown: string,
  again: () => Promise<IncomingMessage> | null,
): Promise<IncomingMessage> {
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  let tooLarge = false;
  const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      tooLarge = bytes > maxBodyBytes;
      if (tooLarge) throw new Error("too large");
      yield chunk;
    }
  };
  const written = async (): Promise<void> => {
    if (body !== null) sent.end(body);
    else await pipeline(request, counted, sent);
  };
  try {
    const writing = written();
    writing.catch(() => sent.destroy());
    const [answer] = await answered;
    return answer;
  } catch (cause) {
    if (tooLarge)
      throw new RequestError(413, "too_large", `expected a body of at most ${maxBodyBytes} bytes, found more`);
    const code = (cause as { code?: string }).code ?? "";
    if (code === "ETIMEDOUT")
      throw new RequestError(504, "upstream_timeout", `the server ${shown} said nothing in time`, undefined, {
        "retry-after": "5",
      });
    const repeated = code === "ECONNRESET" || code === "EPIPE" ? again() : null;
    if (repeated !== null) return repeated;
    if (code === "ABORT_ERR") throw new RequestError(499, "gone", "the client has gone away");
    throw Object.assign(
      new RequestError(
        502,
        "upstream_unreachable",
        `the server ${shown} could not be asked (${code || "connection failed"})`,
        undefined,
        { "retry-after": "5" },
      ),
      { cause },
    );
  }
}

const namesIn = (connection: string | undefined): string[] =>
  (connection ?? "").split(",").map((name) => name.trim().toLowerCase());

/** Raw headers without some, names and order as they came. */
function kept(raw: readonly string[], drop: ReadonlySet<string>): string[] {
  const list: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!drop.has(name.toLowerCase()) && !OWN.test(name)) list.push(name, raw[i + 1] as string);
  }
  return list;
}

/** Whether a request has no body. */
const isEmpty = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
