import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { vllmLogProbs, vllmRollouts } from "./vllm-rollouts.js";

type Reply = (
  body: Record<string, unknown>,
  path: string,
  headers: NodeJS.Dict<string | string[]>,
) => [number, unknown] | "hang";

/** A server that speaks the part of vLLM's protocol used here, over real HTTP. */
let server: Server | undefined;
async function serve(reply: Reply): Promise<string> {
  const listening = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      const answer = reply(JSON.parse(text), request.url ?? "", request.headers);
      if (answer === "hang") return;
      response.writeHead(answer[0], { "content-type": "application/json" });
      response.end(JSON.stringify(answer[1]));
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1`;
}
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const choice = (index: number, ids: number[], finish = "stop") => ({
  index,
  message: { content: `text ${index}` },
  finish_reason: finish,
  token_ids: ids,
  logprobs: { content: ids.map((id) => ({ logprob: id === 9 ? null : -id / 10 })) },
});
const generation = { numGenerations: 2, maxCompletionLength: 7, temperature: 0.9, topP: 0.95, topK: 0, seed: 5 };
const source = (baseUrl: string, extra = {}) =>
  vllmRollouts<string>({
    baseUrl,
    model: "m",
    apiKey: "secret",
    retries: 2,
    request: (prompt) => ({
      messages: [{ role: "user", content: prompt }],
      media_io_kwargs: { video: { num_frames: 8 } },
    }),
    ...extra,
  });

describe("vllmRollouts", () => {
  it("asks for n completions with ids and log-probabilities, and reads them in order", async () => {
    const seen: Record<string, unknown>[] = [];
    const url = await serve((body, path, headers) => {
      seen.push({ ...body, path, authorization: headers.authorization });
      return [200, { choices: [choice(1, [4, 9], "length"), choice(0, [1, 2, 3])] }];
    });
    const groups = await source(url).generate(["a", "b"], generation);
    expect(groups).toHaveLength(2);
    expect(groups[0]?.map((c) => [[...c.tokenIds], [...c.logProbs], c.text, c.finishReason])).toEqual([
      [[1, 2, 3], [-0.1, -0.2, -0.3], "text 0", "stop"],
      [[4, 9], [-0.4, Number.NaN], "text 1", "length"],
    ]);
    const byPrompt = seen.sort((a, b) => Number(a.seed) - Number(b.seed));
    expect(byPrompt[0]).toMatchObject({
      path: "/v1/chat/completions",
      authorization: "Bearer secret",
      model: "m",
      n: 2,
      max_tokens: 7,
      temperature: 0.9,
      top_p: 0.95,
      seed: 5,
      logprobs: true,
      return_token_ids: true,
      media_io_kwargs: { video: { num_frames: 8 } },
    });
    expect(byPrompt[1]?.seed).toBe(6);
  });

  it("tries again after 503, gives up on 400 at once", async () => {
    let calls = 0;
    const url = await serve(() => (++calls === 1 ? [503, {}] : [200, { choices: [choice(0, [1]), choice(1, [2])] }]));
    expect(await source(url).generate(["a"], generation)).toHaveLength(1);
    expect(calls).toBe(2);
    server?.close();
    calls = 0;
    const refusing = await serve(() => [400, { error: `no model ${++calls}` }]);
    await expect(source(refusing).generate(["a"], generation)).rejects.toMatchObject({
      code: "GRPO_ROLLOUT",
      message: expect.stringContaining("no model 1"),
    });
    expect(calls).toBe(1);
  });

  it("says what an answer lacks, and how many choices came", async () => {
    const url = await serve(() => [200, { choices: [{ index: 0, message: { content: "x" }, finish_reason: "stop" }] }]);
    await expect(source(url).generate(["a"], generation)).rejects.toThrow(/return_token_ids/);
    server?.close();
    const few = await serve(() => [200, { choices: [choice(0, [1])] }]);
    await expect(source(few).generate(["a"], generation)).rejects.toThrow(/1 choices, 2 were asked/);
  });

  it.each(["abort", "content_filter", "tool_calls", "SAFETY"])(
    "refuses to train on an answer that ended by %s",
    async (word) => {
      const url = await serve(() => [200, { choices: [choice(0, [1], word), choice(1, [2])] }]);
      await expect(source(url).generate(["a"], generation)).rejects.toMatchObject({
        code: "GRPO_ROLLOUT",
        message: expect.stringContaining(word),
      });
    },
  );

  it("stops when aborted, and when nobody listens", async () => {
    const url = await serve(() => "hang");
    const controller = new AbortController();
    const pending = source(url).generate(["a"], { ...generation, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(pending).rejects.toThrow("enough");
    await expect(source("http://127.0.0.1:1/v1", { retries: 0 }).generate(["a"], generation)).rejects.toMatchObject({
      code: "GRPO_ROLLOUT",
    });
  });
});

it("vllmLogProbs reads the completion's part of prompt_logprobs", async () => {
  const url = await serve((body) => {
    const ids = body.prompt as number[];
    return [
      200,
      {
        choices: [
          { prompt_logprobs: ids.map((id, i) => (i === 0 ? null : { [id]: { logprob: -id }, 99: { logprob: -1 } })) },
        ],
      },
    ];
  });
  const found = await vllmLogProbs({ baseUrl: url, model: "m" }, [
    { promptIds: [5, 6], tokenIds: Int32Array.of(7, 8) },
  ]);
  expect([...(found[0] ?? [])]).toEqual([-7, -8]);
});
