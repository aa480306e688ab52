import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { item, startTestServer, TOKEN, tagged } from "../../test/test-server.js";

let running: Awaited<ReturnType<typeof startTestServer>>;
beforeAll(async () => {
  running = await startTestServer();
}, 120_000);
afterAll(() => running?.stop(), 60_000);
const judged = (body: unknown) => running.judged(body);

describe("connections", () => {
  const raw = (text: string, close: boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(running.server.url);
      const socket = connect(Number(port), "127.0.0.1", () => {
        socket.write(text);
        if (close) socket.end();
      });
      let answer = "";
      socket.on("data", (data) => {
        answer += data;
      });
      socket.on("close", () => resolve(answer));
      socket.on("error", reject);
    });
  const body = JSON.stringify({ items: [item(tagged("no"))] });
  const head = `POST /v1/rewards HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;

  it("gives a slow sender 408 and goes on", async () => {
    expect(await raw(`${head}Content-Length: 1000\r\n\r\n{"items`, false)).toMatch(/^HTTP\/1.1 408/);
  }, 30_000);

  it("takes a half-closed connection for one that has gone away, and stops working for it", async () => {
    const request = `${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    expect(await raw(request, false)).toMatch(/^HTTP\/1.1 200[\s\S]*"total":/);
    expect(await raw(request, true)).toBe("");
    const controller = new AbortController();
    const gone = fetch(`${running.server.url}/v1/rewards`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ items: Array.from({ length: 200 }, () => item("wait")), rewards: ["nasty"] }),
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 50);
    await expect(gone).rejects.toThrow(/abort/i);
    await expect.poll(() => running.metrics()).toMatch(/^safety_rewards_queued_items 0$/m);
    expect((await judged({ items: [item("abc")], rewards: ["length"] })).total).toEqual([3]);
  }, 30_000);

  it("answers many at once, each with its own", async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => judged({ items: [item("x".repeat(i))], rewards: ["length"] })),
    );
    expect(answers.map(({ total }) => total[0])).toEqual(answers.map((_, i) => i));
  }, 30_000);

  it("answers what Node's parser gives up on in the documented form", async () => {
    const refused = async (text: string) => {
      const [, status, body] = /^HTTP\/1.1 (\d+)[\s\S]*?\r\n\r\n([\s\S]*)$/.exec(await raw(text, false)) ?? [];
      const { error } = JSON.parse(body ?? "") as { error: { code: string; message: string } };
      return [Number(status), error.code, error.message.startsWith("expected")];
    };
    expect(await refused(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(20_000)}\r\n\r\n`)).toEqual([
      431,
      "headers_too_large",
      true,
    ]);
    expect(await refused("this is no HTTP\r\n\r\n")).toEqual([400, "invalid_request", true]);
    expect(await refused("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")).toEqual([
      400,
      "invalid_request",
      true,
    ]);
    const wrong = await fetch(`${running.server.url}/v1/rewards`);
    expect([
      wrong.status,
      wrong.headers.get("allow"),
      ((await wrong.json()) as { error: { code: string } }).error.code,
    ]).toEqual([405, "POST", "method_not_allowed"]);
    const packed = await fetch(`${running.server.url}/v1/rewards`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip", authorization: `Bearer ${TOKEN}` },
      body: "x",
    });
    expect(packed.status).toBe(415);
  });

  it("answers 429 when bodies would fill the memory, and goes on", async () => {
    const small = await startTestServer({ workers: 1, maxBodyBytes: 2048, maxQueuedBytes: 3000 });
    const ask = () => small.post("/v1/rewards", { items: [item("x".repeat(1500))], rewards: ["slow"] });
    const first = ask();
    await expect.poll(async () => (await small.metrics()).match(/queued_items (\d)/)?.[1], { interval: 5 }).toBe("1");
    const second = await ask();
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await first).status).toBe(200);
    expect((await ask()).status).toBe(200);
    await small.stop();
  }, 60_000);
});
