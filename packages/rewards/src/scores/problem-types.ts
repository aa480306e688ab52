import { PROBLEM_TYPES } from "@videosafety/safety-data";
import { type Score, unscorable } from "./score.js";

const KNOWN: ReadonlySet<string> = new Set(PROBLEM_TYPES);

/** Whether the rule rewards know how to grade problems of this type. */
export const isProblemType = (type: string): boolean => KNOWN.has(type);

/** Why a row of another type cannot be judged. */
export function unknownProblemType(type: string): Score {
  return unscorable(
    `expected a problem type (${PROBLEM_TYPES.join(", ")}), found ${JSON.stringify(type.slice(0, 40))}`,
  );
}
