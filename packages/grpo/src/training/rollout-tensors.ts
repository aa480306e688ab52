import type { StoredTensor, TensorToStore } from "@videosafety/onnx-autodiff";
import * as z from "zod/mini";
import { GrpoCheckpointError } from "../errors.js";
import type { PreparedRollout } from "./rollout.js";

const natural = z.int().check(z.nonnegative());

/** The part of a waiting rollout that is JSON; ids and log-probabilities are tensors. */
export const packedRolloutSchema = z.strictObject({
  index: natural,
  sampledAtStep: natural,
  exampleIndices: z.array(natural),
  completions: z.array(z.strictObject({ text: z.string(), finishReason: z.enum(["stop", "length"]) })),
  rewards: z.record(z.string(), z.array(z.nullable(z.number()))),
  greedyRewards: z.nullable(z.array(z.number())),
  seconds: z.strictObject({ generate: z.number(), score: z.number() }),
});

/** JSON of one rollout of the queue. */
export type PackedRollout = z.output<typeof packedRolloutSchema>;

const nameOf = (slot: number, field: string): string => `queue.${slot}.${field}`;

/** Splits a rollout into JSON and tensors: `lengths` and `tokenIds` int32, the log-probabilities float64, row after row. */
export function packRollout(
  { completions, oldLogProbs, referenceLogProbs, ...rest }: PreparedRollout,
  slot: number,
  tensors: Map<string, TensorToStore>,
): PackedRollout {
  const put = (field: string, data: Int32Array | Float64Array) =>
    tensors.set(nameOf(slot, field), { data, dims: [data.length] });
  put(
    "lengths",
    Int32Array.from(completions, ({ tokenIds }) => tokenIds.length),
  );
  put(
    "tokenIds",
    joined(
      Int32Array,
      completions.map(({ tokenIds }) => tokenIds),
    ),
  );
  put(
    "logProbs",
    joined(
      Float64Array,
      completions.map(({ logProbs }) => logProbs),
    ),
  );
  if (oldLogProbs) put("oldLogProbs", joined(Float64Array, oldLogProbs));
  if (referenceLogProbs) put("referenceLogProbs", joined(Float64Array, referenceLogProbs));
  return packedRolloutSchema.parse({
    ...rest,
    completions: completions.map(({ text, finishReason }) => ({ text, finishReason })),
  });
}

/** The inverse. @throws GrpoCheckpointError when tensors are missing or do not fit */
export function unpackRollout(
  packed: PackedRollout,
  slot: number,
  tensors: ReadonlyMap<string, StoredTensor>,
  path: string,
): PreparedRollout {
  const damaged = (field: string, expected: string): GrpoCheckpointError =>
    new GrpoCheckpointError(`${path}: expected ${expected} as ${nameOf(slot, field)}; the checkpoint is damaged`);
  const lengths = tensors.get(nameOf(slot, "lengths"))?.data;
  const count = packed.completions.length;
  if (!(lengths instanceof Int32Array) || lengths.length !== count || lengths.some((length) => length < 0))
    throw damaged("lengths", `${count} lengths`);
  const ids = tensors.get(nameOf(slot, "tokenIds"))?.data;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (!(ids instanceof Int32Array) || ids.length !== total) throw damaged("tokenIds", `${total} token ids`);
  const tokenIds = cut(ids, lengths);
  const optional = (field: string): Float64Array[] | null => {
    const data = tensors.get(nameOf(slot, field))?.data;
    if (data === undefined) return null;
    if (!(data instanceof Float64Array) || data.length !== total) throw damaged(field, `${total} log-probabilities`);
    return cut(data, lengths);
  };
  const logProbs = optional("logProbs");
  if (logProbs === null) throw damaged("logProbs", `${total} log-probabilities`);
  return {
    ...packed,
    completions: packed.completions.map((completion, row) => ({
      ...completion,
      tokenIds: tokenIds[row] as Int32Array,
      logProbs: logProbs[row] as Float64Array,
    })),
    oldLogProbs: optional("oldLogProbs"),
    referenceLogProbs: optional("referenceLogProbs"),
  };
}

interface Numbers<Self> extends ArrayLike<number> {
  set(values: Self, offset: number): void;
  slice(start: number, end: number): Self;
}

function joined<T extends Numbers<T>>(type: new (length: number) => T, rows: readonly T[]): T {
  const all = new type(rows.reduce((sum, row) => sum + row.length, 0));
  let offset = 0;
  for (const row of rows) {
    all.set(row, offset);
    offset += row.length;
  }
  return all;
}

function cut<T extends Numbers<T>>(all: T, lengths: Int32Array): T[] {
  let end = 0;
  return Array.from(lengths, (length) => {
    end += length;
    return all.slice(end - length, end);
  });
}
