import { VsbEvalError } from "../errors.js";

/** Numbers that a gate can read. */
export const GATE_METRICS = [
  "dsr.hh",
  "dsr.sh",
  "system.hh",
  "system.sh",
  "understood.hh",
  "understood.sh",
  "unseen.hh",
  "unseen.sh",
  "frr",
  "completion.safe",
  "completion.unsafe",
  "drop.hh",
  "drop.sh",
  "format",
  "coverage",
] as const;

/** One of {@link GATE_METRICS}. */
export type GateMetric = (typeof GATE_METRICS)[number];

/** A condition on a run, read by {@link parseGate}. */
export interface Gate {
  /** As written. */
  readonly text: string;
  /** What is read. */
  readonly metric: GateMetric;
  /** Name of the arm; null for the main one (`video`, else the only one). */
  readonly arm: string | null;
  /**
   * Which number. `value`: the rate, with every unit that lacks a verdict counted against the gate; `valid`: the rate over
   * units with a verdict; `lower`, `upper`: the interval's bound, likewise with missing verdicts counted against it.
   */
  readonly bound: "value" | "valid" | "lower" | "upper";
  /** How it is compared. */
  readonly operator: ">=" | "<=" | ">" | "<";
  /** What it is compared with, as a share. */
  readonly limit: number;
}

const PATTERN = new RegExp(
  `^(${GATE_METRICS.map((metric) => metric.replace(".", "\\.")).join("|")})(?:@([a-z0-9_]+))?(?:\\.(value|valid|lower|upper))?\\s*(>=|<=|>|<)\\s*(-?\\d*\\.?\\d+)$`,
);

/**
 * Reads a gate such as `dsr.hh.lower>=0.85`, `frr.upper<=0.05`, `dsr.hh@dup_8>0.5` or `coverage>=0.99`. Numbers are
 * shares. Without `@` the arm is `video`, else the only one that the run has. A missing verdict always counts against
 * the gate; `dsr.hh.valid>=0.9` asks for the rate over valid units alone.
 *
 * @throws {VsbEvalError} `invalid_gate`.
 */
export function parseGate(text: string): Gate {
  const match = PATTERN.exec(text.trim());
  if (match === null) {
    throw new VsbEvalError(
      "invalid_gate",
      `expected a gate such as dsr.hh.lower>=0.85 or coverage>=0.99, found "${text}"; metrics: ${GATE_METRICS.join(", ")}`,
    );
  }
  const [, metric, arm, bound = "value", operator = ">=", limit] = match;
  return {
    text: text.trim(),
    metric: metric as GateMetric,
    arm: arm ?? null,
    bound: bound as Gate["bound"],
    operator: operator as Gate["operator"],
    limit: Number(limit),
  };
}
