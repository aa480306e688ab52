import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createByteBudget, type Reply, RequestError, readBody } from "@videosafety/endpoint/server";
import { type ChatRequest, readChatRequest } from "../wire/chat-request.js";
import { refusalReply } from "../wire/refusal.js";
import { replaceMember, type ScannedBody, scanBody } from "../wire/scan-body.js";
import type { DriftWatch } from "./drift-watch-node.js";
import type { LiveRecord, ProxyVerdict } from "./live-record.js";
import type { ProxyMetrics } from "./proxy-metrics-node.js";
import type { ProxyOptions } from "./proxy-options.js";
import type { AssessedTurn, TurnAssessor } from "./turn-assessor-node.js";
import type { Upstream } from "./upstream-node.js";

/** What a chat request passes through. */
export interface ChatRouteParts {
  readonly options: ProxyOptions;
  readonly assessor: TurnAssessor;
  readonly drift: DriftWatch;
  readonly live: LiveRecord;
  readonly metrics: ProxyMetrics;
  readonly upstream: Upstream;
  /** Where mode `route` sends to. */
  readonly routeUpstream: Upstream;
  /** Hears of failures of the guard itself. */
  readonly onFailure: (error: unknown) => void;
  /** Hears of the drift alarm, once. */
  readonly onDrift: (observed: number) => void;
}

/** Header by which every answer to a chat request says what the guard did. */
export const GUARD_HEADER = "x-videosafety-guard";

/** Handles a chat request: reads it, assesses it, and refuses it, marks it, sends it elsewhere or lets it through. */
export function createChatRoute(parts: ChatRouteParts) {
  const { options, upstream, routeUpstream, metrics } = parts;
  const budget = createByteBudget(options.maxHeldBytes, options.maxBodyBytes);

  const handle = async (
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
    settle: (bytes: number) => void,
  ): Promise<Reply | null> => {
    const started = performance.now();
    const shared = await readBody(request, options.maxBodyBytes);
    const bytes = new Uint8Array(shared.bytes, 0, shared.length).slice();
    settle(bytes.length);
    const decided = await decide(bytes, started, signal, parts);
    const { verdict } = decided;
    metrics.verdicts.inc({ verdict });
    if (decided.error) throw decided.error;
    const added = { [GUARD_HEADER]: verdict };
    if (verdict === "refuse") return refusal(decided.chat as ChatRequest, options.refusalText, added);
    const routed = verdict === "route";
    const body =
      routed && options.routeModel !== undefined
        ? replaceMember(bytes, (decided.scanned as ScannedBody).spans, "model", options.routeModel)
        : bytes;
    await (routed ? routeUpstream : upstream).forward(request, response, { path, body, added, signal });
    return null;
  };
  return {
    get heldBytes() {
      return budget.heldBytes;
    },
    handle: (path: string, request: IncomingMessage, response: ServerResponse, signal: AbortSignal) =>
      budget.hold(request.headers["content-length"], (settle) => handle(path, request, response, signal, settle)),
  };
}

const refusal = (chat: ChatRequest, text: string, headers: Readonly<Record<string, string>>): Reply =>
  refusalReply(chat, text, { id: randomBytes(12).toString("hex"), created: Math.floor(Date.now() / 1000) }, headers);

interface Decision {
  readonly verdict: ProxyVerdict;
  readonly chat?: ChatRequest;
  readonly scanned?: ScannedBody;
  /** What is answered instead. */
  readonly error?: RequestError;
}

async function decide(
  bytes: Uint8Array,
  started: number,
  signal: AbortSignal,
  parts: ChatRouteParts,
): Promise<Decision> {
  const { options, assessor } = parts;
  let decision: Decision;
  let turns: readonly AssessedTurn[] = [];
  try {
    const scanned = scanBody(bytes, options);
    const chat = readChatRequest(scanned.value);
    const assessed = await assessor.assess(chat, signal);
    turns = assessed ?? [];
    decision = {
      verdict: assessed === null ? "not-assessed" : (turns.at(-1)?.assessment.verdict ?? "allow"),
      chat,
      scanned,
    };
  } catch (error) {
    // What a client sends never opens the gate, and neither does a queue that clients fill.
    if (error instanceof RequestError) {
      if (error.code !== "gone" && error.status !== 429) note("unreadable", [], started, parts);
      return { verdict: "unreadable", error };
    }
    signal.throwIfAborted();
    parts.onFailure(error);
    decision =
      options.onFailure === "open"
        ? { verdict: "failed-open" }
        : {
            verdict: "failed-closed",
            error: new RequestError(
              503,
              "guard_unavailable",
              "the guard could not assess this request: try again later",
              undefined,
              { "retry-after": "5" },
            ),
          };
  }
  note(decision.verdict, turns, started, parts);
  return decision;
}

/** Counts, tests and remembers what became of a request. */
function note(verdict: ProxyVerdict, turns: readonly AssessedTurn[], started: number, parts: ChatRouteParts): void {
  const { drift, live, metrics } = parts;
  const guardMilliseconds = performance.now() - started;
  metrics.guardSeconds.observe(guardMilliseconds / 1000);
  for (const { assessment, cached } of turns) {
    if (cached) continue;
    metrics.turns.inc({ tier: assessment.tier ?? "alarms" });
    const before = drift.reading().drifted;
    const { drifted, observed } = drift.observe(assessment.score);
    if (drifted && !before) parts.onDrift(observed);
  }
  const last = turns.at(-1)?.assessment;
  live.add({
    at: Date.now(),
    verdict,
    score: last?.score ?? null,
    visual: last?.visual ?? null,
    textual: last?.textual ?? null,
    tier: last === undefined ? null : (last.tier ?? "alarms"),
    turns: turns.length,
    cachedTurns: turns.filter(({ cached }) => cached).length,
    guardMilliseconds,
  });
}
