import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { deflateSync } from "node:zlib";
import { calibrateGuard, createGuard, type SampleLabels } from "@videosafety/alarm-tokens";
import { createRng } from "@videosafety/random";
import type { GuardEngine, GuardInput } from "../src/guard/engine/guard-engine.js";
import type { GuardFile } from "../src/guard/file/guard-file.js";
import { type GuardProxy, startGuardProxy } from "../src/guard/proxy/guard-proxy-node.js";

export const TOKEN = "a-token-of-some-length";

/** Logits of a rule: the textual one is a number that stands in the query (`[2.5]`), the visual one the brightness of the frames. */
export function ruleReading({ query, videos }: GuardInput): { visual: number; textual: number } {
  const textual = Number(/\[(-?[\d.]+)\]/.exec(query)?.[1] ?? -1);
  const bytes = videos.flatMap(({ frames }) => [...frames.data.subarray(0, 3000)]);
  const mean = bytes.length === 0 ? 0 : bytes.reduce((a, b) => a + b, 0) / bytes.length;
  return { visual: (mean - 128) / 32, textual };
}

/** A guard file over the rule: 400 safe scores around -1, 100 harmful ones around 3; alarm above about 1. */
export function ruleGuardFile(
  overrides: { safe?: number; targetFrr?: number; seed?: number; plan?: GuardFile["provenance"]["plan"] } = {},
): GuardFile {
  const { safe = 400, targetFrr = 0.05, seed = 1 } = overrides;
  const rng = createRng(seed);
  const labels: SampleLabels[] = [];
  const textualLogits: number[] = [];
  const visualLogits: number[] = [];
  for (let i = 0; i < safe + 100; i++) {
    const harmful = i >= safe ? 1 : 0;
    labels.push({ visual: harmful, textual: harmful });
    textualLogits.push(rng.normal() * 0.9 + (harmful ? 3 : -1));
    visualLogits.push(rng.normal() * 0.9 + (harmful ? 3 : -1));
  }
  const hash = "0".repeat(64);
  return {
    format: "videosafety-guard-file-1",
    calibration: calibrateGuard({ visualLogits, textualLogits, labels, targetFrr }),
    provenance: {
      checkpoint: { name: "rule", sha256: hash, family: "videollama3", precision: "float32" },
      data: {
        name: "rule.jsonl",
        sha256: hash,
        split: "calibration",
        items: safe + 100,
        safe,
        harmful: 100,
        videos: safe + 100,
        pictures: 0,
        textOnly: 0,
      },
      plan: overrides.plan ?? { type: "uniform", frameCount: 4 },
      createdAt: "2026-11-28T00:00:00Z",
      version: "0.0.0",
    },
    drift: {
      shift: "a rise of all scores by one standard deviation",
      within: 100,
      runs: 100,
      found: 100,
      requests: 2000,
    },
    cascade: null,
  };
}

/** An engine over the rule, in this process. */
export function ruleEngine(
  file: GuardFile,
  options: { mode?: "refuse" | "warn" | "route"; before?: (input: GuardInput) => Promise<void> } = {},
): GuardEngine & { readonly inputs: GuardInput[]; ready: boolean } {
  const inputs: GuardInput[] = [];
  const guard = createGuard<GuardInput>(
    {
      alarmStates: async (samples) => {
        const readings = samples.map(ruleReading);
        const logits = (modality: "visual" | "textual") => Float32Array.from(readings, (reading) => reading[modality]);
        return { visualLogits: logits("visual"), textualLogits: logits("textual") };
      },
    },
    file.calibration,
    { mode: options.mode ?? "refuse" },
  );
  return {
    ready: true,
    inputs,
    async assess(input, { signal } = {}) {
      inputs.push(input);
      const wait = options.before?.(input) ?? Promise.resolve();
      if (signal)
        await Promise.race([
          wait,
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
        ]);
      else await wait;
      return guard.assess(input);
    },
    close: async () => {},
  };
}

/** What a client sends; null where it leaves before the end. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}

/** An upstream with a program. */
export async function startUpstream(
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void,
) {
  const seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (body === null) return;
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
    answer(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** What a chat server answers: a completion, or a stream of pieces. */
export function answerChat(_request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { stream, model } = JSON.parse(body.toString() || "{}") as { stream?: boolean; model?: string };
  if (!stream) {
    const choice = { index: 0, message: { role: "assistant", content: "A walk in a park." }, finish_reason: "stop" };
    response.writeHead(200, { "content-type": "application/json", "x-upstream": "yes" });
    response.end(
      JSON.stringify({
        id: "1",
        object: "chat.completion",
        created: 1,
        model,
        choices: [choice],
        usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
      }),
    );
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const piece of ["A ", "walk ", "in a park – ", "fin."]) {
    const choice = { index: 0, delta: { content: piece }, finish_reason: null };
    response.write(
      `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 1, model, choices: [choice] })}\n\n`,
    );
  }
  response.end(
    `: a comment that must stay\r\n\r\ndata: {"id":"1","object":"chat.completion.chunk","created":1,"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`,
  );
}

/** A proxy over the rule and an upstream, with ways to ask it. */
export async function startTestProxy(
  options: Partial<Parameters<typeof startGuardProxy>[0]> = {},
  parts: { file?: GuardFile; engine?: GuardEngine; answer?: Parameters<typeof startUpstream>[0] } = {},
) {
  const file = parts.file ?? ruleGuardFile();
  const engine = parts.engine ?? ruleEngine(file, { mode: options.mode ?? "refuse" });
  const upstream = await startUpstream(parts.answer ?? answerChat);
  const logs: { level: string; fields: object; message: string }[] = [];
  const log = (level: string) => (fields: object, message: string) => void logs.push({ level, fields, message });
  const proxy: GuardProxy = await startGuardProxy(
    { port: 0, token: TOKEN, upstream: upstream.baseUrl, onFailure: "closed", media: { isolate: false }, ...options },
    { engine, file, logger: { info: log("info"), warn: log("warn"), error: log("error") } },
  );
  const post = (
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
    init: RequestInit = {},
  ): Promise<Response> =>
    fetch(`${proxy.baseUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}`, ...headers },
      body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      ...init,
    });
  return {
    proxy,
    upstream,
    engine,
    file,
    logs,
    post,
    chat: (content: unknown, extra: object = {}) =>
      post("/chat/completions", { model: "m", messages: [{ role: "user", content }], ...extra }),
    get: (path: string) => fetch(new URL(path, proxy.baseUrl), { headers: { authorization: `Bearer ${TOKEN}` } }),
    async stop() {
      await proxy.close();
      await upstream.close();
    },
  };
}

/** A PNG of one grey level. */
export function greyPng(level: number, side = 32): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(side * (1 + side * 3), level);
  for (let y = 0; y < side; y++) rows[y * (1 + side * 3)] = 0;
  return Buffer.concat([
    Buffer.from("\u0089PNG\r\n\u001a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
export const dataUrl = (type: string, bytes: Buffer): string => `data:${type};base64,${bytes.toString("base64")}`;
export const picture = (level: number) => ({
  type: "image_url",
  image_url: { url: dataUrl("image/png", greyPng(level)) },
});

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
