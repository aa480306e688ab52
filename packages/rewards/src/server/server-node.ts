import { createHash, timingSafeEqual } from "node:crypto";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { z } from "zod";
import { DEFAULT_REWARDS } from "../compose/batch-scorer.js";
import { hackingReport } from "../compose/hacking-report.js";
import { weightedTotal } from "../compose/weighted-total.js";
import { openApiDocument } from "./openapi.js";
import { itemsFromOpenRlhf, openRlhfResponse } from "./openrlhf.js";
import { createServerMetrics, type ServerMetrics } from "./server-metrics-node.js";
import { type ServerOptions, serverOptionsSchema } from "./server-options.js";
import {
  type ErrorResponse,
  formatPath,
  openRlhfRequestSchema,
  type RewardRequest,
  type RewardResponse,
  rewardRequestSchema,
} from "./wire.js";
import { createWorkerPool, OverloadedError, type WorkerPool, type WorkerPoolOptions } from "./worker-pool-node.js";

/** A running reward server. */
export interface RewardServer {
  /** Where it listens, e.g. `http://127.0.0.1:8017`. */
  readonly url: string;
  /**
   * Stops taking requests, lets those under way end (as long as `shutdownGraceMilliseconds`), then ends the threads.
   */
  close(): Promise<void>;
}

/** What a program may hand to the server beside its options. */
export interface ServerSurroundings {
  /** Where structured logs go; default: nowhere. Completions and tokens are never logged. */
  readonly logger?: FastifyBaseLogger;
  /** Version in the OpenAPI document. */
  readonly version?: string;
  /** Program of the threads, for running from source. */
  readonly program?: WorkerPoolOptions["program"];
}

/** A request that cannot be answered, with its status and body. */
class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorResponse,
  ) {
    super(body.error.message);
  }
}

/**
 * Starts the reward server: `POST /v1/rewards`, `POST /v1/openrlhf`, `GET /healthz`, `/readyz`, `/metrics`, `/openapi.json`.
 * @throws ZodError for bad options; the error of a reward module that cannot be loaded; Node's error for a busy port
 */
export async function startRewardServer(
  options: z.input<typeof serverOptionsSchema> = {},
  surroundings: ServerSurroundings = {},
): Promise<RewardServer> {
  const settings = serverOptionsSchema.parse(options);
  const metrics = createServerMetrics(() => pool.queuedItems);
  const pool: WorkerPool = await createWorkerPool({
    ...settings,
    ...(surroundings.program && { program: surroundings.program }),
    onRestart: (reason) => {
      metrics.restarts.inc();
      surroundings.logger?.warn({ reason }, "worker replaced");
    },
  });
  try {
    const app = createApp(settings, pool, metrics, surroundings);
    const url = await app.listen({ host: settings.host, port: settings.port });
    return {
      url,
      async close() {
        const grace = setTimeout(() => app.server.closeAllConnections(), settings.shutdownGraceMilliseconds);
        await app.close().finally(() => clearTimeout(grace));
        await pool.close();
      },
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function createApp(
  settings: ServerOptions,
  pool: WorkerPool,
  metrics: ServerMetrics,
  { logger, version = "0.0.0" }: ServerSurroundings,
): FastifyInstance {
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    bodyLimit: settings.maxBodyBytes,
    requestTimeout: settings.requestTimeoutMilliseconds,
    http: {
      // Node swaps the two limits when the one for headers is the larger, and looks for slow requests at this interval.
      headersTimeout: settings.requestTimeoutMilliseconds,
      requestTimeout: settings.requestTimeoutMilliseconds,
      connectionsCheckingInterval: Math.min(1000, settings.requestTimeoutMilliseconds),
    },
    forceCloseConnections: "idle",
    return503OnClosing: true,
  });
  const expected = settings.token === undefined ? null : digest(`Bearer ${settings.token}`);
  const authorize = async (request: FastifyRequest): Promise<void> => {
    if (expected && !timingSafeEqual(digest(request.headers.authorization ?? ""), expected))
      throw new RequestError(401, problem("unauthorized", "expected the bearer token in the Authorization header"));
  };

  app.removeContentTypeParser("text/plain");
  // A connection that gets its last answer while the server closes must not be kept open.
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });
  app.addHook("onSend", async (_request, reply) => {
    if (closing) reply.header("connection", "close");
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unknown";
    metrics.requests.inc({ route, status: reply.statusCode });
    metrics.seconds.observe({ route }, reply.elapsedTime / 1000);
  });
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) =>
    answerError(error, reply),
  );
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(problem("not_found", "no such path: see /openapi.json")),
  );

  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) =>
    pool.ready
      ? { status: "ready", rewards: pool.names }
      : reply.code(503).send(problem("overloaded", "no thread is ready to judge")),
  );
  app.get("/openapi.json", async () => openApiDocument(version));
  app.get("/metrics", { onRequest: authorize }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  app.post("/v1/rewards", { onRequest: authorize }, async (request, reply) => {
    const body = parseBody(rewardRequestSchema, request.body);
    checkRequest(body.items.length, body.rewards, settings, pool);
    return judge(body, pool, metrics, abortOnHangUp(reply));
  });
  app.post("/v1/openrlhf", { onRequest: authorize }, async (request, reply) => {
    const body = parseBody(openRlhfRequestSchema, request.body);
    checkRequest(body.query.length, DEFAULT_REWARDS, settings, pool);
    const items = itemsFromOpenRlhf(body, settings.openRlhfProblemType);
    const judged = await judge(rewardRequestSchema.parse({ items }), pool, metrics, abortOnHangUp(reply));
    const { alphaMin, alphaMax, gammaVisual, gammaTextual } = settings.accuracy.dra;
    const largest =
      1 + Math.max(1, alphaMin + gammaVisual + gammaTextual, alphaMax + Math.max(gammaVisual, gammaTextual));
    return openRlhfResponse(DEFAULT_REWARDS, judged.rewards, judged.total, largest);
  });
  return app;
}

async function judge(
  request: RewardRequest,
  pool: WorkerPool,
  metrics: ServerMetrics,
  signal: AbortSignal,
): Promise<RewardResponse> {
  const { items, rewards: names, weights } = request;
  const job = { items, rewards: names, compat: request.compat, firstProblemType: items[0]?.problem_type ?? "" };
  const { values, scores } = await pool.score(job, { details: request.details, signal });
  const rewards: (number | null)[][] = [];
  const total: (number | null)[] = [];
  const unscorable: RewardResponse["unscorable"] = [];
  items.forEach(({ id }, item) => {
    const row = names.map((reward, k) => {
      const position = item * names.length + k;
      const value = values[position] as number;
      if (!Number.isNaN(value)) return value;
      const reason = scores.get(position)?.reason ?? "no reason given";
      unscorable.push({ item, ...(id !== undefined && { id }), reward, reason });
      return null;
    });
    rewards.push(row);
    total.push(weightedTotal(row, weights));
  });
  names.forEach((reward, k) => {
    const nulls = rewards.filter((row) => row[k] === null).length;
    metrics.items.inc({ reward, outcome: "scored" }, items.length - nulls);
    metrics.items.inc({ reward, outcome: "unscorable" }, nulls);
  });
  return {
    rewards,
    total,
    unscorable,
    ...(request.details && {
      details: items.map((_, item) =>
        Object.fromEntries(
          names.map((name, k) => {
            const score = scores.get(item * names.length + k);
            return [name, { parts: { ...score?.parts }, reason: score?.reason ?? null }];
          }),
        ),
      ),
    }),
    ...(request.diagnostics && {
      diagnostics: { ...hackingReport({ items, names, rewards, ...(weights && { weights }) }) },
    }),
  };
}

function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 20).map(({ path, message }) => ({ path: formatPath(path), message }));
  throw new RequestError(
    400,
    problem("invalid_request", `${issues[0]?.path || "body"}: ${issues[0]?.message}`, issues),
  );
}

function checkRequest(items: number, rewards: readonly string[], settings: ServerOptions, pool: WorkerPool): void {
  if (items > settings.maxItems)
    throw new RequestError(413, problem("too_large", `expected at most ${settings.maxItems} items, found ${items}`));
  const unknown = rewards.findIndex((name) => !pool.names.includes(name));
  if (unknown >= 0) {
    const message = `expected one of ${pool.names.join(", ")}, found ${JSON.stringify(rewards[unknown])}`;
    throw new RequestError(400, problem("invalid_request", message, [{ path: `rewards[${unknown}]`, message }]));
  }
}

function answerError(error: Error & { statusCode?: number; code?: string }, reply: FastifyReply): FastifyReply {
  if (error instanceof RequestError) return reply.code(error.status).send(error.body);
  if (error instanceof OverloadedError)
    return reply.code(503).header("retry-after", "1").send(problem("overloaded", error.message));
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    reply.log.error(error);
    return reply.code(status).send(problem("internal", "the server failed: its log says why"));
  }
  const code = status === 413 ? "too_large" : status === 415 ? "unsupported_media_type" : "invalid_request";
  return reply.code(status).send(problem(code, error.message));
}

function problem(code: string, message: string, issues?: { path: string; message: string }[]): ErrorResponse {
  return { error: { code, message, ...(issues && { issues }) } };
}

/** Aborts when the client goes away before it has its answer, so that work nobody waits for leaves the queue. */
function abortOnHangUp(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished)
      controller.abort(new RequestError(499, problem("gone", "the client has gone away")));
  });
  return controller.signal;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
