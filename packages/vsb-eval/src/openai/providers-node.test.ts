import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createRuleJudge } from "../judge/rule-judge.js";
import type { EvaluationEvent } from "../run/evaluation-options.js";
import { runEvaluation } from "../run/run-evaluation.js";
import { MemoryStore } from "../store/evaluation-store.js";
import { testItems } from "../testing/fixtures.js";
import { HOSTED_ROWS } from "../testing/hosted-replies.js";
import type { ProviderReply } from "../testing/provider-row.js";
import { SELF_HOSTED_ROWS } from "../testing/self-hosted-replies.js";
import { createOpenAiResponder, type OpenAiResponderOptions } from "./openai-responder.js";

/** One row per behaviour that has once been taken for another. */
const PROVIDER_ROWS = [...HOSTED_ROWS, ...SELF_HOSTED_ROWS];

type Bodies = Record<string, unknown>[];

/** One replay server for all rows: says what `reply` chooses for the n-th request. */
async function replay(reply: (body: Record<string, unknown>, n: number) => ProviderReply) {
  const bodies: Bodies = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = JSON.parse(text);
    bodies.push(body);
    const { status = 200, headers = {}, body: said, silent } = reply(body, bodies.length - 1);
    if (silent === true) return;
    response.writeHead(status, headers);
    response.end(typeof said === "string" ? said : JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    bodies,
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function evaluate(
  baseUrl: string,
  options: { count?: number; responder?: Partial<OpenAiResponderOptions>; timeoutSeconds?: number } = {},
) {
  const { count = 1, timeoutSeconds = 5 } = options;
  const responder = createOpenAiResponder({ baseUrl, model: "m", revision: "1", ...options.responder });
  const events: EvaluationEvent[] = [];
  const items = testItems(Math.ceil(count / 3)).slice(0, count);
  const retry = { maxRetries: 1, baseDelaySeconds: 0.001, timeoutSeconds };
  const run = {
    items,
    responder,
    arms: ["text"],
    judge: createRuleJudge(),
    store: new MemoryStore(),
    sampling: null,
    retry,
  };
  for await (const event of runEvaluation({ ...run, concurrency: { start: 1, max: 1 } })) events.push(event);
  return events.flatMap((event) => (event.type === "response" ? [event.record] : []));
}

describe("what servers do", () => {
  it.each(PROVIDER_ROWS.map((row) => [`${row.provider}: ${row.what}`, row] as const))("%s", async (_, row) => {
    await using server = await replay((_body, n) => row.replies[Math.min(n, row.replies.length - 1)] as ProviderReply);
    const asked = evaluate(server.baseUrl, row.what === "silence" ? { timeoutSeconds: 0.1 } : {});
    if ("fatal" in row.expected)
      await expect(asked).rejects.toMatchObject({
        code: "fatal_responder",
        message: expect.stringMatching(new RegExp(row.expected.fatal as string, "i")),
      });
    else expect((await asked)[0]).toMatchObject(row.expected);
    expect(server.bodies).toHaveLength(row.requests ?? 1);
  });

  it("knows every provider that the table promises", () => {
    const providers = new Set(PROVIDER_ROWS.map(({ provider }) => provider));
    for (const name of [
      "OpenAI",
      "Azure",
      "Gemini",
      "vLLM",
      "SGLang",
      "llama.cpp",
      "Ollama",
      "LM Studio",
      "OpenRouter",
      "DashScope",
      "DeepSeek",
      "LiteLLM",
    ])
      expect(providers).toContain(name);
  });
});

describe("a run", () => {
  const hello = { body: { choices: [{ message: { content: "Hello." }, finish_reason: "stop" }] } };

  it("goes on after a 403 for one item, and stops once at a 402", async () => {
    await using one = await replay((_body, n) => (n === 1 ? { status: 403, body: "" } : hello));
    expect((await evaluate(one.baseUrl, { count: 5 })).map(({ outcome }) => outcome).sort()).toEqual([
      "answered",
      "answered",
      "answered",
      "answered",
      "error",
    ]);
    await using broke = await replay((_body, n) => (n === 2 ? { status: 402, body: "" } : hello));
    await expect(evaluate(broke.baseUrl, { count: 9 })).rejects.toMatchObject({ code: "fatal_responder" });
    expect(broke.bodies).toHaveLength(3);
  });

  it("speaks a server's dialect: another name of the limit, members left out, members added", async () => {
    await using server = await replay(() => hello);
    const extraBody = { temperature: null, seed: null, reasoning_effort: "low" };
    await evaluate(server.baseUrl, { responder: { tokensField: "max_completion_tokens", extraBody } });
    const [body] = server.bodies as [Record<string, unknown>];
    expect(body).toMatchObject({ max_completion_tokens: 512, reasoning_effort: "low", top_p: 1 });
    for (const name of ["max_tokens", "temperature", "seed"]) expect(body).not.toHaveProperty(name);
  });

  it("learns what a server's own finish reasons mean", async () => {
    await using server = await replay(() => ({ body: { choices: [{ message: { content: "Hello." } }] } }));
    const responder = { finishReasons: { "": "stop" as const } };
    expect((await evaluate(server.baseUrl, { responder }))[0]).toMatchObject({ outcome: "answered" });
  });
});
