import { VsbEvalError } from "../errors.js";
import type { Attack } from "./attack.js";
import { PICTURE_ATTACKS } from "./picture-attacks.js";
import { TEXT_ATTACKS } from "./text-attacks.js";
import { VIDEO_ATTACKS } from "./video-attacks.js";

/** Every attack that needs nothing of the caller's. */
export const ATTACKS: readonly Attack[] = [...VIDEO_ATTACKS, ...PICTURE_ATTACKS, ...TEXT_ATTACKS];

/** An attack as an arm names it. */
export interface AttackSpec {
  /** Name of the attack. */
  readonly name: string;
  /** In [0, 1]. */
  readonly intensity: number;
}

const SPEC = /^([a-z][a-z0-9-]*)(?::(0|1|0?\.\d{1,6}|1\.0+))?$/;

/**
 * Reads `fragment-late:0.5`; without a number the intensity is 1.
 *
 * @throws {VsbEvalError} `invalid_arm`
 */
export function parseAttackSpec(text: string): AttackSpec {
  const match = SPEC.exec(text);
  if (match !== null) return { name: match[1] as string, intensity: Number(match[2] ?? 1) };
  throw new VsbEvalError(
    "invalid_arm",
    `expected an attack such as fragment-late:0.5, a name and an intensity in [0, 1], found "${text}"`,
  );
}

/**
 * The attack of a name, the caller's own before the built-in ones.
 *
 * @throws {VsbEvalError} `invalid_arm` for a name that is neither
 */
export function findAttack(name: string, own: readonly Attack[] = []): Attack {
  const found = own.find((attack) => attack.name === name) ?? ATTACKS.find((attack) => attack.name === name);
  if (found !== undefined) return found;
  const names = [...own, ...ATTACKS].map((attack) => attack.name).join(", ");
  throw new VsbEvalError("invalid_arm", `expected an attack of ${names}, found "${name}"`);
}
