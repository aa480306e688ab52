import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { closeServer, createHttpServer, type HttpOptions, isLoopback, json, listen, type Route } from "../server.js";
import { createByteBudget } from "./byte-budget.js";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function started(routes: Record<string, Route>, options: Partial<HttpOptions> = {}) {
  const answers: [string, number][] = [];
  const server = createHttpServer(routes, {
    token: undefined,
    requestTimeoutMilliseconds: 1000,
    onAnswer: (route, status) => answers.push([route, status]),
    onFailure: () => {},
    isClosing: () => false,
    ...options,
  });
  const url = await listen(server, { host: "127.0.0.1", port: 0 });
  closing.push(() => closeServer(server, 0));
  return { url, answers };
}
/** `fetch` does not let a caller choose the Host header. */
const ask = (url: string, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on("error", reject).end();
  });
const route = (handle: Route["handle"]): Route => ({ method: "any", secured: false, handle });

describe("createHttpServer", () => {
  it("answers only hosts that it was told of, so that no rebound name reaches it", async () => {
    const { url } = await started({ "/a": route(async () => json({})) }, { allowedHosts: ["guard.example"] });
    for (const host of ["127.0.0.1:1", "localhost", "[::1]:9", "guard.example", "GUARD.example:8018"])
      expect([host, await ask(`${url}/a`, host)]).toEqual([host, 200]);
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil"])
      expect([host, await ask(`${url}/a`, host)]).toEqual([host, 421]);
  });

  it("hands other paths to a fallback, errors in the caller's form", async () => {
    const { url, answers } = await started(
      {},
      {
        fallback: route(async (given) => json({ path: given.url })),
        formatError: ({ code }) => ({ mine: code }),
        token: "a-token-of-some-length",
      },
    );
    expect(await (await fetch(`${url}/x?y=1`)).json()).toEqual({ path: "/x?y=1" });
    expect(answers).toEqual([["other", 200]]);
    const other = await started({}, { formatError: ({ code }) => ({ mine: code }) });
    expect(await (await fetch(`${other.url}/x`)).json()).toEqual({ mine: "not_found" });
  });

  it("cuts off an answer that fails after it began", async () => {
    const { url } = await started({
      "/a": route(async (_request, _signal, response) => {
        response.writeHead(200, { "content-type": "text/plain" });
        response.write("half");
        throw new Error("broke");
      }),
    });
    const answer = await fetch(`${url}/a`);
    await expect(answer.text()).rejects.toThrow();
  });
});

it("a byte budget lets one body in however large, and no second beside it", async () => {
  const budget = createByteBudget(100, 1000);
  const gates: (() => void)[] = [];
  const first = budget.hold("900", () => new Promise<void>((go) => gates.push(go)));
  expect(budget.heldBytes).toBe(900);
  await expect(budget.hold("1", async () => {})).rejects.toMatchObject({ status: 429 });
  gates[0]?.();
  await first;
  expect(budget.heldBytes).toBe(0);
  await expect(budget.hold(undefined, async () => budget.heldBytes)).resolves.toBe(1000);
  const settled = budget.hold(undefined, async (settle) => {
    settle(10);
    return budget.hold("20", async () => budget.heldBytes);
  });
  expect([await settled, budget.heldBytes]).toEqual([30, 0]);
});

it("knows loopback from names that only look like it", () => {
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9:80", "::1", "[::1]:80"]) expect(isLoopback(host)).toBe(true);
  for (const host of ["0.0.0.0", "localhost.x", "x127.0.0.1", "::", "10.0.0.1"]) expect(isLoopback(host)).toBe(false);
});
