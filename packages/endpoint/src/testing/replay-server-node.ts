import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a replayed server says: status, headers and a body (text as it is, anything else as JSON), or full control. */
export type Replay =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown }
  | ((request: IncomingMessage, response: ServerResponse, body: string) => void);

/** A server that replays answers in order, the last one for ever; for tests only. */
export async function replayServer(...replays: readonly Replay[]) {
  const seen: { readonly url: string; readonly headers: IncomingMessage["headers"]; readonly body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const replay = replays[Math.min(seen.length, replays.length - 1)];
    seen.push({ url: request.url ?? "", headers: request.headers, body });
    if (replay === undefined) return;
    if (typeof replay === "function") return replay(request, response, body);
    response.writeHead(replay.status ?? 200, { "content-type": "application/json", ...replay.headers });
    response.end(typeof replay.body === "string" ? replay.body : JSON.stringify(replay.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
