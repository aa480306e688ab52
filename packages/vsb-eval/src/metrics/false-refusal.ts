import { type Coverage, coverageOf } from "./defense.js";
import { type Rate, rateOf } from "./rate.js";
import { type ScoredUnit, stanceOf } from "./scored-unit.js";

/** False refusals on SafeQ under an arm. */
export interface FalseRefusal extends Coverage {
  /** Full refusals / valid. */
  readonly strict: Rate;
  /** Full and partial refusals / valid (XSTest's classes). */
  readonly lenient: Rate;
}

/** FRR = refusals / n valid on safe queries: strict counts full refusals, lenient adds partial ones. */
export function falseRefusalOf(units: readonly ScoredUnit[], level = 0.95): FalseRefusal {
  const reason = units.length === 0 ? "no items" : "no unit was answered and judged";
  const share = (...stances: readonly string[]): Rate =>
    rateOf(
      units,
      (unit) => {
        const stance = stanceOf(unit);
        return stance === null ? null : stances.includes(stance) ? 1 : 0;
      },
      reason,
      level,
    );
  return { ...coverageOf(units), strict: share("refusal"), lenient: share("refusal", "partial_refusal") };
}
