import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { sameSecret } from "@videosafety/endpoint/server";
import type { EvalItem } from "@videosafety/safety-data";
import { sampleDetails, type ViewedRun } from "./sample-details.js";
import { buildSampleIndex } from "./sample-index.js";
import { viewerPage } from "./viewer-page.js";

/** What {@link startViewer} takes. */
export interface ViewerOptions {
  /** The items of the runs. */
  readonly items: readonly EvalItem[];
  /** Runs over these items. */
  readonly runs: readonly ViewedRun[];
  /** A JPEG of an item's frames with their times; null when it has none. */
  readonly frames: (item: EvalItem) => Promise<Uint8Array | null>;
  /** Heading. */
  readonly title: string;
  /** Port on the loopback interface; 0 (default) takes a free one. */
  readonly port?: number;
}

/** A running viewer. */
export interface Viewer {
  /** Where to open it; holds the token without which nothing is answered. */
  readonly url: string;
  /** Stops it. */
  close(): Promise<void>;
}

const isLoopbackHost = (host: string | undefined): boolean =>
  /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host ?? "");

/**
 * Serves the sample browser on the loopback interface. Other sites cannot read it through the reader's browser: requests need a token, and a Host
 * that is the loopback's.
 *
 * @throws the system's error when the port is taken
 */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const { items, runs, frames, title, port = 0 } = options;
  const token = randomBytes(18).toString("base64url");
  const index = gzipSync(
    JSON.stringify(
      buildSampleIndex(
        items,
        runs.map(({ evaluated }) => evaluated),
      ),
    ),
    { level: 4 },
  );
  const detailsOf = sampleDetails(items, runs);
  const page = viewerPage(title);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const send = (status: number, type: string, body: string | Uint8Array, headers: Record<string, string> = {}) => {
      response.writeHead(status, {
        "content-type": type,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        ...headers,
      });
      response.end(body);
    };
    const text = (status: number, body: string) => send(status, "text/plain; charset=utf-8", body);
    if (!isLoopbackHost(request.headers.host)) return text(403, "expected a request to the loopback interface");
    if (request.method !== "GET") return text(405, "expected GET");
    const given = request.headers["x-viewer-token"] ?? searchParams.get("token") ?? "";
    if (!sameSecret(String(given), token))
      return text(401, "expected the token of the address that vsb-eval view printed");
    if (pathname === "/") {
      const policy =
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src blob: data:; connect-src 'self'";
      return send(200, "text/html; charset=utf-8", page, {
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
      });
    }
    if (pathname === "/api/index") return send(200, "application/json", index, { "content-encoding": "gzip" });
    const [, kind, number] = /^\/api\/(items|frames)\/(\d{1,9})$/.exec(pathname) ?? [];
    const item = number === undefined ? undefined : items[Number(number)];
    if (item === undefined) return text(404, "no such sample");
    if (kind === "items") return send(200, "application/json", JSON.stringify(detailsOf(Number(number))));
    const picture = await frames(item);
    return picture === null ? text(404, "this item has no video") : send(200, "image/jpeg", picture);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
      response.end((error as Error).message);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/?token=${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
