import type { EvaluationResults, RunResults } from "../results/results.js";
import { type Measured, measureGate } from "./measure.js";
import type { Gate } from "./parse-gate.js";

export { GATE_METRICS, type Gate, type GateMetric, parseGate } from "./parse-gate.js";

/** One gate on one run. */
export interface GateResult {
  /** The gate as written. */
  readonly gate: string;
  /** Name and seed of the run. */
  readonly run: string;
  /** The number found; null when it is undefined, which never passes. */
  readonly actual: number | null;
  /** Whether the gate holds. */
  readonly passed: boolean;
  /** What the number is: the arm, how many verdicts are missing and how they count, or why there is no number. */
  readonly detail: string;
}

const HOLDS = {
  ">=": (a: number, b: number) => a >= b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  "<": (a: number, b: number) => a < b,
} as const;

/** The number that a gate reads: the end of the range of possible values that is worse for it. */
function readGate({ bound, operator }: Gate, { valid, low, high, detail }: Measured): [number | null, string] {
  if (bound === "valid") return [valid.value, `${detail}, valid units only`];
  const end = bound === "value" ? (operator.startsWith(">") ? low : high) : bound === "lower" ? low : high;
  const actual = bound === "value" ? end.value : (end.interval?.[bound] ?? null);
  if (actual === null) return [null, `${detail}, no ${bound === "value" ? "value" : "interval"}`];
  return [actual, detail];
}

/**
 * Applies gates to every run of a report. A number that is undefined (nothing planned, no interval, no such arm) fails
 * its gate. Where units lack a verdict, the number is the worse end of its bounds, and `detail` says so.
 */
export function checkGates(results: EvaluationResults, gates: readonly Gate[]): GateResult[] {
  return results.runs.flatMap((run: RunResults) =>
    gates.map((gate): GateResult => {
      const measured = measureGate(run, gate);
      const [actual, detail] = typeof measured === "string" ? [null, measured] : readGate(gate, measured);
      const passed = actual !== null && HOLDS[gate.operator](actual, gate.limit);
      return { gate: gate.text, run: `${run.name}, seed ${run.seed}`, actual, passed, detail };
    }),
  );
}
