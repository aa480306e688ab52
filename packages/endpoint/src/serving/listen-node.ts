import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Listens and tells the address, e.g. `http://127.0.0.1:8017`. @throws Node's error for a busy port */
export async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<string> {
  server.listen({ host, port });
  await once(server, "listening");
  const { address, port: bound, family } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${bound}`;
}

/** Takes no more connections, waits for requests under way, at most `graceMilliseconds`, then cuts what is left. */
export async function closeServer(server: Server, graceMilliseconds: number): Promise<void> {
  const grace = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  server.close();
  server.closeIdleConnections();
  await once(server, "close").finally(() => clearTimeout(grace));
}
