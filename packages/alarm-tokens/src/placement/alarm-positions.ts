import { AlarmPlacementError } from "../errors.js";
import type { RecordLocation } from "../labels/record-location.js";
import type { AlarmTokenIds } from "./alarm-tokens.js";

/** Indices of the two alarm tokens in a sequence; `visual < textual`. */
export interface AlarmPositions {
  /** Index of the visual alarm token. */
  readonly visual: number;
  /** Index of the textual alarm token. */
  readonly textual: number;
}

/**
 * Finds the two alarm tokens in ids [S]. Look them up after token compression: compression moves them.
 *
 * @throws AlarmPlacementError `alarm-missing`, `alarm-duplicated` or `alarm-misordered` unless there is exactly one of
 *   each, the visual one first.
 */
export function findAlarmPositions(
  tokenIds: ArrayLike<number>,
  alarmIds: AlarmTokenIds,
  location?: RecordLocation,
): AlarmPositions {
  const visual = onlyIndexOf(tokenIds, alarmIds.visual, "visual", location);
  const textual = onlyIndexOf(tokenIds, alarmIds.textual, "textual", location);
  if (visual > textual) {
    throw new AlarmPlacementError(
      "alarm-misordered",
      `expected the visual alarm token before the textual one, found them at ${visual} and ${textual}; place them with placeAlarmTokenIds`,
      location,
    );
  }
  return { visual, textual };
}

function onlyIndexOf(
  tokenIds: ArrayLike<number>,
  id: number,
  modality: string,
  location: RecordLocation | undefined,
): number {
  let index = -1;
  let count = 0;
  for (let i = 0; i < tokenIds.length; i++) {
    if (tokenIds[i] !== id) continue;
    if (count === 0) index = i;
    count += 1;
  }
  if (count === 1) return index;
  throw new AlarmPlacementError(
    count === 0 ? "alarm-missing" : "alarm-duplicated",
    `expected exactly one ${modality} alarm token (id ${id}) in ${tokenIds.length} tokens, found ${count}; place them with placeAlarmTokenIds on ids that have none`,
    location,
  );
}
