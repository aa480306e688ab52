import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noiseVideo } from "../../test/tiny.js";
import { createRemoteVideoLlm } from "../index.js";

/** A server on loopback that speaks the protocol: echoes what it was asked, or misbehaves on demand. */
let server: Server;
let baseUrl: string;
const requests: { authorization: string | undefined; body: Record<string, never> }[] = [];
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString());
    requests.push({ authorization: request.headers.authorization, body });
    const texts: Record<string, string> = {
      broken: "not json",
      odd: JSON.stringify({ choices: [{}] }),
      few: JSON.stringify({ choices: [] }),
      filtered: JSON.stringify({ choices: [{ message: { content: "cut" }, finish_reason: "SAFETY" }] }),
    };
    if (body.model === "busy") response.statusCode = 429;
    const choice = (i: number) => ({
      message: { content: `answer ${i}` },
      finish_reason: i === 0 ? "stop" : "length",
      token_ids: [7, 8 + i],
      logprobs: { content: [{ logprob: -0.5 }, { logprob: -1 - i }] },
    });
    response.end(texts[body.model] ?? JSON.stringify({ choices: Array.from({ length: body.n }, (_, i) => choice(i)) }));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`;
});
afterAll(() => server.close());

const prompt = { messages: [{ role: "user", content: "what happens?" }] as const, visual: [noiseVideo(2, 3, 5)] };

test("asks for what generate was asked for, and reads the answer", async () => {
  const model = createRemoteVideoLlm({ baseUrl, model: "m", apiKey: "secret", returnTokenIds: true });
  const [group] = await model.generate([prompt], {
    numGenerations: 2,
    maxCompletionLength: 9,
    temperature: 1,
    topK: 5,
    seed: 3,
  });
  expect(group).toEqual([
    { text: "answer 0", tokenIds: Int32Array.of(7, 8), logProbs: Float64Array.of(-0.5, -1), finishReason: "stop" },
    { text: "answer 1", tokenIds: Int32Array.of(7, 9), logProbs: Float64Array.of(-0.5, -2), finishReason: "length" },
  ]);
  const sent = requests.at(-1);
  expect(sent?.authorization).toBe("Bearer secret");
  expect(sent?.body).toMatchObject({
    model: "m",
    n: 2,
    max_tokens: 9,
    temperature: 1,
    top_p: 1,
    top_k: 5,
    seed: 3,
    return_token_ids: true,
  });
  expect(sent?.body).not.toHaveProperty("repetition_penalty");
  interface Part {
    readonly type: string;
    readonly text?: string;
    readonly image_url?: { readonly url: string };
  }
  const [message] = (sent?.body.messages ?? []) as { readonly content: readonly Part[] }[];
  const content = message?.content ?? [];
  expect(content.map(({ type, text }) => text ?? type)).toEqual([
    "Time 0.0s:",
    "image_url",
    "Time 1.0s:",
    "image_url",
    "what happens?",
  ]);
  const url = content[1]?.image_url?.url ?? "";
  const png = Buffer.from(url.slice("data:image/png;base64,".length), "base64");
  const data = inflateSync(png.subarray(41, png.length - 16)); // between the IDAT header and its checksum
  const lines = Array.from({ length: 3 }, (_, y) => [...data.subarray(y * 16 + 1, (y + 1) * 16)]).flat();
  const [clip] = prompt.visual;
  expect(lines).toEqual([...(clip?.frames.data.subarray(0, 45) ?? [])]);
});

test("keeps the order of prompts", async () => {
  const model = createRemoteVideoLlm({ baseUrl, model: "m", concurrency: 3 });
  const prompts = Array.from({ length: 7 }, (_, i) => ({ messages: [{ role: "user", content: `${i}` }] as const }));
  expect(await model.generate(prompts)).toHaveLength(7);
});

test.each([
  ["busy", /HTTP 429/],
  ["broken", /expected JSON.*found "not json"/],
  ["odd", /expected choices\[0\]\.message/],
  ["few", /expected choices\[0\]/],
  ["filtered", /finish reason stop or length, found SAFETY/],
])("reports a server that is %s", async (name, message) => {
  const failure = createRemoteVideoLlm({ baseUrl, model: name, retries: 0 }).generate([prompt]);
  await expect(failure).rejects.toMatchObject({ code: "remote-failed" });
  await expect(failure).rejects.toThrow(message);
});

test("refuses prompts without a user turn, or with videos that are not there", async () => {
  const model = createRemoteVideoLlm({ baseUrl, model: "m" });
  await expect(model.generate([{ messages: [] }])).rejects.toMatchObject({ code: "no-messages" });
  const video = { messages: [{ role: "user", content: [{ type: "video" }] }] as const };
  await expect(model.generate([video])).rejects.toMatchObject({ code: "visual-count" });
});
