import type { FuzzTarget } from "../../../fuzz.shared.js";
import { chatCompletion, EndpointError } from "../src/index.js";

const answer = {
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "an answer", reasoning_content: "thought" },
      finish_reason: "stop",
      token_ids: [1, 2],
      logprobs: { content: [{ token: "an", logprob: -0.5, bytes: [97], top_logprobs: [] }] },
    },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 1 } },
};
const failure = {
  error: { message: "the content filter refused", type: "invalid_request_error", code: "content_filter" },
};

/** Asks a server that answers with these bytes. */
const ask = (body: string | Uint8Array, status: number): Promise<unknown> =>
  chatCompletion(
    {
      baseUrl: "http://127.0.0.1:1/v1",
      retries: 0,
      fetch: async () => new Response(body as never, { status, headers: { "content-type": "application/json" } }),
    } as Parameters<typeof chatCompletion>[0],
    { model: "m", messages: [] },
  );

/** Parsers of this package, as `pnpm fuzz` finds them. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "answers of servers",
    kind: "json",
    corpus: [answer, failure, { prompt_feedback: { block_reason: "SAFETY" } }],
    words: ["content_filter", "length", "tool_calls", "stop"],
    refusals: [EndpointError],
    read: (value: unknown) => ask(JSON.stringify(value), 200),
  },
  {
    name: "bodies of servers",
    kind: "bytes",
    corpus: [JSON.stringify(answer), JSON.stringify(failure), "data: {}\n\ndata: [DONE]\n\n", "<html>502</html>"],
    refusals: [EndpointError],
    read: async (bytes: Uint8Array) => {
      for (const status of [200, 400])
        await ask(bytes, status).catch((error) => (error instanceof EndpointError ? null : Promise.reject(error)));
    },
  },
];
