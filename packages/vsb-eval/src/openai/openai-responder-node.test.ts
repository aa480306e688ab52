import { afterEach, describe, expect, it } from "vitest";
import type { EvaluationEvent } from "../run/evaluation-options.js";
import { runEvaluation } from "../run/run-evaluation.js";
import { MemoryStore } from "../store/evaluation-store.js";
import { testFrames, testItems } from "../testing/fixtures.js";
import { type MockAnswer, type MockServer, startMockServer } from "../testing/mock-server-node.js";
import { createOpenAiResponder } from "./openai-responder.js";

let server: MockServer;
afterEach(() => server?.close());

async function outcome(
  answer: MockAnswer,
  arm = "text",
  retry = { maxRetries: 1, baseDelaySeconds: 0.001, timeoutSeconds: 5 },
) {
  server = await startMockServer(answer);
  const responder = createOpenAiResponder({ baseUrl: server.baseUrl, model: "m", revision: "1", apiKey: "k" });
  const events: EvaluationEvent[] = [];
  const items = testItems(1).slice(0, 1);
  const options = {
    items,
    responder,
    arms: [arm],
    judge: null,
    store: new MemoryStore(),
    sampling: testFrames(),
    retry,
  };
  for await (const event of runEvaluation(options)) events.push(event);
  const event = events.find(({ type }) => type === "response");
  return event?.type === "response" ? event.record : undefined;
}

describe("createOpenAiResponder", () => {
  it("sends frames as images with times, and records usage and frames", async () => {
    const record = await outcome(() => "hello", "video_3");
    expect(record).toMatchObject({ outcome: "answered", text: "hello", frames: 3, usage: { promptTokens: 7 } });
    const { body, headers } = server.requests[0] as (typeof server.requests)[0];
    expect(headers.authorization).toBe("Bearer k");
    const content = body.messages[0]?.content as { type: string; text?: string; image_url?: { url: string } }[];
    expect(content.map(({ type }) => type)).toEqual([
      "text",
      "image_url",
      "text",
      "image_url",
      "text",
      "image_url",
      "text",
    ]);
    expect(content[2]?.text).toBe("Time 1.0s:");
    expect(content[1]?.image_url?.url).toMatch(/^data:image\/jpeg;base64,\/9j\//);
    expect(body).toMatchObject({ model: "m", temperature: 0, max_tokens: 512, seed: 0 });
  });

  it.each([
    ["500", 500, "boom", "server_error", 2],
    ["429", 429, "slow down", "rate_limited", 2],
    ["400", 400, "bad field", "bad_request", 1],
    ["504", 504, "", "timeout", 2],
  ])("types HTTP %s", async (_, status, text, code, requests) => {
    const record = await outcome((_request, response) => {
      response.statusCode = status;
      response.setHeader("retry-after", "0");
      response.end(text);
      return undefined;
    });
    expect(record).toMatchObject({ outcome: "error", error: { code } });
    expect(server.requests).toHaveLength(requests);
  });

  it("stops the run on a wrong key", async () => {
    const wrong = outcome((_request, response) => {
      response.statusCode = 401;
      response.end("no");
      return undefined;
    });
    await expect(wrong).rejects.toMatchObject({ code: "fatal_responder" });
  });

  it("maps a content filter to blocked, in both forms, and a length stop to truncated", async () => {
    expect(await outcome(() => ({ message: { content: "" }, finish_reason: "content_filter" }))).toMatchObject({
      outcome: "blocked",
    });
    await server.close();
    const filtered = await outcome((_request, response) => {
      response.statusCode = 400;
      response.end('{"error":{"code":"content_filter"}}');
      return undefined;
    });
    expect(filtered).toMatchObject({ outcome: "blocked" });
    await server.close();
    expect(await outcome(() => ({ message: { content: "a b" }, finish_reason: "length" }))).toMatchObject({
      outcome: "truncated",
    });
  });

  it("types wrong JSON, missing choices, a cut body, silence and a dead server", async () => {
    const raw =
      (text: string): MockAnswer =>
      (_request, response) => {
        response.end(text);
        return undefined;
      };
    expect(await outcome(raw("<html>"))).toMatchObject({ error: { code: "invalid_response" } });
    await server.close();
    expect(await outcome(raw('{"choices":[]}'))).toMatchObject({ error: { code: "invalid_response" } });
    await server.close();
    const cut = await outcome((_request, response) => {
      response.setHeader("content-length", "1000");
      response.write('{"choices":[{"mess');
      setTimeout(() => response.destroy(), 10);
      return undefined;
    });
    expect(cut).toMatchObject({ outcome: "error", error: { code: "connection" } });
    await server.close();
    const silent = await outcome(() => undefined, "text", { maxRetries: 0, baseDelaySeconds: 0, timeoutSeconds: 0.05 });
    expect(silent).toMatchObject({ outcome: "error", error: { code: "timeout" } });
    await server.close();
    const responder = createOpenAiResponder({ baseUrl: server.baseUrl, model: "m", revision: "1" });
    const [item] = testItems(1);
    const request = { item: item as never, arm: "text", query: "q", frames: null, generation: {} as never };
    await expect(responder.respond(request, {})).rejects.toMatchObject({ code: "connection", retryable: true });
  });

  it("has an id without address or key", () => {
    const id = (baseUrl: string) => createOpenAiResponder({ baseUrl, model: "m", revision: "r", apiKey: baseUrl }).id;
    expect(id("http://a/v1")).toBe(id("http://b/v1"));
  });
});
