import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { meanRouge } from "../index.js";
import { openApiDocument, type RewardResponse, type RewardServer, startRewardServer } from "../server.js";

// Threads run from source.
const program = new URL("../../test/worker-from-source.mjs", import.meta.url);
const TOKEN = "a-token-of-some-length";
const DEADLINE = 800;

const REWARDS = `
  export const rewards = {
    length: ({ completion }) => ({ value: completion.length, parts: {}, reason: null }),
    nasty: async ({ completion }) => {
      if (completion === "hang") for (;;);
      if (completion === "wait") await new Promise(() => {});
      if (completion === "later") { await new Promise((go) => setTimeout(go, 5)); for (;;); }
      if (completion === "throw") throw new Error("boom");
      if (completion === "exit") process.exit(3);
      if (completion === "memory") { const all = []; for (;;) all.push(new Array(1e6).fill(all.length)); }
      return { value: completion.length, parts: {}, reason: null };
    },
  };`;

const tagged = (answer: string) =>
  `<think>t</think><answer>${answer}</answer><vidType>1</vidType><textType>0</textType>`;
const item = (completion: string, extra: object = {}) => ({
  completion,
  solution: tagged("the answer is no"),
  problem_type: "free-form-and-choice",
  ...extra,
});

let server: RewardServer;
let directory: string;
let rewardModule: string;

const post = (path: string, body: unknown, token = TOKEN): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const judged = async (body: unknown): Promise<RewardResponse> => {
  const response = await post("/v1/rewards", body);
  expect(response.status).toBe(200);
  return (await response.json()) as RewardResponse;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "rewards-"));
  const file = join(directory, "rewards.mjs");
  await writeFile(file, REWARDS);
  rewardModule = pathToFileURL(file).href;
  server = await startRewardServer(
    {
      port: 0,
      token: TOKEN,
      workers: 2,
      itemDeadlineMilliseconds: DEADLINE,
      maxItems: 2000,
      maxBodyBytes: 4 * 2 ** 20,
      requestTimeoutMilliseconds: 1000,
      workerHeapMebibytes: 128,
      overlong: { maxTokens: 100, bufferTokens: 50 },
      rewardModule,
    },
    { program },
  );
}, 120_000);

afterAll(async () => {
  await server?.close();
  await rm(directory, { recursive: true });
}, 60_000);

describe("POST /v1/rewards", () => {
  it("judges in the order of the request, with totals, reasons, terms and diagnostics", async () => {
    const answer = await judged({
      items: [
        item(tagged("the answer is no"), { id: "a" }),
        item(tagged("yes"), { solution: "none", id: "b" }),
        item("x"),
      ],
      weights: [2, 1],
      details: true,
      diagnostics: true,
    });
    expect(answer.rewards).toEqual([
      [2.1, 1],
      [null, 1],
      [0, 0],
    ]);
    expect(answer.total).toEqual([5.2, 1, 0]);
    expect(answer.unscorable).toEqual([
      { item: 1, id: "b", reward: "accuracy", reason: expect.stringMatching(/<answer>/) },
    ]);
    expect(answer.details?.[0]?.accuracy?.parts).toMatchObject({ rouge: 1, alpha: 0.1, visual: 1, textual: 1 });
    expect(answer.diagnostics?.duplicateShare).toBe(0);
  });

  it("gives every item of a large request its own score", async () => {
    const items = Array.from({ length: 1500 }, (_, i) => item(tagged(`the answer is ${i} of ${i % 7}`)));
    const answer = await judged({ items });
    expect(answer.rewards.map(([value]) => value)).toEqual(
      items.map((_, i) => 0.1 * meanRouge("the answer is no", `the answer is ${i} of ${i % 7}`) + 1 + 1),
    );
  });

  it("has the text and length rewards by name", async () => {
    const answer = await judged({
      items: [
        item(tagged("the answer is no"), { completion_length: 75 }),
        item("ja ja ja ja ja ja", { completion_length: 20 }),
        item(tagged("нет")),
      ],
      rewards: ["repetition", "think-leakage", "language-consistency", "overlong"],
    });
    expect(answer.rewards).toEqual([
      [0, 0, 1, -0.5],
      [1 / 3 - 1, 0, 0, 0],
      [0, 0, 0, null],
    ]);
    expect(answer.unscorable[0]).toMatchObject({
      item: 2,
      reward: "overlong",
      reason: expect.stringMatching(/length/),
    });
  });

  it("answers an empty list with empty lists", async () => {
    expect(await judged({ items: [] })).toEqual({ rewards: [], total: [], unscorable: [] });
  });

  it("grades a vsr1 list by its first item, also when it is split over threads", async () => {
    const items = Array.from({ length: 100 }, (_, i) => ({
      completion: "<answer>same</answer>",
      solution: "<answer>same</answer>",
      problem_type: i === 0 ? "multiple choice" : "free-form",
    }));
    expect((await judged({ items, compat: "vsr1", rewards: ["accuracy"] })).total).toEqual(items.map(() => 1));
    expect((await judged({ items, rewards: ["accuracy"] })).total[1]).toBe(2 / 3);
  });

  it("names the path of a bad field", async () => {
    for (const [body, path] of [
      [{ items: [item("a"), { completion: 3 }] }, "items[1].completion"],
      [{ items: [item("a", { typo: 1 })] }, "items[0]"],
      [{ items: [], rewards: ["accuracy", "nope"] }, "rewards[1]"],
      [{ items: [], weights: [1] }, "weights"],
      [{}, "items"],
      [[], ""],
    ] as const) {
      const response = await post("/v1/rewards", body);
      expect(response.status).toBe(400);
      const { error } = (await response.json()) as { error: { code: string; issues: { path: string }[] } };
      expect([error.code, error.issues[0]?.path]).toEqual(["invalid_request", path]);
    }
  });

  it("refuses what is not JSON, too large, too many, unknown or not allowed", async () => {
    const statuses = [
      (await post("/v1/rewards", "{")).status,
      (await post("/v1/rewards", { items: [item("x".repeat(5 * 2 ** 20))] })).status,
      (await post("/v1/rewards", { items: new Array(2001).fill(item("x")) })).status,
      (await post("/v1/nothing", {})).status,
      (await post("/v1/rewards", { items: [] }, "wrong")).status,
      (
        await fetch(`${server.url}/v1/rewards`, {
          method: "POST",
          body: "x",
          headers: { authorization: `Bearer ${TOKEN}` },
        })
      ).status,
      (await fetch(`${server.url}/metrics`)).status,
    ];
    expect(statuses).toEqual([400, 413, 413, 404, 401, 415, 401]);
  });
});

describe("a reward that misbehaves touches its item only", () => {
  const completions = (bad: string) => Array.from({ length: 16 }, (_, i) => (i === 7 ? bad : "ok".repeat(i + 1)));
  const expected = Array.from({ length: 16 }, (_, i) => (i === 7 ? null : 2 * (i + 1)));

  it.each([
    ["hang", /took more than 800 ms/],
    ["wait", /took more than 800 ms/],
    ["later", /took more than 800 ms/],
    ["throw", /boom/],
    ["exit", /ended its thread/],
    ["memory", /ended its thread|took more than/],
  ])(
    "%s",
    async (bad, reason) => {
      const other = judged({ items: [item("abc")], rewards: ["length"] });
      const answer = await judged({ items: completions(bad).map((text) => item(text)), rewards: ["nasty"] });
      expect(answer.total).toEqual(expected);
      expect(answer.unscorable).toEqual([{ item: 7, reward: "nasty", reason: expect.stringMatching(reason) }]);
      expect((await other).total).toEqual([3]);
    },
    60_000,
  );
});

describe("connections", () => {
  const raw = (text: string, close: boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(server.url);
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
    const gone = fetch(`${server.url}/v1/rewards`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ items: Array.from({ length: 200 }, () => item("wait")), rewards: ["nasty"] }),
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 50);
    await expect(gone).rejects.toThrow(/abort/i);
    await expect.poll(metricsText).toMatch(/^safety_rewards_queued_items 0$/m);
    expect((await judged({ items: [item("abc")], rewards: ["length"] })).total).toEqual([3]);
  }, 30_000);

  it("answers many at once, each with its own", async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => judged({ items: [item("x".repeat(i))], rewards: ["length"] })),
    );
    expect(answers.map(({ total }) => total[0])).toEqual(answers.map((_, i) => i));
  }, 30_000);
});

describe("POST /v1/openrlhf", () => {
  it("cuts prompts and special tokens off, and reads JSON labels", async () => {
    const prompt = "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n";
    const completion = tagged("the answer is no");
    const response = await post("/v1/openrlhf", {
      query: [
        `${prompt}${completion}<|im_end|>`,
        `other${prompt}${completion}<|endoftext|>`,
        "<think>t</think><answer>A</answer>",
      ],
      prompts: [prompt, "not the prefix", ""],
      labels: [
        completion,
        completion,
        JSON.stringify({ solution: "<answer>A</answer>", problem_type: "multiple choice" }),
      ],
    });
    expect(await response.json()).toEqual({
      rewards: [3.1, 3.1, 2],
      scores: [1, 1, 2 / 3.1],
      extra_logs: { accuracy: [2.1, 2.1, 1], format: [1, 1, 1], unscorable: [0, 0, 0] },
    });
  });

  it("answers empty lists with 200, as OpenRLHF sends to all but the first URL", async () => {
    const response = await post("/v1/openrlhf", { query: [], prompts: [], labels: [] });
    expect([response.status, ((await response.json()) as { rewards: number[] }).rewards]).toEqual([200, []]);
  });

  it("marks what cannot be judged, since its contract has no null", async () => {
    const body = (await (await post("/v1/openrlhf", { query: ["x"], labels: [null] })).json()) as {
      extra_logs: Record<string, number[]>;
    };
    expect(body.extra_logs.unscorable).toEqual([1]);
    expect(body.extra_logs.accuracy).toEqual([0]);
  });
});

const metricsText = async (): Promise<string> =>
  (await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();

describe("operations", () => {
  it("says that it is well, and counts", async () => {
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const ready = (await (await fetch(`${server.url}/readyz`)).json()) as { rewards: string[] };
    const builtin = ["accuracy", "format", "repetition", "think-leakage", "language-consistency", "overlong"];
    expect(ready.rewards).toEqual([...builtin, "length", "nasty"]);
    const metrics = await metricsText();
    expect(metrics).toMatch(/safety_rewards_requests_total\{route="\/v1\/rewards",status="200"\} \d+/);
    expect(Number(/safety_rewards_worker_restarts_total (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(0);
  });

  it("describes itself by the schemas that check its requests", async () => {
    const served = await (await fetch(`${server.url}/openapi.json`)).json();
    expect(served).toEqual(JSON.parse(JSON.stringify(openApiDocument("0.0.0"))));
    const { schemas } = (served as { components: { schemas: Record<string, { properties: object }> } }).components;
    expect(Object.keys(schemas.RewardRequest?.properties ?? {})).toContain("items");
    expect(JSON.stringify(schemas.RewardRequest)).toContain("#/components/schemas/RewardItem");
  });

  it("refuses to listen beyond loopback without a token, and modules without rewards", async () => {
    await expect(startRewardServer({ host: "0.0.0.0", port: 0 }, { program })).rejects.toThrow(/token/);
    const empty = pathToFileURL(join(directory, "empty.mjs"));
    await writeFile(empty, "export const reward = 1;");
    await expect(startRewardServer({ port: 0, workers: 1, rewardModule: empty.href }, { program })).rejects.toThrow(
      /to export "rewards"/,
    );
  }, 30_000);

  it("lets requests under way end when it closes, and says 503 when it holds too much", async () => {
    const small = await startRewardServer(
      { port: 0, workers: 1, rewardModule, itemDeadlineMilliseconds: 300, maxQueuedItems: 10 },
      { program },
    );
    const ask = (count: number, text: string) =>
      fetch(`${small.url}/v1/rewards`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ items: Array.from({ length: count }, () => item(text)), rewards: ["nasty"] }),
      });
    const full = await ask(11, "a");
    expect([full.status, full.headers.get("retry-after")]).toEqual([503, "1"]);
    const waiting = ask(3, "wait");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [answer] = await Promise.all([waiting, small.close()]);
    expect(((await answer.json()) as RewardResponse).total).toEqual([null, null, null]);
    await expect(ask(1, "a")).rejects.toThrow();
  }, 60_000);
});
