import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type RewardResponse, type RewardServer, type ServerOptions, startRewardServer } from "../src/server.js";

/** Threads run from source. */
export const program = new URL("./worker-from-source.mjs", import.meta.url);
export const TOKEN = "a-token-of-some-length";
export const DEADLINE = 800;

const REWARDS = `
  const later = (ms) => new Promise((go) => setTimeout(go, ms));
  const score = (value) => ({ value, parts: {}, reason: null });
  export const rewards = {
    length: ({ completion }) => score(completion.length),
    slow: async ({ completion }) => { await later(150); return score(completion.length); },
    strays: async ({ completion }) => {
      if (completion === "rejects late") void later(40).then(() => { throw new Error("late"); });
      if (completion === "throws late") setTimeout(() => { throw new Error("late"); }, 40);
      if (completion === "exits late") setTimeout(() => process.exit(3), 40);
      if (completion === "fails while it waits") { void Promise.reject(new Error("beside")); await later(100); }
      return score(completion.length);
    },
    nasty: async ({ completion }) => {
      if (completion === "hang") for (;;);
      if (completion === "wait") await new Promise(() => {});
      if (completion === "later") { await later(5); for (;;); }
      if (completion === "throw") throw new Error("boom");
      if (completion === "exit") process.exit(3);
      if (completion === "memory") { const all = []; for (;;) all.push(new Array(1e6).fill(all.length)); }
      return score(completion.length);
    },
  };`;

export const tagged = (answer: string): string =>
  `<think>t</think><answer>${answer}</answer><vidType>1</vidType><textType>0</textType>`;
export const item = (completion: string, extra: object = {}) => ({
  completion,
  solution: tagged("the answer is no"),
  problem_type: "free-form-and-choice",
  ...extra,
});

/** A server with a module of well- and ill-behaved rewards, and ways to ask it. */
export async function startTestServer(options: Partial<ServerOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "rewards-"));
  const file = join(directory, "rewards.mjs");
  await writeFile(file, REWARDS);
  const rewardModule = pathToFileURL(file).href;
  const server: RewardServer = await startRewardServer(
    {
      port: 0,
      token: TOKEN,
      workers: 2,
      itemDeadlineMilliseconds: DEADLINE,
      maxItems: 2000,
      maxBodyBytes: 4 * 2 ** 20,
      requestTimeoutMilliseconds: 1000,
      workerHeapMebibytes: 128,
      overlong: { maxTokens: 100, bufferTokens: 50 },
      rewardModule,
      ...options,
    },
    { program },
  );
  const post = (path: string, body: unknown, token = TOKEN): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return {
    server,
    directory,
    rewardModule,
    post,
    judged: async (body: unknown): Promise<RewardResponse> => {
      const response = await post("/v1/rewards", body);
      if (response.status !== 200) throw new Error(await response.text());
      return (await response.json()) as RewardResponse;
    },
    metrics: async (): Promise<string> =>
      (await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text(),
    async stop(): Promise<void> {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}
