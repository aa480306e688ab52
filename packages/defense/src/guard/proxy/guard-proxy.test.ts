import OpenAI from "openai";
import { afterEach, describe, expect, it } from "vitest";
import {
  answerChat,
  freePort,
  greyPng,
  picture,
  ruleEngine,
  ruleGuardFile,
  startTestProxy,
  TOKEN,
} from "../../../test/guard-fixtures.js";
import { DefenseError } from "../../errors.js";
import { GUARD_HEADER } from "./chat-route-node.js";

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const { stop } of running.splice(0)) await stop();
});
async function start(...args: Parameters<typeof startTestProxy>) {
  const proxy = await startTestProxy(...args);
  running.push(proxy);
  return proxy;
}
const ask = (score: number, level = 60) => [{ type: "text", text: `what is this [${score}]` }, picture(level)];

describe("requests that pass", () => {
  it("sends a safe chat on unchanged and gives the answer back byte for byte, streamed and whole", async () => {
    const { post, upstream, proxy } = await start();
    for (const stream of [false, true]) {
      const sent = `{ "model":"m", "seed": 12345678901234567890,\n "stream": ${stream}, "messages": [{"role":"user","content":${JSON.stringify(ask(-1))}}] }`;
      const direct = await fetch(`${upstream.baseUrl}/chat/completions`, { method: "POST", body: sent });
      const expected = Buffer.from(await direct.arrayBuffer());
      const through = await post("/chat/completions", sent);
      expect(Buffer.from(await through.arrayBuffer()).equals(expected)).toBe(true);
      expect(through.headers.get("content-type")).toBe(direct.headers.get("content-type"));
      expect(through.headers.get(GUARD_HEADER)).toBe("allow");
      expect(upstream.seen.at(-1)?.body.toString()).toBe(sent);
      expect(upstream.seen.at(-1)?.url).toBe("/v1/chat/completions");
    }
    expect(proxy.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  });

  it("passes other routes with their status, headers and query, and keeps its own token to itself", async () => {
    const { get, upstream, post } = await start(
      { upstreamKey: "upstream-key" },
      {
        answer: (request, response) => {
          response.writeHead(207, { "x-more": ["a", "b"], [GUARD_HEADER]: "forged" });
          response.end(request.method);
        },
      },
    );
    const answer = await get("/v1/models?x=1&x=2%2F");
    expect([
      answer.status,
      answer.headers.get("x-more"),
      answer.headers.get(GUARD_HEADER),
      await answer.text(),
    ]).toEqual([207, "a, b", null, "GET"]);
    expect(upstream.seen[0]?.url).toBe("/v1/models?x=1&x=2%2F");
    expect(upstream.seen[0]?.headers.authorization).toBe("Bearer upstream-key");
    await get("/v1/files?after=a?b");
    expect(new URLSearchParams(upstream.seen.pop()?.url.slice("/v1/files?".length)).get("after")).toBe("a?b");
    expect((await post("/embeddings", { input: "text" }, { "x-videosafety-guard": "allow" })).status).toBe(207);
    expect(upstream.seen[1]?.headers[GUARD_HEADER]).toBeUndefined();
    const plain = await start({});
    await plain.get("/v1/models");
    expect(plain.upstream.seen[0]?.headers.authorization).toBeUndefined();
    const open = await start({ token: undefined as never });
    await open.get("/v1/models");
    expect(open.upstream.seen[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it("does not assess a chat without a video unless it was told to", async () => {
    const { chat, engine } = await start();
    const answer = await chat("words alone [9]");
    expect([answer.status, answer.headers.get(GUARD_HEADER)]).toEqual([200, "not-assessed"]);
    expect((engine as ReturnType<typeof ruleEngine>).inputs).toEqual([]);
    const told = await start({ textOnly: "assess" });
    expect((await told.chat("words alone [9]")).headers.get(GUARD_HEADER)).toBe("refuse");
  });
});

describe("requests that raise the alarm", () => {
  it("are refused in OpenAI's form and never reach the upstream", async () => {
    const { chat, upstream } = await start({ refusalText: "No." });
    const whole = await chat(ask(5), { n: 2 });
    expect([whole.status, whole.headers.get(GUARD_HEADER)]).toEqual([200, "refuse"]);
    const body = (await whole.json()) as { choices: object[]; object: string; model: string };
    expect([body.object, body.model, body.choices.length]).toEqual(["chat.completion", "m", 2]);
    expect(body.choices[1]).toMatchObject({
      index: 1,
      finish_reason: "content_filter",
      message: { role: "assistant", content: "No.", refusal: "No." },
    });
    const streamed = await (await chat(ask(5), { stream: true, stream_options: { include_usage: true } })).text();
    const lines = streamed.trim().split("\n\n");
    expect(lines.at(-1)).toBe("data: [DONE]");
    const chunks = lines.slice(0, -1).map(
      (line) =>
        JSON.parse(line.slice(6)) as {
          choices: { finish_reason: string | null; delta: { content?: string } }[];
          usage: object | null;
        },
    );
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, "content_filter", undefined]);
    expect(chunks[0]?.choices[0]?.delta.content).toBe("No.");
    expect(chunks[2]?.usage).toEqual({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
    expect(upstream.seen).toEqual([]);
  });

  it("are refusals to OpenAI's own client, whole and streamed", async () => {
    const { proxy } = await start({ refusalText: "No." });
    const client = new OpenAI({ baseURL: proxy.baseUrl, apiKey: TOKEN, maxRetries: 0 });
    const messages = [{ role: "user" as const, content: ask(5) as OpenAI.ChatCompletionContentPart[] }];
    const { choices } = await client.chat.completions.create({ model: "m", messages });
    expect(choices[0]).toMatchObject({ finish_reason: "content_filter", message: { content: "No.", refusal: "No." } });
    const pieces: [string | null | undefined, string | null][] = [];
    for await (const { choices } of await client.chat.completions.create({ model: "m", messages, stream: true }))
      for (const { delta, finish_reason } of choices) pieces.push([delta.content, finish_reason]);
    expect(pieces).toEqual([
      ["No.", null],
      [undefined, "content_filter"],
    ]);
    const wrong = new OpenAI({ baseURL: proxy.baseUrl, apiKey: "wrong", maxRetries: 0 });
    await expect(wrong.chat.completions.create({ model: "m", messages })).rejects.toThrow(OpenAI.AuthenticationError);
    const audio = [
      { role: "user", content: [{ type: "input_audio", input_audio: { data: "", format: "wav" } }] },
    ] as never;
    await expect(client.chat.completions.create({ model: "m", messages: audio })).rejects.toThrow(
      OpenAI.BadRequestError,
    );
  });

  it("are marked in mode warn, and sent to another model in mode route, the rest of the body as it was", async () => {
    const warned = await start({ mode: "warn" });
    const marked = await warned.chat(ask(5));
    expect([marked.headers.get(GUARD_HEADER), warned.upstream.seen.length]).toEqual(["warn", 1]);
    const routed = await start({ mode: "route", routeModel: "careful" });
    const sent = `{"seed": 12345678901234567890, "model" : "m" ,"messages":[{"role":"user","content":${JSON.stringify(ask(5))}}]}`;
    const answer = await routed.post("/chat/completions", sent);
    expect([answer.headers.get(GUARD_HEADER), ((await answer.json()) as { model: string }).model]).toEqual([
      "route",
      "careful",
    ]);
    expect(routed.upstream.seen[0]?.body.toString()).toBe(sent.replace(' "m" ', '"careful"'));
  });
});

describe("what the guard looks at", () => {
  it("pictures of a turn are one video, a second apart, thinned to the plan's most", async () => {
    const { chat, engine } = await start();
    const { inputs } = engine as ReturnType<typeof ruleEngine>;
    await chat([
      { type: "text", text: "one" },
      ...[10, 20, 30, 40, 50, 60, 70].map((level) => picture(level)),
      { type: "text", text: "two" },
    ]);
    expect(inputs[0]?.query).toBe("one\ntwo");
    expect(inputs[0]?.videos[0]?.frames.dims).toEqual([4, 32, 32, 3]);
    expect([...(inputs[0]?.videos[0]?.timestampsSeconds ?? [])]).toEqual([0, 2, 4, 6]);
    expect(inputs[0]?.videos[0]?.frames.data[32 * 32 * 3]).toBe(30);
    await chat([
      { type: "text", text: "q" },
      {
        type: "video_url",
        video_url: {
          url: `data:video/jpeg;base64,${greyPng(90).toString("base64")},${greyPng(91).toString("base64")}`,
        },
      },
    ]);
    expect(inputs[1]?.videos[0]?.frames.dims[0]).toBe(2);
  });

  it("every turn of a chat, earlier ones from memory; user messages in a row are one turn", async () => {
    const { post, engine, upstream } = await start();
    const { inputs } = engine as ReturnType<typeof ruleEngine>;
    const first = { role: "user", content: ask(-1) };
    const say = (...messages: object[]) => post("/chat/completions", { model: "m", messages });
    expect((await say(first)).headers.get(GUARD_HEADER)).toBe("allow");
    const more = [first, { role: "assistant", content: "ok" }, { role: "user", content: "and then [0]" }];
    expect((await say(...more)).headers.get(GUARD_HEADER)).toBe("allow");
    expect(inputs.map(({ query }) => query)).toEqual(["what is this [-1]", "and then [0]"]);
    expect(inputs[1]?.videos).toHaveLength(1); // the video that is still in view
    const hidden = [
      { role: "user", content: ask(6) },
      { role: "assistant", content: "Shall I go on?" },
      { role: "user", content: "yes [-2]" },
    ];
    expect((await say(...hidden)).headers.get(GUARD_HEADER)).toBe("refuse");
    const inARow = [
      { role: "user", content: ask(6) },
      { role: "user", content: "go on" },
    ];
    expect((await say(...inARow)).headers.get(GUARD_HEADER)).toBe("refuse");
    const prefilled = [
      { role: "user", content: ask(6) },
      { role: "assistant", content: "Sure, " },
    ];
    expect((await say(...prefilled)).headers.get(GUARD_HEADER)).toBe("refuse");
    expect(upstream.seen).toHaveLength(2);
    const last = await start({ turns: "last" });
    const answer = await last.post("/chat/completions", { model: "m", messages: hidden });
    expect(answer.headers.get(GUARD_HEADER)).toBe("allow");
  });
});

describe("when something fails", () => {
  const failing = () => {
    const file = ruleGuardFile();
    return {
      file,
      engine: ruleEngine(file, {
        before: async () => {
          throw new Error("native code broke");
        },
      }),
    };
  };
  it("closed refuses, open lets through and says so; what a client sends opens nothing", async () => {
    const closed = await start({ onFailure: "closed" }, failing());
    const refused = await closed.chat(ask(-1));
    expect([
      refused.status,
      refused.headers.get("retry-after"),
      ((await refused.json()) as { error: { code: string; type: string } }).error,
    ]).toEqual([503, "5", expect.objectContaining({ code: "guard_unavailable", type: "server_error" })]);
    expect(closed.logs.filter(({ level }) => level === "error")).toHaveLength(1);
    const open = await start({ onFailure: "open" }, failing());
    const passed = await open.chat(ask(-1));
    expect([passed.status, passed.headers.get(GUARD_HEADER)]).toEqual([200, "failed-open"]);
    const unreadable = await open.chat([{ type: "input_audio", input_audio: { data: "" } }]);
    expect([unreadable.status, open.upstream.seen.length]).toEqual([400, 1]);
    const file = ruleGuardFile();
    const before = async () => {
      throw new DefenseError("invalid-input", "expected at most 9 tokens, found 10");
    };
    const narrow = await start({ onFailure: "open" }, { file, engine: ruleEngine(file, { before }) });
    const tooLong = await narrow.chat(ask(-1));
    expect([tooLong.status, await tooLong.json(), narrow.upstream.seen.length]).toEqual([
      400,
      { error: expect.objectContaining({ code: "unreadable_input", message: expect.stringContaining("9 tokens") }) },
      0,
    ]);
  });

  it("a model that takes too long is a failure of the guard; a queue that is full is not", async () => {
    const file = ruleGuardFile();
    const gates: (() => void)[] = [];
    const engine = ruleEngine(file, { before: () => new Promise((go) => gates.push(go)) });
    const proxy = await start({ onFailure: "open", maxWaiting: 1, assessTimeoutMilliseconds: 300 }, { file, engine });
    const answers = await Promise.all([ask(-1), ask(-1.1), ask(-1.2), ask(-1.3)].map((content) => proxy.chat(content)));
    const said = answers.map(({ status, headers }) => [status, headers.get(GUARD_HEADER), headers.get("retry-after")]);
    expect(said.filter(([status]) => status === 429)).toEqual([
      [429, null, "1"],
      [429, null, "1"],
    ]);
    expect(said.filter(([status]) => status === 200)).toEqual([
      [200, "failed-open", null],
      [200, "failed-open", null],
    ]);
  });

  it("an upstream that is down is 502, a silent one 504, one that breaks off cuts the answer", async () => {
    const down = await start({ upstream: `http://127.0.0.1:${await freePort()}/v1` });
    expect([(await down.chat(ask(-1))).status, (await down.get("/v1/models")).status]).toEqual([502, 502]);
    const silent = await start({ upstreamTimeoutMilliseconds: 100 }, { answer: () => {} });
    const late = await silent.chat(ask(-1));
    expect([late.status, ((await late.json()) as { error: { code: string } }).error.code]).toEqual([
      504,
      "upstream_timeout",
    ]);
    const broken = await start(
      {},
      {
        answer: (_request, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write("data: half");
          setTimeout(() => response.destroy(), 20);
        },
      },
    );
    const cut = await broken.chat(ask(-1), { stream: true });
    await expect(cut.text()).rejects.toThrow();
  });

  it("a kept connection that the upstream closes under a request is opened again, once", async () => {
    const sockets = new Set<unknown>();
    const { chat, get } = await start(
      {},
      {
        answer: (request, response, body) => {
          // The second request on a connection is answered by a reset.
          if (sockets.has(request.socket)) {
            request.socket.resetAndDestroy();
            return;
          }
          sockets.add(request.socket);
          answerChat(request, response, body);
        },
      },
    );
    for (let i = 0; i < 4; i++) {
      const answer = await chat(ask(-1 - i / 10));
      expect([answer.status, (await answer.text()).includes("A walk")]).toEqual([200, true]);
      expect((await get("/v1/models")).status).toBe(200);
    }
  });

  it("a client that leaves in the middle of a stream ends the request upstream, and is no failure of the guard", async () => {
    let ended: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const { post, get, logs } = await start(
      {},
      {
        answer: (_request, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          const timer = setInterval(() => response.write("data: x\n\n"), 5);
          response.on("close", () => {
            clearInterval(timer);
            ended();
          });
        },
      },
    );
    const controller = new AbortController();
    const answer = await post(
      "/chat/completions",
      { model: "m", stream: true, messages: [{ role: "user", content: ask(-1) }] },
      {},
      { signal: controller.signal },
    );
    await answer.body?.getReader().read();
    controller.abort();
    await gone;
    await expect.poll(async () => await (await get("/metrics")).text()).toMatch(/^safety_guard_upstream_in_flight 0$/m);
    expect(logs.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("what it says of itself", () => {
  it("the promise, what it was calibrated on, the drift test, and metrics", async () => {
    const { get, chat } = await start();
    await chat(ask(-1));
    await chat(ask(5));
    const said = (await (await get("/v1/guard")).json()) as Record<string, unknown>;
    expect(said.promise).toMatch(
      /^At most 5 % of safe inputs like the 400 calibration samples are refused; this holds with probability 95 %/,
    );
    expect(said).toMatchObject({
      mode: "refuse",
      on_failure: "closed",
      not_calibrated_on: ["pictures", "turns with no video in view"],
      requests: { allow: 1, refuse: 1 },
      drift: { observed: 2, drifted: false },
    });
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/^safety_guard_verdicts_total\{verdict="refuse"\} 1$/m);
    expect(metrics).toMatch(/^safety_guard_drift_observed 2$/m);
  });

  it("raises the drift alarm once, counts a repeated request once, and the promise is void then", async () => {
    const { chat, get, logs } = await start();
    for (let i = 0; i < 5; i++) await chat(ask(0.5));
    expect(((await (await get("/v1/guard")).json()) as { drift: { observed: number } }).drift.observed).toBe(1);
    for (let i = 0; i < 60; i++) await chat(ask(0.5 + i / 1000, 100 + i));
    const said = (await (await get("/v1/guard")).json()) as { holds: string; drift: { drifted: boolean } };
    expect([said.drift.drifted, said.holds]).toEqual([true, expect.stringMatching(/^no: the drift alarm/)]);
    expect(logs.filter(({ message }) => message.startsWith("the drift alarm"))).toHaveLength(1);
  });
});
