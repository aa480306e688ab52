import { type AttackSpec, parseAttackSpec } from "../attacks/attack-registry.js";
import { VsbEvalError } from "../errors.js";

/**
 * What the model sees in an arm. `video`: the clip; `text`: no video; `dup`: one frame repeated (token load without
 * temporal content); `dup_jitter`: the same with seeded pixel noise, which survives a token compression that drops
 * identical frames; `shuffled`: the clip's frames in another order; `blank`: grey frames; `swapped_benign`: the clip
 * of another, safe item.
 */
export type ArmKind = "video" | "text" | "dup" | "dup_jitter" | "shuffled" | "blank" | "swapped_benign";

/** A parsed arm. */
export interface Arm {
  /** Name as given, e.g. `dup_jitter_8`. */
  readonly name: string;
  /** What the model sees. */
  readonly kind: ArmKind;
  /** Number of frames; null: the sampling plan decides. */
  readonly frameCount: number | null;
  /** Attacks in the order in which they are made; left out without any. */
  readonly attacks?: readonly AttackSpec[];
}

const PATTERN = /^(video|text|dup|dup_jitter|shuffled|blank|swapped_benign)(?:_([1-9]\d{0,3}))?$/;

/** The frame counts of the reviewers' sweep. */
export const SWEEP_FRAME_COUNTS: readonly number[] = [1, 2, 4, 8, 16, 32, 64];

/**
 * Reads an arm's name: a kind, and for all but `text` an optional frame count, as in `video`, `video_8`, `dup_16`; after `video` and
 * `text` attacks, as in `video+fragment-late:0.5+base64`.
 *
 * @throws {VsbEvalError} `invalid_arm`.
 */
export function parseArm(name: string): Arm {
  const [shown = "", ...attacks] = name.split("+");
  if (attacks.length === 0) return parseShown(name);
  const arm = parseShown(shown);
  if (arm.kind !== "video" && arm.kind !== "text")
    throw new VsbEvalError("invalid_arm", `expected attacks after video or text, found "${name}"`);
  return { ...arm, name, attacks: attacks.map(parseAttackSpec) };
}

function parseShown(name: string): Arm {
  const match = PATTERN.exec(name);
  if (match === null || (match[1] === "text" && match[2] !== undefined)) {
    throw new VsbEvalError(
      "invalid_arm",
      `expected an arm such as video, text, video_8, dup_8, dup_jitter_8, shuffled, blank_8 or swapped_benign, found "${name}"`,
    );
  }
  return { name, kind: match[1] as ArmKind, frameCount: match[2] === undefined ? null : Number(match[2]) };
}

/** The names of the sweep's arms: `video_N`, `dup_N` and `dup_jitter_N` for each count. */
export function sweepArms(frameCounts: readonly number[] = SWEEP_FRAME_COUNTS): string[] {
  return (["video", "dup", "dup_jitter"] as const).flatMap((kind) => frameCounts.map((n) => `${kind}_${n}`));
}
