import { describe, expect, it } from "vitest";
import { type Replay, replayServer } from "../testing/replay-server-node.js";
import { chatCompletion } from "./chat-completion.js";
import { finishOf } from "./finish-reason.js";
import { readCompletion } from "./read-completion.js";

async function ask(replay: Replay) {
  await using server = await replayServer(replay);
  return await chatCompletion({ baseUrl: server.baseUrl, retries: 0 }, { model: "m", messages: [] }).catch(
    (error: unknown) => error as { code: string; filter?: string },
  );
}

describe("filters", () => {
  it.each<[string, number, unknown]>([
    [
      "Azure",
      400,
      {
        error: {
          message: "The response was filtered",
          code: "content_filter",
          innererror: { code: "ResponsibleAIPolicyViolation" },
        },
      },
    ],
    [
      "Azure, inner code alone",
      400,
      { error: { code: "BadRequest", innererror: { code: "ResponsibleAIPolicyViolation" } } },
    ],
    ["OpenAI", 400, { error: { code: "content_policy_violation", type: "invalid_request_error", message: "x" } }],
    [
      "OpenAI, flagged",
      400,
      {
        error: {
          code: "invalid_prompt",
          message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        },
      },
    ],
    [
      "DashScope",
      400,
      {
        error: {
          code: "data_inspection_failed",
          type: "data_inspection_failed",
          message: "Input data may contain inappropriate content.",
        },
      },
    ],
    [
      "DashScope, native",
      400,
      { code: "DataInspectionFailed", message: "Input data may contain inappropriate content." },
    ],
    [
      "DeepSeek",
      400,
      { error: { message: "Content Exists Risk", type: "invalid_request_error", code: "invalid_request_error" } },
    ],
    ["Gemini, prompt feedback", 200, { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }],
    [
      "OpenRouter",
      403,
      {
        error: {
          code: 403,
          message: "flagged",
          metadata: { reasons: ["violence"], flagged_input: "...", provider_name: "p" },
        },
      },
    ],
    [
      "LiteLLM",
      400,
      { error: { message: "litellm.ContentPolicyViolationError: AzureException", type: null, code: "400" } },
    ],
    [
      "xAI",
      403,
      {
        code: "The caller does not have permission",
        error: "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_X",
      },
    ],
    ["a filter with status 200", 200, { error: { code: "content_filter", message: "x" } }],
  ])("of %s are an outcome", async (_, status, body) => {
    expect(await ask({ status, body })).toMatchObject({ kind: "blocked", filter: expect.stringMatching(/./) });
  });

  it.each<[string, number, unknown, string]>([
    [
      "a model's name",
      400,
      { error: { message: "model content-policy-7b does not support images", code: "invalid_model" } },
      "bad_request",
    ],
    [
      "a mention of the content policy",
      400,
      {
        error: {
          message: "max_tokens too large. See our content policy and content_filter docs",
          type: "invalid_request_error",
        },
      },
      "bad_request",
    ],
    [
      "a sentence about risk",
      400,
      { error: { message: "Unknown field: content exists risk", code: "invalid_request_error" } },
      "bad_request",
    ],
    [
      "a malformed prompt",
      400,
      { error: { code: "invalid_prompt", message: "messages must not be empty" } },
      "bad_request",
    ],
    ["a plain 403", 403, { error: { message: "flagged region", metadata: { reasons: "none" } } }, "forbidden"],
    ["a text body", 400, "content_filter data_inspection_failed", "bad_request"],
  ])("are not seen in %s", async (_, status, body, code) => {
    expect(await ask({ status, body })).toMatchObject({ code });
  });
});

describe("finishOf", () => {
  it.each([
    ["stop", "stop"],
    ["STOP", "stop"],
    ["eos_token", "stop"],
    ["length", "length"],
    ["MAX_TOKENS", "length"],
    ["FINISH_REASON_MAX_TOKENS", "length"],
    ["content_filter", "blocked"],
    ["content_filter: PROHIBITED_CONTENT", "blocked"],
    ["SAFETY", "blocked"],
    ["refusal", "blocked"],
    ["tool_calls", "tool_calls"],
    ["error", "error"],
    ["abort", "error"],
    ["insufficient_system_resource", "error"],
    ["OTHER", "unknown"],
    ["load", "unknown"],
    ["constructor", "unknown"],
    ["", "unknown"],
    [null, "unknown"],
    [undefined, "unknown"],
    [7, "unknown"],
  ])("%j is %s", (word, reason) => expect(finishOf(word).reason).toBe(reason));

  it("learns a server's own words", () => {
    expect(finishOf("done", { done: "stop" })).toEqual({ reason: "stop", named: "done" });
    expect(finishOf(null, { "": "stop" }).reason).toBe("stop");
  });
});

describe("readCompletion", () => {
  const choice = (message: unknown, more: object = {}) =>
    readCompletion({ choices: [{ message, finish_reason: "stop", ...more }] }).choices[0];

  it.each<[string, unknown, object]>([
    ["text", { content: "a" }, { text: "a", refusal: null, reasoning: null }],
    ["nothing", { content: null }, { text: "" }],
    ["a refusal beside no content", { content: null, refusal: "no" }, { text: "", refusal: "no" }],
    [
      "parts",
      {
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { text: "ab" },
    ],
    ["a refusal part", { content: [{ type: "refusal", refusal: "no" }] }, { text: "", refusal: "no" }],
    ["reasoning_content", { content: "a", reasoning_content: "r" }, { text: "a", reasoning: "r" }],
    ["reasoning", { content: "a", reasoning: "r" }, { text: "a", reasoning: "r" }],
    [
      "thinking parts",
      {
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "r" }] },
          { type: "text", text: "a" },
        ],
      },
      { text: "a", reasoning: "r" },
    ],
    [
      "reasoning details",
      { content: "a", reasoning_details: [{ type: "reasoning.text", text: "r" }] },
      { reasoning: "r" },
    ],
  ])("reads %s", (_, message, expected) => expect(choice(message)).toMatchObject(expected));

  it("keeps a missing log-probability missing, in both forms", () => {
    const content = [
      {
        token: "1",
        logprob: null,
        top_logprobs: [
          { token: "1", logprob: null },
          { token: "2", logprob: -0.5 },
        ],
      },
    ];
    expect(choice({ content: "1" }, { logprobs: { content } })?.tokens).toEqual([
      {
        token: "1",
        logprob: null,
        top: [
          { token: "1", logprob: null },
          { token: "2", logprob: -0.5 },
        ],
      },
    ]);
    const old = { tokens: ["a", "b"], token_logprobs: [null, -1], top_logprobs: [null, { b: -1 }] };
    expect(choice({ content: "ab" }, { logprobs: old })?.tokens).toEqual([
      { token: "a", logprob: null, top: [] },
      { token: "b", logprob: -1, top: [{ token: "b", logprob: -1 }] },
    ]);
    expect(
      choice({ content: "a" }, { logprobs: { content: [{ token: "a", logprob: 3 }] } })?.tokens?.[0]?.logprob,
    ).toBeNull();
    expect(choice({ content: "a" }, { logprobs: null })?.tokens).toBeNull();
  });

  it("orders choices, reads usage, takes a filtered choice without a message", () => {
    const read = readCompletion({
      choices: [
        { index: 1, message: { content: "b" }, finish_reason: "length" },
        { index: 0, finish_reason: "content_filter: OTHER" },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 2 } },
    });
    expect(read.choices.map(({ finish, text }) => [finish.reason, text])).toEqual([
      ["blocked", ""],
      ["length", "b"],
    ]);
    expect(read.usage).toEqual({ promptTokens: 3, completionTokens: 4, totalTokens: 7, reasoningTokens: 2 });
  });

  it.each([[null], [{}], [{ choices: [] }], [{ choices: [{}] }], [{ choices: [{ message: "x" }] }], ["text"]])(
    "refuses %j",
    (json) => expect(() => readCompletion(json)).toThrow(expect.objectContaining({ code: "invalid_response" })),
  );
});
