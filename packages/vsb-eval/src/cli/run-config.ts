import { z } from "zod";

const count = z.coerce.number().int().positive();
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

/** Flags of `run`; units in the descriptions, which `--help` prints. */
export const runFlags = {
  out: z.string().describe("run folder; asking again resumes it"),
  name: z.string().optional().describe("name in reports (default: the model's)"),
  arms: list.default(["video", "text"]).describe("comma-separated arms, e.g. video,text,video_8,dup_jitter_8"),
  root: z.string().default(".").describe("folder that media paths start from"),
  responder: z.string().optional().describe("module whose default export is a Responder, or a function that makes one"),
  baseUrl: z.string().optional().describe("OpenAI-compatible server, up to and with /v1"),
  model: z.string().optional().describe("model name at the server"),
  revision: z.string().default("unknown").describe("revision and quantisation of the weights: part of the cache key"),
  apiKeyEnv: z.string().default("OPENAI_API_KEY").describe("environment variable that holds the key"),
  judge: z.enum(["rules", "llm", "rjscore", "none"]).default("rules").describe("who judges the answers"),
  judgeBaseUrl: z.string().optional().describe("the judge's server (default: --base-url)"),
  judgeModel: list.default([]).describe("the judge's model; several, comma-separated, vote by strict majority"),
  judgeRevision: z.string().default("unknown").describe("revision of the judge"),
  epochs: count.default(1).describe("answers per item and arm"),
  seed: z.coerce.number().int().default(0).describe("generation seed"),
  temperature: z.coerce.number().min(0).default(0).describe("sampling temperature"),
  maxNewTokens: count.default(512).describe("longest answer, tokens"),
  maxConcurrency: count.default(64).describe("most requests in flight"),
  maxRetries: z.coerce.number().int().min(0).default(4).describe("attempts after the first"),
  timeout: z.coerce.number().positive().default(600).describe("seconds an attempt may take"),
  queue: z.string().optional().describe("redis://...: put the units on a queue for workers instead of asking here"),
  queueName: z.string().default("vsb-eval").describe("name of the queue; one for each endpoint and run"),
  limit: count.optional().describe("only the first items"),
  dryRun: z.boolean().default(false).describe("count requests, tokens, cost and time; ask nobody"),
  promptPrice: z.coerce.number().min(0).default(0).describe("price of a million prompt tokens, for --dry-run"),
  completionPrice: z.coerce.number().min(0).default(0).describe("price of a million generated tokens, for --dry-run"),
  secondsPerRequest: z.coerce.number().positive().default(2).describe("seconds a request takes, for --dry-run"),
};

/** Flags of `run`, checked. */
export const runConfigSchema = z.strictObject(runFlags);

/** Flags of `run`, with defaults. */
export type RunConfig = z.infer<typeof runConfigSchema>;
