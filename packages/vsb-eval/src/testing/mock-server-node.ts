import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the mock server saw it. */
export interface MockRequest {
  readonly body: Record<string, unknown> & { messages: { role: string; content: unknown }[] };
  readonly headers: IncomingMessage["headers"];
}

/** A mock of an OpenAI-compatible server, for tests and benchmarks only. */
export interface MockServer {
  readonly baseUrl: string;
  readonly requests: MockRequest[];
  close(): Promise<void>;
}

/** Answers a request: text for a completion, or full control of the response. */
export type MockAnswer = (
  request: MockRequest,
  response: ServerResponse,
) => string | Record<string, unknown> | undefined | Promise<string | Record<string, unknown> | undefined>;

export async function startMockServer(answer: MockAnswer): Promise<MockServer> {
  const requests: MockRequest[] = [];
  const server = createServer(async (incoming, response) => {
    if (incoming.method !== "POST") {
      response.statusCode = 404;
      response.end();
      return;
    }
    let text = "";
    for await (const chunk of incoming) text += chunk;
    const request = { body: JSON.parse(text || "{}"), headers: incoming.headers } as MockRequest;
    requests.push(request);
    const result = await answer(request, response);
    if (result === undefined) return;
    const choice = typeof result === "string" ? { message: { content: result }, finish_reason: "stop" } : result;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ choices: [choice], usage: { prompt_tokens: 7, completion_tokens: 3 } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
