import { isLoopback } from "@videosafety/endpoint/server";
import { PROBLEM_TYPES } from "@videosafety/safety-data";
import * as z from "zod";
import { accuracyOptionsSchema } from "../scores/accuracy/accuracy-options.js";
import { safeCompletionOptionsSchema } from "../scores/safe-completion/safe-completion-options.js";

/** What a caller decides per request stays out of the server's options. */
const { compat: _, ...accuracyShape } = accuracyOptionsSchema.shape;
const accuracyOptionsWithoutCompat = z.strictObject(accuracyShape);

/** How the reward server runs. */
export const serverOptionsSchema = z
  .strictObject({
    host: z.string().default("127.0.0.1").describe("address to listen on; a token is required beyond loopback"),
    port: z.number().int().min(0).max(65535).default(8017).describe("port; 0 takes a free one"),
    token: z.string().min(16).optional().describe("bearer token that requests must carry, at least 16 characters"),
    workers: z.number().int().min(1).max(256).default(2).describe("threads that judge"),
    itemDeadlineMilliseconds: z.number().int().min(10).default(5000).describe("time one item may take"),
    maxBodyBytes: z
      .number()
      .int()
      .min(1024)
      .default(32 * 2 ** 20)
      .describe("largest request body"),
    maxItems: z.number().int().min(1).default(8192).describe("most items of a request"),
    maxQueuedItems: z.number().int().min(1).default(65_536).describe("most items waiting or running; more get 429"),
    maxScores: z.number().int().min(1).default(65_536).describe("most items times rewards of a request"),
    maxQueuedBytes: z
      .number()
      .int()
      .min(1024)
      .default(256 * 2 ** 20)
      .describe("most bytes of bodies in memory at a time; more get 429"),
    completionPrefix: z
      .string()
      .max(4096)
      .default("")
      .describe("what the prompts already hold of every completion, such as <think>"),
    safeCompletion: z.prefault(safeCompletionOptionsSchema, {}).describe("options of the reward `safe-completion`"),
    requestTimeoutMilliseconds: z.number().int().min(100).default(30_000).describe("time to receive a whole request"),
    shutdownGraceMilliseconds: z
      .number()
      .int()
      .min(0)
      .default(10_000)
      .describe("time that requests under way get when the server closes"),
    workerHeapMebibytes: z.number().int().min(16).default(512).describe("largest heap of a thread"),
    rewardModule: z.string().nullable().default(null).describe("file URL of a module that exports `rewards` by name"),
    accuracy: z.prefault(accuracyOptionsWithoutCompat, {}).describe("options of the accuracy reward"),
    overlong: z
      .strictObject({
        maxTokens: z.number().int().min(1).describe("hard limit of a completion"),
        bufferTokens: z.number().int().min(1).describe("tokens before the limit over which the penalty grows"),
      })
      .refine(({ maxTokens, bufferTokens }) => bufferTokens <= maxTokens, {
        message: "expected bufferTokens <= maxTokens",
        path: ["bufferTokens"],
      })
      .nullable()
      .default(null)
      .describe("limits of the reward `overlong`, which needs completion_length; null: no such reward"),
    openRlhfProblemType: z
      .enum(PROBLEM_TYPES)
      .default("free-form-and-choice")
      .describe("problem type of OpenRLHF rows whose label does not name one"),
  })
  .refine(({ host, token }) => token !== undefined || isLoopback(host), {
    message: "expected a token to listen beyond loopback, found none: set one, or listen on 127.0.0.1",
    path: ["token"],
  });

/** Options of the reward server, defaults filled in. */
export type ServerOptions = z.infer<typeof serverOptionsSchema>;
