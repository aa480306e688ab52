import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, expect, it, vi } from "vitest";
import { replayServer } from "../testing/replay-server-node.js";
import { longFetch } from "./long-fetch-node.js";
import { requestJson } from "./request-json.js";

/** A proxy that tunnels, as CONNECT asks. */
const proxy = createServer();
const tunnels: string[] = [];
proxy.on("connect", (request, socket) => {
  tunnels.push(request.url ?? "");
  const [host, port] = (request.url ?? "").split(":");
  const target = connect(Number(port), host, () => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.pipe(target).pipe(socket);
  });
  target.on("error", () => socket.destroy());
  socket.on("error", () => target.destroy());
});
afterAll(() => {
  proxy.closeAllConnections();
  proxy.close();
  vi.unstubAllEnvs();
});

it("goes through the proxy that the environment names", async () => {
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("HTTP_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv("http_proxy", undefined);
  vi.stubEnv("NO_PROXY", "");
  vi.stubEnv("no_proxy", undefined);
  await using server = await replayServer({ body: { ok: 1 } });
  const answer = await requestJson({ baseUrl: server.baseUrl, fetch: longFetch, retries: 0 }, { path: "/x" });
  expect(answer.json).toEqual({ ok: 1 });
  expect(tunnels).toEqual([new URL(server.baseUrl).host]);
});
