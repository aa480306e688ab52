import { AlarmShapeError, NonFiniteError } from "../errors.js";

/** A table of token embeddings [V, d]. */
export interface EmbeddingTable {
  /** Row-major values. */
  readonly data: Float32Array;
  /** [V, d]. */
  readonly dims: readonly number[];
}

/** How an alarm vector starts out. */
export type AlarmInitialization =
  /** All zeros, as the authors do. */
  | { readonly method: "zeros"; readonly hiddenSize: number }
  /** The mean of all rows of the embedding table: in distribution, no meaning. */
  | { readonly method: "mean"; readonly embeddings: EmbeddingTable }
  /** The mean of the rows of a describing word or phrase, given as token ids. */
  | { readonly method: "tokens"; readonly embeddings: EmbeddingTable; readonly tokenIds: ArrayLike<number> };

/**
 * The first values [count, d] of a modality's alarm vectors, flattened. All rows start alike: their tokens stand at different
 * positions, so training tells them apart.
 *
 * @param count vectors n; default 1, the paper's
 * @throws AlarmShapeError for a table that is not [V, d] with V >= 1, an id outside it, no ids at all, or no vectors;
 *   NonFiniteError.
 */
export function initializeAlarmToken(initialization: AlarmInitialization, count = 1): Float32Array {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new AlarmShapeError(`expected a positive number of vectors, found ${count}`);
  }
  const row = initialRow(initialization);
  const values = new Float32Array(count * row.length);
  for (let j = 0; j < count; j++) values.set(row, j * row.length);
  return values;
}

function initialRow(initialization: AlarmInitialization): Float32Array {
  if (initialization.method === "zeros") {
    if (!(Number.isInteger(initialization.hiddenSize) && initialization.hiddenSize > 0)) {
      throw new AlarmShapeError(`expected a positive hidden size, found ${initialization.hiddenSize}`);
    }
    return new Float32Array(initialization.hiddenSize);
  }
  const { data, dims } = initialization.embeddings;
  const [rows = 0, width = 0] = dims;
  if (dims.length !== 2 || rows < 1 || width < 1 || rows * width !== data.length) {
    throw new AlarmShapeError(`expected an embedding table [V, d], found [${dims}] with ${data.length} values`);
  }
  const ids =
    initialization.method === "tokens"
      ? Array.from(initialization.tokenIds)
      : Array.from({ length: rows }, (_, i) => i);
  if (ids.length === 0) throw new AlarmShapeError("expected at least one token id to start from, found none");
  const sum = new Float64Array(width);
  for (const id of ids) {
    if (!(Number.isInteger(id) && id >= 0 && id < rows)) {
      throw new AlarmShapeError(`expected token ids in [0, ${rows}), found ${id}`);
    }
    for (let j = 0; j < width; j++) sum[j] = (sum[j] as number) + (data[id * width + j] as number);
  }
  if (!sum.every(Number.isFinite))
    throw new NonFiniteError("expected finite embeddings, found NaN or infinity in the rows; check the checkpoint");
  return Float32Array.from(sum, (value) => value / ids.length);
}
