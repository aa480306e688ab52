import { isLoopback } from "@videosafety/endpoint/server";
import * as z from "zod";
import { mediaOptionsSchema } from "../media/media-options.js";

const milliseconds = z.int().min(1);

/** How the guard's proxy runs. */
export const proxyOptionsSchema = z
  .strictObject({
    host: z.string().default("127.0.0.1").describe("address to listen on; a token is required beyond loopback"),
    port: z.int().min(0).max(65535).default(8018).describe("port; 0 takes a free one"),
    token: z.string().min(16).optional().describe("bearer token that requests must carry, at least 16 characters"),
    allowedHosts: z
      .array(z.string())
      .default([])
      .describe("names in Host headers that are answered beside loopback's, where the proxy listens on loopback"),
    upstream: z.string().describe("base URL of the OpenAI-compatible server, e.g. http://127.0.0.1:8000/v1"),
    upstreamKey: z
      .string()
      .optional()
      .describe("key for it; default: what the client sent, unless that is the proxy's token"),
    onFailure: z
      .enum(["closed", "open"])
      .describe(
        "when the guard itself fails: closed refuses the request, open lets it through unassessed; there is no default",
      ),
    mode: z
      .enum(["refuse", "warn", "route"])
      .default("refuse")
      .describe("what becomes of a request that raises the alarm"),
    routeModel: z.string().optional().describe("mode route: the model that answers instead"),
    routeUpstream: z.string().optional().describe("mode route: the server that answers instead; default: the same"),
    refusalText: z.string().min(1).default("I can't help with that.").describe("what a refused request is answered"),
    turns: z
      .enum(["every", "last"])
      .default("every")
      .describe("which user turns of a chat are assessed; an earlier one that was assessed before costs nothing"),
    textOnly: z.enum(["pass", "assess"]).default("pass").describe("what becomes of a turn with no video in view"),
    otherRoutes: z
      .enum(["refuse", "pass"])
      .default("refuse")
      .describe("routes that generate answers which the guard does not read (completions, responses, messages, ...)"),
    media: mediaOptionsSchema.prefault({}).describe("what is read, and at what cost at most"),
    maxBodyBytes: z
      .int()
      .min(1024)
      .default(96 * 2 ** 20)
      .describe("largest request body"),
    maxHeldBytes: z
      .int()
      .min(1024)
      .default(512 * 2 ** 20)
      .describe("most bytes of chat bodies in memory at a time; more get 429"),
    maxValues: z.int().min(16).default(100_000).describe("most JSON values of a body"),
    maxDepth: z.int().min(8).default(64).describe("most brackets within brackets of a body"),
    maxNewTurns: z.int().min(1).default(16).describe("most turns of one request that are assessed anew"),
    maxWaiting: z.int().min(0).default(64).describe("most requests that wait for the guard; more get 429"),
    maxInFlight: z.int().min(1).default(512).describe("most requests at the upstream; more get 429"),
    assessTimeoutMilliseconds: milliseconds
      .default(60_000)
      .describe("time that the guard's model may take for a turn, waiting for its turn included"),
    upstreamTimeoutMilliseconds: milliseconds.default(600_000).describe("longest silence of the upstream"),
    requestTimeoutMilliseconds: z.int().min(100).default(60_000).describe("time to receive a whole request"),
    shutdownGraceMilliseconds: z
      .int()
      .min(0)
      .default(30_000)
      .describe("time that requests under way get when the proxy closes"),
    cachedTurns: z
      .int()
      .min(0)
      .default(10_000)
      .describe("assessments of turns that are remembered by a hash of their contents"),
    driftFalseAlarmRate: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.01)
      .describe("chance that the drift alarm is ever raised while nothing drifts"),
    driftMaximumScores: z.int().positive().default(100_000).describe("most live scores that are tested"),
    stateFile: z
      .string()
      .nullable()
      .default(null)
      .describe("file where the drift test is kept over restarts; null: it starts anew"),
    stateIntervalMilliseconds: milliseconds.default(10_000).describe("how often it is written"),
  })
  .refine(({ host, token }) => token !== undefined || isLoopback(host), {
    message: "expected a token to listen beyond loopback, found none: set one, or listen on 127.0.0.1",
    path: ["token"],
  })
  .refine(
    ({ mode, routeModel, routeUpstream }) =>
      (mode === "route") === (routeModel !== undefined || routeUpstream !== undefined),
    {
      message: "expected routeModel or routeUpstream with mode route, and neither without",
      path: ["mode"],
    },
  );

/** Options of the guard's proxy, defaults filled in. */
export type ProxyOptions = z.infer<typeof proxyOptionsSchema>;
