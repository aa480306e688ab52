import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { item, program, startTestServer, TOKEN, tagged } from "../../test/test-server.js";
import { meanRouge } from "../index.js";
import { openApiDocument, type RewardResponse, startRewardServer } from "../server.js";

let running: Awaited<ReturnType<typeof startTestServer>>;
beforeAll(async () => {
  running = await startTestServer();
}, 120_000);
afterAll(() => running?.stop(), 60_000);
const judged = (body: unknown) => running.judged(body);
const post = (path: string, body: unknown, token?: string) => running.post(path, body, token);

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
        await fetch(`${running.server.url}/v1/rewards`, {
          method: "POST",
          body: "x",
          headers: { authorization: `Bearer ${TOKEN}` },
        })
      ).status,
      (await fetch(`${running.server.url}/metrics`)).status,
    ];
    expect(statuses).toEqual([400, 413, 413, 404, 401, 415, 401]);
  });

  it("puts what the prompt holds before every completion", async () => {
    const items = [
      { completion: "t</think><answer>3</answer>", solution: "<answer>3</answer>", problem_type: "numerical" },
    ];
    expect((await judged({ items })).rewards).toEqual([[1, 0]]);
    expect((await judged({ items, completion_prefix: "<think>" })).rewards).toEqual([[1, 1]]);
  });

  it("refuses an unknown problem type with the known ones, whatever its name", async () => {
    for (const problem_type of ["constructor", "__proto__", "numeric"]) {
      const { rewards, unscorable } = await judged({ items: [item("x", { problem_type })] });
      expect(rewards).toEqual([[null, null]]);
      expect(unscorable[0]?.reason).toMatch(/multiple choice, numerical, OCR, regression/);
    }
  });

  it("bounds every list before it looks at what is in it", async () => {
    const message = async (body: unknown, path = "/v1/rewards") => {
      const response = await post(path, body);
      return [response.status, ((await response.json()) as { error: { message: string } }).error.message];
    };
    expect(await message({ items: new Array(2001).fill(3) })).toEqual([
      413,
      expect.stringMatching(/at most 2000 items, found 2001/),
    ]);
    expect(await message({ items: [], rewards: new Array(65).fill("accuracy") })).toEqual([
      400,
      expect.stringMatching(/rewards/),
    ]);
    expect(await message({ items: [], weights: new Array(65).fill(1) })).toEqual([
      400,
      expect.stringMatching(/weights/),
    ]);
    expect(await message({ items: [], rewards: ["x".repeat(200)] })).toEqual([400, expect.stringMatching(/rewards/)]);
    expect(await message({ items: new Array(2000).fill(item("x")), rewards: new Array(64).fill("format") })).toEqual([
      413,
      expect.stringMatching(/65536 items times rewards, found 128000/),
    ]);
    const { error } = (await (await post("/v1/rewards", { items: new Array(1000).fill({}) })).json()) as {
      error: { issues: { path: string }[] };
    };
    expect(error.issues.map(({ path }) => path)).toEqual([
      "items[0].completion",
      "items[0].solution",
      "items[0].problem_type",
    ]);
  });
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

  it("refuses labels and prompts that are not as many as the queries", async () => {
    const answer = tagged("a");
    for (const [body, path] of [
      [{ query: [answer, answer], labels: [answer] }, "labels"],
      [{ query: [answer], labels: [answer, answer] }, "labels"],
      [{ query: [answer] }, "labels"],
      [{ query: [answer, answer], labels: [answer, answer], prompts: ["p"] }, "prompts"],
      [{ labels: [] }, "query"],
    ] as const) {
      const response = await post("/v1/openrlhf", body);
      const { error } = (await response.json()) as { error: { code: string; issues: { path: string }[] } };
      expect([response.status, error.code, error.issues[0]?.path]).toEqual([400, "invalid_request", path]);
    }
  });
});

describe("operations", () => {
  it("says that it is well, and counts", async () => {
    expect((await fetch(`${running.server.url}/healthz`)).status).toBe(200);
    const ready = (await (await fetch(`${running.server.url}/readyz`)).json()) as { rewards: string[] };
    const builtin = [
      "accuracy",
      "format",
      "repetition",
      "think-leakage",
      "language-consistency",
      "safe-completion",
      "overlong",
    ];
    expect(ready.rewards).toEqual([...builtin, "length", "slow", "strays", "nasty"]);
    const metrics = await running.metrics();
    expect(metrics).toMatch(/safety_rewards_requests_total\{route="\/v1\/rewards",status="200"\} \d+/);
    expect(metrics).toMatch(/safety_rewards_worker_restarts_total 0/);
  });

  it("describes itself by the schemas that check its requests", async () => {
    const served = await (await fetch(`${running.server.url}/openapi.json`)).json();
    expect(served).toEqual(JSON.parse(JSON.stringify(openApiDocument("0.0.0"))));
    const { schemas } = (served as { components: { schemas: Record<string, { properties: object }> } }).components;
    expect(Object.keys(schemas.RewardRequest?.properties ?? {})).toContain("items");
    expect(JSON.stringify(schemas.RewardRequest)).toContain("#/components/schemas/RewardItem");
  });

  it("refuses to listen beyond loopback without a token, and modules without rewards", async () => {
    await expect(startRewardServer({ host: "0.0.0.0", port: 0 }, { program })).rejects.toThrow(/token/);
    const empty = pathToFileURL(join(running.directory, "empty.mjs"));
    await writeFile(empty, "export const reward = 1;");
    await expect(startRewardServer({ port: 0, workers: 1, rewardModule: empty.href }, { program })).rejects.toThrow(
      /to export "rewards"/,
    );
  }, 30_000);

  it("lets requests under way end when it closes, and says 429 when it holds too much", async () => {
    const small = await startRewardServer(
      { port: 0, workers: 1, rewardModule: running.rewardModule, itemDeadlineMilliseconds: 300, maxQueuedItems: 10 },
      { program },
    );
    const ask = (count: number, text: string) =>
      fetch(`${small.url}/v1/rewards`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ items: Array.from({ length: count }, () => item(text)), rewards: ["nasty"] }),
      });
    const full = await ask(11, "a");
    expect([full.status, full.headers.get("retry-after")]).toEqual([429, "1"]);
    const waiting = ask(3, "wait");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [answer] = await Promise.all([waiting, small.close()]);
    expect(((await answer.json()) as RewardResponse).total).toEqual([null, null, null]);
    await expect(ask(1, "a")).rejects.toThrow();
  }, 60_000);
});
