import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What the proxy tells of itself when metrics are collected. */
export interface MetricSources {
  readonly waiting: () => number;
  readonly inFlight: () => number;
  readonly heldBytes: () => number;
  readonly engineReady: () => boolean;
  readonly engineRestarts: () => number;
  readonly drift: () => { readonly observed: number; readonly logEvidence: number; readonly drifted: boolean };
}

/** What the proxy counts, in a registry of its own. */
export interface ProxyMetrics {
  readonly registry: Registry;
  /** Answered requests by route and status. */
  readonly requests: Counter<"route" | "status">;
  /** Seconds from a request's headers to its answer's last byte. */
  readonly seconds: Histogram<"route">;
  /** Chat requests by what the guard did with them. */
  readonly verdicts: Counter<"verdict">;
  /** Assessed turns by the tier that decided. */
  readonly turns: Counter<"tier">;
  /** Seconds of the guard's part of a request. */
  readonly guardSeconds: Histogram;
}

/** Creates the metrics. */
export function createProxyMetrics(sources: MetricSources): ProxyMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `safety_guard_${name}`,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  gauge("waiting", "requests that wait for the guard, the one at work included", sources.waiting);
  gauge("upstream_in_flight", "requests at the upstream", sources.inFlight);
  gauge("held_bytes", "bytes of chat bodies in memory", sources.heldBytes);
  gauge("ready", "1 while the guard's model can be asked", () => (sources.engineReady() ? 1 : 0));
  gauge("drift_observed", "live scores that the drift test has seen", () => sources.drift().observed);
  gauge("drift_log_evidence", "natural logarithm of the evidence for a drift", () => sources.drift().logEvidence);
  gauge("drifted", "1 from the drift alarm on", () => (sources.drift().drifted ? 1 : 0));
  const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
  new Counter({
    name: "safety_guard_restarts_total",
    help: "processes of the guard's model that were replaced",
    registers,
    collect() {
      this.reset();
      this.inc(sources.engineRestarts());
    },
  });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name: `safety_guard_${name}`, help, labelNames, registers });
  return {
    registry,
    requests: counter("requests_total", "answered requests", ["route", "status"]),
    verdicts: counter("verdicts_total", "chat requests by verdict", ["verdict"]),
    turns: counter("turns_total", "assessed turns by the tier that decided", ["tier"]),
    seconds: new Histogram({
      name: "safety_guard_request_seconds",
      help: "seconds of a request",
      labelNames: ["route"],
      buckets,
      registers,
    }),
    guardSeconds: new Histogram({
      name: "safety_guard_assess_seconds",
      help: "seconds of the guard's part of a request",
      buckets,
      registers,
    }),
  };
}
