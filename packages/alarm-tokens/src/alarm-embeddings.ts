import type { AlarmPositions } from "./alarm-positions.js";
import { AlarmPlacementError, AlarmShapeError, NonFiniteError } from "./errors.js";
import type { InsertionPoints } from "./place-alarm-token-ids.js";
import type { RecordLocation } from "./record-location.js";

/** The two learned vectors, each [d]. */
export interface AlarmVectors {
  /** `visual_alarm_tokens`, [d] (or [1, d] flattened). */
  readonly visual: Float32Array;
  /** `textual_alarm_tokens`, [d] (or [1, d] flattened). */
  readonly textual: Float32Array;
}

/**
 * Overwrites the rows of the alarm tokens in input embeddings [S, d] with the learned vectors, in place: what the
 * embedding table gives for the special ids is never used.
 *
 * @throws AlarmShapeError when lengths do not fit or a position lies outside [0, S); AlarmPlacementError `alarm-misordered`
 *   when the visual one is not before the textual one; NonFiniteError for vectors that are not numbers.
 */
export function writeAlarmEmbeddingsInto(
  embeddings: Float32Array,
  positions: AlarmPositions,
  vectors: AlarmVectors,
  location?: RecordLocation,
): void {
  const width = checkWidth(embeddings, vectors, location);
  const length = embeddings.length / width;
  for (const modality of ["visual", "textual"] as const) {
    const position = positions[modality];
    if (!(Number.isInteger(position) && position >= 0 && position < length)) {
      throw new AlarmShapeError(
        `expected the ${modality} alarm position in [0, ${length}), found ${position}; find it with findAlarmPositions`,
        { location },
      );
    }
  }
  if (positions.visual >= positions.textual) {
    throw new AlarmPlacementError(
      "alarm-misordered",
      `expected the visual alarm row before the textual one, found them at ${positions.visual} and ${positions.textual}; find them with findAlarmPositions`,
      location,
    );
  }
  embeddings.set(vectors.visual, positions.visual * width);
  embeddings.set(vectors.textual, positions.textual * width);
}

/**
 * Inserts the learned vectors into embeddings [S, d] that have no alarm rows, for models fed with embeddings only.
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
  const width = checkWidth(embeddings, vectors, location);
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

function checkWidth(embeddings: Float32Array, vectors: AlarmVectors, location: RecordLocation | undefined): number {
  const width = vectors.visual.length;
  if (width === 0 || vectors.textual.length !== width || embeddings.length % width !== 0) {
    throw new AlarmShapeError(
      `expected two alarm vectors of one width d and embeddings [S, d], found widths ${width} and ${vectors.textual.length} and ${embeddings.length} embedding values; take the vectors of this model`,
      { location },
    );
  }
  if (![...vectors.visual, ...vectors.textual].every(Number.isFinite)) {
    throw new NonFiniteError(
      "expected finite alarm vectors, found NaN or infinity; load the checkpoint before it diverged",
      {
        location,
      },
    );
  }
  return width;
}
