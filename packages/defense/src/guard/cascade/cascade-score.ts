import type { Cascade } from "../file/cascade-schema.js";

/** Beyond every logit: what the first tier decides alone ranks below or above all that the model says. */
const DECIDED = 1e6;

/** The score of the whole, and which tier gave it. @param frames of the first tier; null without frames; @param model of the alarm tokens */
export function cascadeScore(
  frames: number | null,
  model: number,
  { allowUpTo, refuseAbove }: Pick<Cascade, "allowUpTo" | "refuseAbove">,
): { readonly score: number; readonly tier: "frames" | "alarms" } {
  if (frames !== null && refuseAbove !== null && frames > refuseAbove) return { score: DECIDED, tier: "frames" };
  if (frames !== null && allowUpTo !== null && frames <= allowUpTo) return { score: -DECIDED, tier: "frames" };
  return { score: model, tier: "alarms" };
}
