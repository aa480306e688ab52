import type { Dispatcher } from "undici";

// undici is 112 modules: a quarter of what importing a package of ours would cost, for those who ask no server.
let library: Promise<typeof import("undici")> | undefined;
const options = { headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 30_000 } } as const;
let dispatcher: Dispatcher | undefined;

/** Whether the environment names a proxy. */
const proxied = (): boolean =>
  ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"].some((name) => (process.env[name] ?? "") !== "");

/**
 * Node's fetch without its limits of 300 s on headers and on pauses within a body, and with the proxy that HTTP_PROXY,
 * HTTPS_PROXY and NO_PROXY name. Pass it as an endpoint's `fetch` and bound the time with `timeoutSeconds`. Own
 * certificate authorities: NODE_EXTRA_CA_CERTS.
 */
export const longFetch: typeof fetch = async (input, init) => {
  library ??= import("undici");
  const { Agent, EnvHttpProxyAgent, fetch: undiciFetch } = await library;
  dispatcher ??= proxied() ? new EnvHttpProxyAgent(options) : new Agent(options);
  const request = { ...init, dispatcher } as Parameters<typeof undiciFetch>[1];
  return (await undiciFetch(input as string | URL, request)) as unknown as Response;
};
