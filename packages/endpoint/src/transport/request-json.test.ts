import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "../address/endpoint.js";
import { type Replay, replayServer } from "../testing/replay-server-node.js";
import { longFetch } from "./long-fetch-node.js";
import { mapLimited } from "./map-limited.js";
import { after } from "./pause.js";
import { requestJson } from "./request-json.js";

const KEY = "secret-key-0123456789";
async function ask(replays: readonly Replay[], extra: Partial<Endpoint> = {}, signal?: AbortSignal) {
  await using server = await replayServer(...replays);
  const endpoint = { baseUrl: server.baseUrl, apiKey: KEY, baseDelaySeconds: 0.001, timeoutSeconds: 5, ...extra };
  const outcome = await requestJson(endpoint, { path: "/x", body: { a: 1, seed: 2 }, ...(signal && { signal }) }).catch(
    (error: unknown) => error as never,
  );
  return { outcome: outcome as unknown, seen: server.seen };
}

describe("requestJson", () => {
  it("sends key, headers and merged body", async () => {
    const { outcome, seen } = await ask([{ body: { ok: true } }], {
      headers: { "x-team": "a" },
      extraBody: { b: { c: 2 }, seed: null },
    });
    expect(outcome).toEqual({ json: { ok: true }, attempts: 1 });
    expect(seen[0]?.url).toBe("/v1/x");
    expect(seen[0]?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, "x-team": "a" });
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ a: 1, b: { c: 2 } });
  });

  it.each([429, 503, 529, 500, 502, 504, 408, 409])("waits and tries again after %i", async (status) => {
    const busy = { status, headers: { "retry-after-ms": "30" }, body: "busy" };
    const start = performance.now();
    const { outcome } = await ask([busy, busy, { body: { ok: true } }]);
    expect(outcome).toEqual({ json: { ok: true }, attempts: 3 });
    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
  });

  it.each<[string, Replay, string, string, number]>([
    ["400", { status: 400, body: { error: { message: "bad" } } }, "bad_request", "request", 1],
    ["401", { status: 401, body: "no" }, "unauthorized", "endpoint", 1],
    ["402", { status: 402, body: { error: "pay" } }, "payment_required", "endpoint", 1],
    ["403", { status: 403, body: { error: { message: "not this one" } } }, "forbidden", "request", 1],
    ["404", { status: 404, body: { detail: "Not Found" } }, "not_found", "endpoint", 1],
    ["307", { status: 307, headers: { location: "http://127.0.0.1:1/" }, body: "" }, "bad_request", "endpoint", 1],
    ["413", { status: 413, body: "" }, "bad_request", "request", 1],
    [
      "429 without credit",
      { status: 429, body: { error: { code: "insufficient_quota" } } },
      "payment_required",
      "endpoint",
      1,
    ],
    ["429 to the end", { status: 429, body: "x" }, "rate_limited", "request", 3],
    ["a wait of a day", { status: 503, headers: { "retry-after": "86400" }, body: "" }, "wait_too_long", "request", 1],
    [
      "an epoch far away",
      { status: 429, headers: { "retry-after": "99999999999" }, body: "" },
      "wait_too_long",
      "request",
      1,
    ],
    ["an error with status 200", { body: { error: { message: "over", code: 503 } } }, "server_error", "request", 3],
    [
      "a rate limit with status 200",
      { body: { error: { code: "rate_limit_exceeded" } } },
      "rate_limited",
      "request",
      3,
    ],
    ["vLLM's older errors", { body: { object: "error", message: "bad", code: 400 } }, "bad_request", "request", 1],
    [
      "an error within a choice",
      { body: { choices: [{ error: { code: 502, message: "up" } }] } },
      "server_error",
      "request",
      3,
    ],
    [
      "an unsupported parameter",
      { status: 400, body: { error: { code: "unsupported_parameter", param: "max_tokens", message: "x" } } },
      "unsupported_parameter",
      "endpoint",
      1,
    ],
    [
      "a member that FastAPI forbids",
      {
        status: 422,
        body: { detail: [{ type: "extra_forbidden", loc: ["body", "seed"], msg: "Extra inputs are not permitted" }] },
      },
      "unsupported_parameter",
      "endpoint",
      1,
    ],
    [
      "a member that Gemini does not know",
      {
        status: 400,
        body: [
          { error: { code: 400, message: 'Invalid JSON payload received. Unknown name "seed": Cannot find field.' } },
        ],
      },
      "unsupported_parameter",
      "endpoint",
      1,
    ],
    ["a web page", { body: "<html>hello</html>" }, "invalid_response", "request", 1],
    ["a stream", { body: "data: {}\n\n" }, "invalid_response", "request", 1],
    ["a bottomless answer", { body: "[".repeat(200_000) + "]".repeat(200_000) }, "invalid_response", "request", 1],
    ["a bottomless error", { status: 400, body: "[".repeat(20_000) + "]".repeat(20_000) }, "bad_request", "request", 1],
    ["half an answer", { body: '{"choices":[' }, "invalid_response", "request", 1],
    ["an empty body", { body: "" }, "invalid_response", "request", 1],
  ])("types %s", async (_, replay, code, scope, tries) => {
    const { outcome, seen } = await ask([replay], { retries: 2 });
    expect(outcome).toMatchObject({ name: "EndpointError", code, scope, attempts: tries });
    if (code === "unsupported_parameter")
      expect((outcome as { parameter?: string }).parameter).toMatch(/^(seed|max_tokens)$/);
    expect(seen).toHaveLength(tries);
  });

  it("never repeats the key that a server echoes", async () => {
    const echo: Replay = (request, response) => {
      response.statusCode = 400;
      response.end(`${"x".repeat(290)} you sent ${request.headers.authorization}`);
    };
    const { outcome } = await ask([echo]);
    const shown = JSON.stringify(outcome) + (outcome as Error).message + (outcome as Error).stack;
    expect(shown).not.toContain(KEY.slice(0, 9));
    const polite = await ask([{ body: { text: `your key is ${KEY}`, [KEY]: 1 } }]);
    expect(JSON.stringify(polite.outcome)).not.toContain(KEY);
  });

  it.each<[string, (write: (chunk: Buffer) => boolean) => void, Record<string, string>]>([
    ["endless", (write) => void setInterval(() => write(Buffer.alloc(65_536, 32)), 1).unref(), {}],
    ["a bomb", (write) => void write(gzipSync(Buffer.alloc(50_000_000, 32))), { "content-encoding": "gzip" }],
  ])("ends a body that is %s", async (_, fill, headers) => {
    const flood: Replay = (_request, response) => {
      response.on("error", () => undefined);
      response.writeHead(200, headers);
      fill((chunk) => response.write(chunk));
    };
    const { outcome } = await ask([flood], { maxResponseBytes: 1_000_000 });
    expect(outcome).toMatchObject({ code: "response_too_large" });
  });

  it("cuts error bodies, and gives up on drips, silence and the dead", async () => {
    const page = await ask([{ status: 400, body: "y".repeat(10_000_000) }]);
    expect((page.outcome as Error).message.length).toBeLessThan(400);
    const drip: Replay = (_request, response) => {
      const timer = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(timer));
    };
    const slow = { timeoutSeconds: 0.1, retries: 0 };
    expect((await ask([drip], slow)).outcome).toMatchObject({ code: "timeout", retryable: true });
    expect((await ask([() => undefined], slow)).outcome).toMatchObject({ code: "timeout" });
    expect(
      (await ask([() => undefined], { ...slow, fetch: () => new Promise(() => undefined) })).outcome,
    ).toMatchObject({
      code: "timeout",
    });
    const dead = requestJson({ baseUrl: "http://127.0.0.1:1/v1", retries: 1, baseDelaySeconds: 0 }, { path: "/x" });
    await expect(dead).rejects.toMatchObject({ code: "connection", attempts: 2 });
    const wrong = requestJson({ baseUrl: "https://127.0.0.1:1/v1", retries: 0, fetch: longFetch }, { path: "/x" });
    await expect(wrong).rejects.toMatchObject({ code: "connection" });
  });

  it("stops at once when aborted, in a request and between tries", async () => {
    for (const replay of [() => undefined, { status: 429, headers: { "retry-after": "60" }, body: "" }] as Replay[]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("enough")), 60);
      const start = performance.now();
      expect((await ask([replay], {}, controller.signal)).outcome).toMatchObject({ message: "enough" });
      expect(performance.now() - start).toBeLessThan(3000);
    }
  });

  it("takes its jitter from the source it is given", async () => {
    const drawn: number[] = [];
    const random = { uniform: () => drawn.push(1) * 0 };
    await ask([{ status: 500, body: "" }], { retries: 2, random });
    expect(drawn).toHaveLength(2);
  });

  it("works through longFetch, errors included", async () => {
    expect((await ask([{ body: { ok: 1 } }], { fetch: longFetch, timeoutSeconds: 900 })).outcome).toMatchObject({
      json: { ok: 1 },
    });
    expect((await ask([{ status: 401, body: "" }], { fetch: longFetch })).outcome).toMatchObject({
      code: "unauthorized",
    });
    expect((await ask([() => undefined], { fetch: longFetch, timeoutSeconds: 0.1, retries: 0 })).outcome).toMatchObject(
      {
        code: "timeout",
      },
    );
  });
});

it.each([0, -1, 1.5, Number.NaN])("does not map with %d calls at a time, which would be none", async (limit) => {
  await expect(mapLimited([1], limit, async (value) => value)).rejects.toMatchObject({ code: "config" });
});

it("timers never overflow", async () => {
  let fired = false;
  const stop = after(40 * 24 * 3600, () => {
    fired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  stop();
  expect(fired).toBe(false);
});
