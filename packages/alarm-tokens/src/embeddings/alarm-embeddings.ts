import { AlarmPlacementError, AlarmShapeError, NonFiniteError } from "../errors.js";
import type { RecordLocation } from "../labels/record-location.js";
import type { InsertionPoints } from "../placement/alarm-points.js";
import type { AlarmPositions } from "../placement/alarm-positions.js";
import type { AlarmPlaces } from "../placement/place-alarms.js";

/** The learned vectors of both modalities; the paper has one of each. */
export interface AlarmVectors {
  /** `visual_alarm_tokens`, [n, d] flattened. */
  readonly visual: Float32Array;
  /** `textual_alarm_tokens`, [m, d] flattened. */
  readonly textual: Float32Array;
}

/**
 * Overwrites the rows of the alarm tokens in input embeddings [S, d] with the learned vectors, in place: what the
 * embedding table gives for the special ids is never used. Token j of a group gets vector j.
 *
 * @param places one token a modality, or the groups that `placeAlarms` tells
 * @param options `width` d, default: that of one visual vector; `location` is named in errors
 * @throws AlarmShapeError when lengths do not fit, a position lies outside [0, S), or a group has more tokens than there
 *   are vectors; AlarmPlacementError `alarm-misordered` unless every visual row is before the textual ones; NonFiniteError
 *   for vectors that are not numbers.
 */
export function writeAlarmEmbeddingsInto(
  embeddings: Float32Array,
  places: AlarmPositions | Pick<AlarmPlaces, "visual" | "textual">,
  vectors: AlarmVectors,
  options: { readonly width?: number; readonly location?: RecordLocation | undefined } = {},
): void {
  const { width = vectors.visual.length, location } = options;
  checkVectors(embeddings, vectors, width, location);
  const length = embeddings.length / width;
  const groups = { visual: groupsOf(places.visual), textual: groupsOf(places.textual) };
  for (const modality of ["visual", "textual"] as const) {
    const count = vectors[modality].length / width;
    for (const group of groups[modality]) {
      if (group.length > count) {
        throw new AlarmShapeError(
          `expected at most ${count} ${modality} alarm tokens per place, found ${group.length}; place as many as there are vectors`,
          { location },
        );
      }
      const outside = group.find((position) => !(Number.isInteger(position) && position >= 0 && position < length));
      if (outside !== undefined) {
        throw new AlarmShapeError(
          `expected the ${modality} alarm position in [0, ${length}), found ${outside}; find it with findAlarmPositions`,
          { location },
        );
      }
    }
  }
  const [lastVisual, firstTextual] = [Math.max(...groups.visual.flat()), Math.min(...groups.textual.flat())];
  if (lastVisual >= firstTextual) {
    throw new AlarmPlacementError(
      "alarm-misordered",
      `expected the visual alarm row before the textual one, found them at ${lastVisual} and ${firstTextual}; find them with findAlarmPositions`,
      location,
    );
  }
  for (const modality of ["visual", "textual"] as const)
    for (const group of groups[modality])
      group.forEach((position, j) => {
        embeddings.set(vectors[modality].subarray(j * width, (j + 1) * width), position * width);
      });
}

function groupsOf(places: number | readonly number[] | readonly (readonly number[])[]): (readonly number[])[] {
  if (typeof places === "number") return [[places]];
  const groups = places.filter((place) => typeof place !== "number");
  return groups.length > 0 ? groups : [places as readonly number[]];
}

/**
 * Inserts the paper's two learned vectors into embeddings [S, d] that have no alarm rows, for models fed with embeddings
 * only.
 *
 * @returns embeddings [S + 2, d] and the rows of the alarm tokens.
 * @throws AlarmShapeError when lengths do not fit or the points are not 0 <= visual <= textual <= S; NonFiniteError.
 */
export function insertAlarmEmbeddings(
  embeddings: Float32Array,
  points: InsertionPoints,
  vectors: AlarmVectors,
  location?: RecordLocation,
): { embeddings: Float32Array; positions: AlarmPositions } {
  const width = vectors.visual.length;
  checkVectors(embeddings, vectors, width, location);
  if (vectors.textual.length !== width) {
    throw new AlarmShapeError(
      `expected one vector per modality, found ${vectors.textual.length} textual values for a width of ${width}`,
      { location },
    );
  }
  const length = embeddings.length / width;
  const { visual, textual } = points;
  if (
    !(Number.isInteger(visual) && Number.isInteger(textual) && 0 <= visual && visual <= textual && textual <= length)
  ) {
    throw new AlarmShapeError(
      `expected 0 <= visual <= textual <= ${length}, found ${visual} and ${textual}; find them with alarmInsertionPoints`,
      { location },
    );
  }
  const out = new Float32Array((length + 2) * width);
  out.set(embeddings.subarray(0, visual * width), 0);
  out.set(vectors.visual, visual * width);
  out.set(embeddings.subarray(visual * width, textual * width), (visual + 1) * width);
  out.set(vectors.textual, (textual + 1) * width);
  out.set(embeddings.subarray(textual * width), (textual + 2) * width);
  return { embeddings: out, positions: { visual, textual: textual + 1 } };
}

function checkVectors(
  embeddings: Float32Array,
  vectors: AlarmVectors,
  width: number,
  location: RecordLocation | undefined,
): void {
  const fits = (values: Float32Array): boolean => values.length > 0 && values.length % width === 0;
  if (!(width > 0 && fits(vectors.visual) && fits(vectors.textual) && embeddings.length % width === 0)) {
    throw new AlarmShapeError(
      `expected alarm vectors [n, d] and embeddings [S, d] of one width d = ${width}, found ${vectors.visual.length} and ${vectors.textual.length} values and ${embeddings.length} embedding values; take the vectors of this model`,
      { location },
    );
  }
  if (![...vectors.visual, ...vectors.textual].every(Number.isFinite)) {
    throw new NonFiniteError(
      "expected finite alarm vectors, found NaN or infinity; load the checkpoint before it diverged",
      { location },
    );
  }
}
