import { randomBytes } from "node:crypto";
import {
  ClosingError,
  closeServer,
  createHttpServer,
  isLoopback,
  json,
  listen,
  type Reply,
  RequestError,
  type Route,
} from "@videosafety/endpoint/server";
import type { SamplePlan } from "@videosafety/video-sampler";
import type * as z from "zod";
import type { GuardEngine } from "../engine/guard-engine.js";
import type { GuardFile } from "../file/guard-file.js";
import { createPageRoutes } from "../page/page-routes.js";
import { openAiError } from "../wire/refusal.js";
import { readApiPath } from "./api-path.js";
import { createChatRoute } from "./chat-route-node.js";
import { openDriftWatch } from "./drift-watch-node.js";
import { LiveRecord } from "./live-record.js";
import { createProxyMetrics } from "./proxy-metrics-node.js";
import { proxyOptionsSchema } from "./proxy-options.js";
import { guardStatement } from "./statement.js";
import { createTurnAssessor } from "./turn-assessor-node.js";
import { createUpstream } from "./upstream-node.js";

/** A running proxy. */
export interface GuardProxy {
  /** Where clients send: a base URL that ends with /v1. */
  readonly baseUrl: string;
  /** Where the page is, with its token. */
  readonly pageUrl: string;
  /** Stops taking requests, lets those under way end, keeps the drift test, ends the engine. */
  close(): Promise<void>;
}

/** Where structured logs go. Contents of requests and tokens are never logged. */
export interface ProxyLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Starts the guard as an OpenAI-compatible proxy: chat requests are assessed, everything else passes. Also `GET /v1/guard` (the promise and the drift
 * test), `/metrics`, `/healthz`, `/readyz`, and a page at `/`.
 *
 * @param parts.engine who assesses; closed with the proxy. @param parts.file what it was calibrated with.
 * @throws ZodError for bad options; EndpointError for a bad upstream; DefenseError for a bad state file; Node's error for a busy port
 */
export async function startGuardProxy(
  input: z.input<typeof proxyOptionsSchema>,
  parts: { readonly engine: GuardEngine; readonly file: GuardFile; readonly logger?: ProxyLogger },
): Promise<GuardProxy> {
  const options = proxyOptionsSchema.parse(input);
  const { engine, file, logger } = parts;
  const upstreamOf = (baseUrl: string): ReturnType<typeof createUpstream> =>
    createUpstream({
      baseUrl,
      apiKey: options.upstreamKey,
      passAuthorization: options.token === undefined,
      timeoutMilliseconds: options.upstreamTimeoutMilliseconds,
      maxInFlight: options.maxInFlight,
      maxBodyBytes: options.maxBodyBytes,
    });
  const upstream = upstreamOf(options.upstream);
  const routeUpstream = options.routeUpstream === undefined ? upstream : upstreamOf(options.routeUpstream);
  const scores = file.calibration.safeScores ?? [];
  const drift = await openDriftWatch(scores, options);
  const live = new LiveRecord();
  const assessor = createTurnAssessor(engine, file.provenance.plan as SamplePlan, options);
  const metrics = createProxyMetrics({
    waiting: () => assessor.waiting,
    inFlight: () => upstream.inFlight + (routeUpstream === upstream ? 0 : routeUpstream.inFlight),
    heldBytes: () => chat.heldBytes,
    engineReady: () => engine.ready,
    engineRestarts: () => engine.restarts ?? 0,
    drift: () => drift.reading(),
  });
  const onFailure = (error: unknown): void => logger?.error({ reason: messageOf(error) }, "the guard failed");
  const chat = createChatRoute({
    ...{ options, assessor, drift, live, metrics, upstream, routeUpstream, onFailure },
    onDrift: (observed) =>
      logger?.warn({ observed }, "the drift alarm is raised: the promise is void, calibrate again"),
  });
  const statement = (): object => guardStatement({ file, options, drift: drift.reading(), live, ready: engine.ready });
  let closing = false;
  const pageToken = options.token ?? randomBytes(18).toString("base64url");
  const get = (handle: () => Promise<Reply>, secured = false): Route => ({ method: "GET", secured, handle });
  const fallback: Route = {
    method: "any",
    secured: true,
    async handle(request, signal, response) {
      const { path, kind } = readApiPath(request.url ?? "");
      if (closing) throw new ClosingError();
      if (kind === "chat" && request.method === "POST") return chat.handle(path, request, response, signal);
      if (kind !== "other" && request.method !== "GET" && options.otherRoutes === "refuse")
        throw new RequestError(
          403,
          "unguarded_route",
          "expected /v1/chat/completions, found a route whose requests this guard does not read",
        );
      await upstream.forward(request, response, { path, body: null, added: {}, signal });
      return null;
    },
  };
  const routes: Record<string, Route> = {
    "/healthz": get(async () => json({ status: "ok" })),
    "/readyz": get(async () => {
      if (closing) throw new ClosingError();
      if (!engine.ready)
        throw new RequestError(503, "not_ready", "the guard's model is being started", undefined, {
          "retry-after": "5",
        });
      return json({ status: "ready" });
    }),
    "/metrics": get(
      async () => ({ type: metrics.registry.contentType, parts: [await metrics.registry.metrics()] }),
      true,
    ),
    "/v1/guard": get(async () => json(statement()), true),
    ...createPageRoutes({ token: pageToken, statement, live, drift }),
  };
  const server = createHttpServer(routes, {
    token: options.token,
    requestTimeoutMilliseconds: options.requestTimeoutMilliseconds,
    isClosing: () => closing,
    fallback,
    ...(isLoopback(options.host) && { allowedHosts: options.allowedHosts }),
    formatError: openAiError,
    onAnswer: (route, status, seconds) => {
      metrics.requests.inc({ route, status });
      metrics.seconds.observe({ route }, seconds);
      logger?.info({ route, status, milliseconds: Math.round(seconds * 1000) }, "answered");
    },
    onFailure,
  });
  const url = await listen(server, options);
  const saving = setInterval(() => void drift.save().catch(onFailure), options.stateIntervalMilliseconds);
  saving.unref();
  return {
    baseUrl: `${url}/v1`,
    pageUrl: `${url}/?token=${encodeURIComponent(pageToken)}`,
    async close() {
      if (closing) return;
      closing = true;
      clearInterval(saving);
      await closeServer(server, options.shutdownGraceMilliseconds);
      await drift.save();
      await engine.close();
      upstream.close();
      routeUpstream.close();
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
