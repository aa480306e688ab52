import {
  closeServer,
  createByteBudget,
  createHttpServer,
  type HttpOptions,
  json,
  listen,
  type Reply,
  RequestError,
  type Route,
  readBody,
} from "@videosafety/endpoint/server";
import type { z } from "zod";
import { weightedTotal } from "../compose/weighted-total.js";
import { createWorkerPool, type JudgedBody, type WorkerPool, type WorkerPoolOptions } from "./pool/worker-pool-node.js";
import type { JsonParts } from "./pool/worker-protocol.js";
import { createServerMetrics, type ServerMetrics } from "./server-metrics-node.js";
import { type ServerOptions, serverOptionsSchema } from "./server-options.js";
import { openApiDocument } from "./wire/openapi.js";
import { openRlhfResponse } from "./wire/openrlhf.js";
import type { RequestKind } from "./wire/read-request.js";

/** A running reward server. */
export interface RewardServer {
  /** Where it listens, e.g. `http://127.0.0.1:8017`. */
  readonly url: string;
  /**
   * Stops taking requests, lets those under way end (as long as `shutdownGraceMilliseconds`), then ends the threads.
   */
  close(): Promise<void>;
}

/** Where structured logs go: pino's loggers fit. Completions and tokens are never logged. */
export interface ServerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a program may hand to the server beside its options. */
export interface ServerSurroundings {
  /** Default: nowhere. */
  readonly logger?: ServerLogger;
  /** Version in the OpenAPI document. */
  readonly version?: string;
  /** Program of the threads, for running from source. */
  readonly program?: WorkerPoolOptions["program"];
}

/**
 * Starts the reward server: `POST /v1/rewards`, `POST /v1/openrlhf`, `GET /healthz`, `/readyz`, `/metrics`, `/openapi.json`.
 * @throws ZodError for bad options; the error of a reward module that cannot be loaded; Node's error for a busy port; an Error that says
 * what to install when prom-client is missing
 */
export async function startRewardServer(
  options: z.input<typeof serverOptionsSchema> = {},
  surroundings: ServerSurroundings = {},
): Promise<RewardServer> {
  const settings = serverOptionsSchema.parse(options);
  const { logger } = surroundings;
  const metrics = await createServerMetrics(() => pool.queuedItems);
  const pool: WorkerPool = await createWorkerPool({
    ...poolOptions(settings),
    ...(surroundings.program && { program: surroundings.program }),
    onRestart: (reason) => {
      metrics.restarts.inc();
      logger?.warn({ reason }, "worker replaced");
    },
    onStray: (message) => {
      metrics.strays.inc();
      logger?.warn({ message }, "a reward left something behind that failed");
    },
  });
  let closing = false;
  const server = createHttpServer(routes(settings, pool, metrics, surroundings.version ?? "0.0.0"), {
    token: settings.token,
    requestTimeoutMilliseconds: settings.requestTimeoutMilliseconds,
    isClosing: () => closing,
    onAnswer: (route, status, seconds) => {
      metrics.requests.inc({ route, status });
      metrics.seconds.observe({ route }, seconds);
      logger?.info({ route, status, milliseconds: Math.round(seconds * 1000) }, "answered");
    },
    onFailure: (error) => logger?.error({ err: error }, "failed"),
  } satisfies HttpOptions);
  const url = await listen(server, settings).catch(async (error: unknown) => {
    await pool.close();
    throw error;
  });
  return {
    url,
    async close() {
      if (closing) return;
      closing = true;
      await closeServer(server, settings.shutdownGraceMilliseconds);
      await pool.close();
    },
  };
}

function poolOptions(settings: ServerOptions): Omit<WorkerPoolOptions, "onRestart" | "onStray"> {
  return {
    workers: settings.workers,
    maxQueuedItems: settings.maxQueuedItems,
    heapMebibytes: settings.workerHeapMebibytes,
    settings: {
      rewardModule: settings.rewardModule,
      accuracy: settings.accuracy,
      safeCompletion: settings.safeCompletion,
      overlong: settings.overlong,
      itemDeadlineMilliseconds: settings.itemDeadlineMilliseconds,
      limits: {
        maxItems: settings.maxItems,
        maxScores: settings.maxScores,
        openRlhfProblemType: settings.openRlhfProblemType,
        completionPrefix: settings.completionPrefix,
      },
    },
  };
}

function routes(
  settings: ServerOptions,
  pool: WorkerPool,
  metrics: ServerMetrics,
  version: string,
): Readonly<Record<string, Route>> {
  const budget = createByteBudget(settings.maxQueuedBytes, settings.maxBodyBytes);
  const judging = (kind: RequestKind, reply: (judged: JudgedBody) => Reply): Route => ({
    method: "POST",
    secured: true,
    handle: (request, signal) =>
      budget.hold(request.headers["content-length"], async () => {
        const judged = await pool.judge(kind, await readBody(request, settings.maxBodyBytes), signal);
        countItems(metrics, judged);
        return reply(judged);
      }),
  });
  const get = (handle: () => Promise<Reply>, secured = false): Route => ({ method: "GET", secured, handle });
  const { alphaMin, alphaMax, gammaVisual, gammaTextual } = settings.accuracy.dra;
  const largest =
    1 + Math.max(1, alphaMin + gammaVisual + gammaTextual, alphaMax + Math.max(gammaVisual, gammaTextual));
  const openApi = JSON.stringify(openApiDocument(version));
  return {
    "/healthz": get(async () => json({ status: "ok" })),
    "/readyz": get(async () => {
      if (!pool.ready) throw new RequestError(503, "closing", "no thread is ready to judge");
      return json({ status: "ready", rewards: pool.names });
    }),
    "/openapi.json": get(async () => ({ parts: [openApi] })),
    "/metrics": get(
      async () => ({ type: metrics.registry.contentType, parts: [await metrics.registry.metrics()] }),
      true,
    ),
    "/v1/rewards": judging("rewards", rewardsReply),
    "/v1/openrlhf": judging("openrlhf", (judged) => {
      const { rewards, total } = matrix(judged);
      return json(openRlhfResponse(judged.envelope.rewards, rewards, total, largest));
    }),
  };
}

/** The answer's JSON: the threads wrote the insides of its lists. */
function rewardsReply({ envelope, parts, diagnostics }: JudgedBody): Reply {
  const list = (name: keyof JsonParts): (string | Uint8Array)[] => {
    const filled = parts.map((part) => part[name]).filter(({ length }) => length > 0);
    return [`"${name}":[`, ...filled.flatMap((part, i) => (i === 0 ? [part] : [",", part])), "]"];
  };
  return {
    parts: [
      "{",
      ...list("rewards"),
      ",",
      ...list("total"),
      ",",
      ...list("unscorable"),
      ...(envelope.details ? [",", ...list("details")] : []),
      ...(diagnostics ? [',"diagnostics":', diagnostics] : []),
      "}",
    ],
  };
}

function matrix({ envelope, values }: JudgedBody): { rewards: (number | null)[][]; total: (number | null)[] } {
  const width = envelope.rewards.length;
  const rewards = Array.from({ length: envelope.count }, (_, item) =>
    Array.from(values.subarray(item * width, (item + 1) * width), (value) => (Number.isNaN(value) ? null : value)),
  );
  return { rewards, total: rewards.map((row) => weightedTotal(row, envelope.weights)) };
}

function countItems(metrics: ServerMetrics, { envelope, values }: JudgedBody): void {
  const width = envelope.rewards.length;
  const nulls = new Array<number>(width).fill(0);
  for (let i = 0; i < values.length; i++)
    if (Number.isNaN(values[i])) nulls[i % width] = (nulls[i % width] as number) + 1;
  envelope.rewards.forEach((reward, k) => {
    metrics.items.inc({ reward, outcome: "scored" }, envelope.count - (nulls[k] as number));
    metrics.items.inc({ reward, outcome: "unscorable" }, nulls[k] as number);
  });
}
