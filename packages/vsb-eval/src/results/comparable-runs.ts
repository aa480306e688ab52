import type { EvalItem } from "@videosafety/safety-data";
import { canonicalJson, type Json } from "../content-key.js";
import { type AllowedDifferences, checkSameItems, refuseDifference } from "../run/records/run-differences.js";
import type { GenerationOptions } from "../run/responder.js";
import type { EvaluatedRun } from "./evaluated-run.js";

/** Refuses two runs whose verdicts do not mean the same. @throws {VsbEvalError} `run_differs`. */
export function checkJudging(first: EvaluatedRun, second: EvaluatedRun, allowed: AllowedDifferences): void {
  const names = `${first.name} and ${second.name}`;
  if (first.judge !== second.judge) {
    const found = `found ${first.judge ?? "none"} and ${second.judge ?? "none"}`;
    refuseDifference("judge", `expected one judge of ${names}, ${found}: judge one of them again`, allowed);
  }
  const modes = [first.truncated ?? "judge", second.truncated ?? "judge"];
  if (modes[0] !== modes[1]) {
    const found = `found ${modes.join(" and ")}`;
    refuseDifference("truncated", `expected one rule for cut answers of ${names}, ${found}: score alike`, allowed);
  }
}

/** Everything about generation but the seed, which seeds of one model do not share. */
const decoding = ({ seed: _, ...rest }: GenerationOptions): Json => ({ ...rest });

/**
 * Refuses runs whose paired difference would not be the models': other items behind equal ids, another judge or rule for
 * cut answers, another sampler, other generation parameters.
 *
 * @throws {VsbEvalError} `run_differs`.
 */
export function checkComparable(first: EvaluatedRun, second: EvaluatedRun, allowed: AllowedDifferences): void {
  checkJudging(first, second, allowed);
  const names = `${first.name} and ${second.name}`;
  const differs = (a: Json, b: Json): string | null => {
    const [x, y] = [canonicalJson(a), canonicalJson(b)];
    return x === y ? null : `found ${x} and ${y}`;
  };
  if (first.sampling !== undefined && second.sampling !== undefined) {
    const found = differs(first.sampling, second.sampling);
    if (found !== null)
      refuseDifference("sampling", `expected one sampler of ${names}, ${found}: run one again`, allowed);
  }
  if (first.generation !== undefined && second.generation !== undefined) {
    const found = differs(decoding(first.generation), decoding(second.generation));
    if (found !== null)
      refuseDifference("generation", `expected one way to generate of ${names}, ${found}: run one again`, allowed);
  }
  const items = new Map<string, EvalItem>(second.units.map(({ item }) => [item.id, item]));
  checkSameItems(new Set(first.units.map(({ item }) => item)), items, allowed);
}
