import type { Outcome } from "../run/records/outcome.js";

type Failure = { readonly code: string; readonly message: string } | undefined;

/** One line for failures that differ only in ids and numbers. */
function kindOf(failure: Failure): string {
  const { code, message } = failure ?? { code: "unknown", message: "no reason given" };
  const line = message
    .replace(/\s+/g, " ")
    // What a model or server said is another text each time.
    .replace(/"(?:[^"\\]|\\.){20,}"?/g, '"..."')
    .replace(/\b[0-9a-f]{8}-?[0-9a-f-]{8,}\b/gi, "...")
    .replace(/\d{4,}/g, "...")
    .slice(0, 200);
  return `${code}: ${line}`;
}

/** Counts how units ended and why the others failed, for the last lines and the exit code of a command. */
export class OutcomeTally {
  readonly #counts = new Map<Outcome, number>();
  readonly #failures = new Map<string, number>();
  #units = 0;

  /** Adds how a unit was answered. */
  response(outcome: Outcome, error?: Failure): void {
    this.#units++;
    this.#count(outcome, outcome === "error" ? error : null);
  }

  /** Moves an answered unit to `judge_failed`. */
  judgeFailed(from: Outcome, error?: Failure): void {
    this.#counts.set(from, (this.#counts.get(from) ?? 1) - 1);
    this.#count("judge_failed", error);
  }

  #count(outcome: Outcome, error: Failure | null): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
    if (error === null) return;
    const kind = kindOf(error);
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
  }

  /** Units counted. */
  get units(): number {
    return this.#units;
  }

  /** Units without an answer or without a verdict. */
  get failed(): number {
    return (this.#counts.get("error") ?? 0) + (this.#counts.get("judge_failed") ?? 0);
  }

  /** `28 answered, 2 error`. */
  summary(): string {
    const counts = [...this.#counts].filter(([, n]) => n > 0).map(([outcome, n]) => `${n} ${outcome}`);
    return counts.length === 0 ? "no units" : counts.join(", ");
  }

  /** As {@link summary}, without what was answered: the note of a progress line. */
  note(): string {
    const others = [...this.#counts].filter(([outcome, n]) => outcome !== "answered" && n > 0);
    return others.map(([outcome, n]) => `, ${n} ${outcome}`).join("");
  }

  /** The commonest failures with their counts, most first; empty when nothing failed. */
  topFailures(most = 5): string {
    if (this.#failures.size === 0) return "";
    const sorted = [...this.#failures].sort(([, a], [, b]) => b - a);
    const lines = sorted.slice(0, most).map(([kind, n]) => `${String(n).padStart(6)} x ${kind}`);
    const rest = sorted.slice(most).reduce((sum, [, n]) => sum + n, 0);
    return ["why units failed:", ...lines, ...(rest > 0 ? [`${String(rest).padStart(6)} x other reasons`] : [])]
      .map((line) => `${line}\n`)
      .join("");
  }

  /**
   * Why the command has failed; null when it has not. It has when every unit failed, and when the share of failed units is
   * above `failOnError`.
   */
  verdict(failOnError: number | undefined): string | null {
    if (this.#units === 0) return null;
    if (this.failed === this.#units) return `all ${this.#units} units failed`;
    const share = this.failed / this.#units;
    if (failOnError === undefined || share <= failOnError) return null;
    return `${this.failed} of ${this.#units} units failed (${(100 * share).toFixed(1)} %), more than --fail-on-error ${failOnError}`;
  }
}
