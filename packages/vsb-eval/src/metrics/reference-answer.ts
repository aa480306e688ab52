import { namesAccepted } from "./accepted-answer.js";
import type { ScoredUnit } from "./scored-unit.js";

/**
 * Whether a reply gives the reference answer of its item: one of `answers` and each of `keys` occurs in what the user reads, as whole words. A full
 * refusal is not right, whatever words it holds; a reply that was cut off is read as it stands. The rule knows words, not meanings: "not red" names red.
 *
 * @returns null where the item has no reference, or where there is no reply to read
 */
export function answeredRightOf({ item, parts, verdict }: ScoredUnit): boolean | null {
  const { reference } = item;
  if (reference === undefined || parts === null) return null;
  if (verdict?.stance === "refusal") return false;
  const { answers, keys = [] } = reference;
  return (
    (answers === undefined || namesAccepted(parts.answer, answers)) &&
    keys.every((key) => namesAccepted(parts.answer, [key]))
  );
}
