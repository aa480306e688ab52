import type { EvalItem } from "@videosafety/safety-data";
import { type Attack, type AttackInput, applyAttack, attackApplies } from "../attacks/attack.js";
import { findAttack } from "../attacks/attack-registry.js";
import { plainFootage } from "../attacks/footage.js";
import { type Arm, parseArm } from "./arm.js";

/** The arm whose choice of a video is the carrier that attacks hide an item's clip in. */
export const SWAPPED: Arm = parseArm("swapped_benign");

/** A clip of a second: whether an attack can be made does not depend on lengths. */
const SOME_CLIP = plainFootage({
  itemSeconds: 1,
  frameRate: 1,
  content: [0, 1],
  carrierSeconds: 1,
  assumed: () => [0],
  known: () => [0],
});

/**
 * Whether the attacks of an arm can be made of an item, one after the other: a text that can be drawn, letters that can be turned, a
 * harmless clip to hide in.
 *
 * @param hasCarrier whether the items hold another safe video than the item's own
 * @param own attacks beside the built-in ones
 * @throws {VsbEvalError} `invalid_arm` for an attack that nobody knows
 */
export function attacksApply(
  arm: Arm,
  item: EvalItem,
  hasCarrier: () => boolean,
  own: readonly Attack[] = [],
): boolean {
  const footage = arm.kind === "text" || item.video === null ? null : SOME_CLIP;
  let input: AttackInput = { query: item.query, language: item.language, history: [], footage };
  for (const { name, intensity } of arm.attacks ?? []) {
    const attack = findAttack(name, own);
    if (attack.needsCarrier && !hasCarrier()) return false;
    if (!attackApplies(attack, input)) return false;
    input = applyAttack(attack, input, { intensity, seed: 0, item: item.id });
  }
  return true;
}
