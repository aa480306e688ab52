import type { Counter, Histogram, Registry } from "prom-client";
import { importPeer } from "./import-peer-node.js";

/** What the server counts, in a registry of its own. */
export interface ServerMetrics {
  /** Holds everything; `metrics()` gives the Prometheus text. */
  readonly registry: Registry;
  /** Answered requests by route and status. */
  readonly requests: Counter<"route" | "status">;
  /** Seconds from a request's headers to its answer. */
  readonly seconds: Histogram<"route">;
  /** Judged items by reward and outcome (scored, unscorable). */
  readonly items: Counter<"reward" | "outcome">;
  /** Threads that had to be replaced. */
  readonly restarts: Counter;
  /** Failures that rewards left behind after their scores. */
  readonly strays: Counter;
}

/** Creates the metrics; `queuedItems` is read when they are collected. @throws Error that says what to install without prom-client */
export async function createServerMetrics(queuedItems: () => number): Promise<ServerMetrics> {
  const { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } = await importPeer(
    "prom-client",
    () => import("prom-client"),
  );
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "safety_rewards_queued_items",
    help: "items waiting or running",
    registers: [registry],
    collect() {
      this.set(queuedItems());
    },
  });
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: "safety_rewards_requests_total",
      help: "answered requests",
      labelNames: ["route", "status"],
      registers,
    }),
    seconds: new Histogram({
      name: "safety_rewards_request_seconds",
      help: "seconds from a request to its answer",
      labelNames: ["route"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    items: new Counter({
      name: "safety_rewards_items_total",
      help: "judged items by reward",
      labelNames: ["reward", "outcome"],
      registers,
    }),
    restarts: new Counter({ name: "safety_rewards_worker_restarts_total", help: "replaced threads", registers }),
    strays: new Counter({
      name: "safety_rewards_strays_total",
      help: "failures after a reward had returned",
      registers,
    }),
  };
}
