import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What a {@link rangeServer} serves at one path. */
export type Served = Uint8Array | ((request: IncomingMessage, response: ServerResponse) => void);

/** A server on the loopback interface that answers range requests and counts what it sends. */
export interface RangeServer {
  /** Its address, without a slash at the end. */
  readonly origin: string;
  /** What it serves, by path; may be changed. */
  readonly files: Map<string, Served>;
  /** Bytes of bodies sent since the last `reset`, and requests answered. */
  readonly sent: { bytes: number; requests: number };
  /** Sets the counters to 0. */
  reset(): void;
  /** Stops it. */
  close(): Promise<void>;
}

/** Sends bytes, or the range that was asked for. */
export function answerRange(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  etag = '"1"',
): number {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  if (from === undefined || (request.headers["if-range"] ?? etag) !== etag) {
    response.writeHead(200, { etag, "content-length": bytes.length }).end(bytes);
    return bytes.length;
  }
  const [start, end] = [Number(from), Math.min(Number(to) + 1, bytes.length)];
  if (start >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return 0;
  }
  const headers = { etag, "content-range": `bytes ${start}-${end - 1}/${bytes.length}`, "content-length": end - start };
  response.writeHead(206, headers).end(bytes.subarray(start, end));
  return end - start;
}

/** Starts a server. */
export async function rangeServer(): Promise<RangeServer> {
  const files = new Map<string, Served>();
  const sent = { bytes: 0, requests: 0 };
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? "");
    sent.requests++;
    if (file === undefined) response.writeHead(404).end("no");
    else if (typeof file === "function") file(request, response);
    else sent.bytes += answerRange(request, response, file);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    files,
    sent,
    reset: () => Object.assign(sent, { bytes: 0, requests: 0 }),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
