import { DTypeError, ShapeError } from "../errors.js";
import { float, type Graph, type Initializer, type Value } from "../graph.js";
import { type BlockQuantization, checkQuantization } from "../io/block-quantization.js";
import { barrier } from "../rematerialize.js";
import { dim, type Shape, sizeOf, type TypedData } from "../tensor.js";
import { cast, mul } from "./elementwise.js";
import { concat, reshape } from "./layout.js";
import type { MatmulOptions } from "./matmul-options.js";

/** Bytes in memory, or in a file that onnxruntime maps. */
export type StoredBytes = TypedData | Extract<Initializer, { kind: "external" }>;

/** How a frozen weight [out, in] is stored: as floats, or as blocks of codes (`quantizeRows`). */
export type FrozenStorage =
  | { readonly kind: "float"; readonly dtype: "float32" | "float16" | "bfloat16"; readonly data: StoredBytes }
  | {
      readonly kind: "blocks";
      readonly quantization: BlockQuantization;
      readonly codes: StoredBytes;
      readonly scales: StoredBytes;
      readonly zeroPoints: StoredBytes;
    };

/** How products with a frozen weight are computed. */
export interface FrozenKernel {
  /**
   * `expand` (default): the weight is expanded to float32 right before each product, forward and backward, and dropped
   * after it: any session, weights stay memory-mapped. `packed`: codes go to onnxruntime's `MatMulNBits`, which is fast
   * only in a session with prepacking, whose packed copy is private memory.
   */
  readonly kernel?: "expand" | "packed";
  /** `MatMulNBits` accuracy_level: 1 keeps activations in float32 (default), 4 rounds them to 8 bits, block by block. */
  readonly accuracyLevel?: 1 | 4;
  /**
   * Most values of a weight in 16 bits that are expanded at a time in x W^T: a larger one is multiplied by rows, piece after piece.
   * Default 2^25 (128 MiB): an embedding table as the output layer, not the layers of a block.
   */
  readonly pieceValues?: number;
}

interface Frozen {
  /**
   * The weight in float32, computed no earlier than `after`: otherwise onnxruntime expands every weight before the first
   * product, and merges the forward pass's copy with the backward pass's, so that all of them lie in memory at once.
   */
  expand(after: Value): Value;
  /** Rows of the table in float32. */
  rows(ids: Value): Value;
  /** x W^T on the codes as they are. */
  readonly packed: ((x: Value) => Value) | undefined;
  /** The weight's rows as weights of their own, where it is too large to be expanded whole. */
  readonly pieces?: () => readonly Value[];
}

const PIECE_VALUES = 2 ** 25;
const frozenWeights = new WeakMap<Value, Frozen>();

/**
 * A constant weight [out, in] that never gets a gradient and is kept as it is stored: 16-bit floats or blocks of codes.
 * As an operand of `matmul` and `gather` it costs a transient float32 copy at most, and gradients flow past it to the other
 * operand; any other op sees a plain float32 value.
 *
 * @throws ShapeError when the sizes do not fit the storage.
 */
export function frozenWeight(
  graph: Graph,
  name: string,
  shape: Shape,
  storage: FrozenStorage,
  { kernel = "expand", accuracyLevel = 1, pieceValues = PIECE_VALUES }: FrozenKernel = {},
): Value {
  if (storage.kind === "float") {
    const stored = graph.initializer(name, storage.dtype, shape, storage.data);
    if (storage.dtype === "float32") return stored;
    const target = graph.int64(shape);
    return register(cast(stored, "float32"), {
      // The kernel of Where knows no bfloat16, so it is the shape that waits.
      expand: (after) =>
        cast(graph.op("DynamicReshape", [stored, barrier(target, after)], { dtype: stored.dtype, shape }), "float32"),
      rows: (ids) =>
        cast(
          graph.op(
            "Gather",
            [stored, ids],
            { dtype: stored.dtype, shape: [...ids.shape, ...shape.slice(1)] },
            { axis: 0 },
          ),
          "float32",
        ),
      packed: undefined,
      ...(sizeOf(shape) > pieceValues && shape.length === 2
        ? { pieces: piecesOf(graph, name, shape, storage, pieceValues) }
        : {}),
    });
  }
  const { bits, blockSize, symmetric } = storage.quantization;
  if (shape.length !== 2) throw new ShapeError(`${name}: blocks need a weight [out, in], found [${shape}]`);
  const [out, columns] = [dim(shape, 0), dim(shape, 1)];
  checkQuantization(columns, storage.quantization);
  const blocks = columns / blockSize;
  const dtype = bits === 4 ? "uint4" : "uint8";
  const codes = graph.initializer(`${name}:codes`, dtype, shape, storage.codes);
  const scales = graph.initializer(`${name}:scales`, "float32", [out, blocks], storage.scales);
  const zeros = graph.initializer(`${name}:zero_points`, dtype, [out, blocks], storage.zeroPoints);
  const attributes = { axis: 1, block_size: blockSize };
  const dequantize = (q: Value, s: Value, z: Value): Value =>
    graph.op("DequantizeLinear", [q, s, z], { dtype: "float32", shape: q.shape }, attributes);
  const pick = (from: Value, ids: Value): Value => {
    const spec = { dtype: from.dtype, shape: [sizeOf(ids.shape), dim(from.shape, 1)] };
    return graph.op("Gather", [from, reshape(ids, [sizeOf(ids.shape)])], spec, { axis: 0 });
  };
  const multiply = (): ((x: Value) => Value) => {
    // The same bytes under the types that MatMulNBits declares; sessions keep only what a node reads.
    const bytes = (of: string, of4: Shape, data: StoredBytes): Value =>
      graph.initializer(`${name}:${of}`, "uint8", of4, data);
    const perByte = 8 / bits;
    const packed = bytes("packed_codes", [out, blocks, blockSize / perByte], storage.codes);
    const packedZeros = symmetric ? null : bytes("packed_zero_points", [out, blocks / perByte], storage.zeroPoints);
    return (x) =>
      graph.op(
        "MatMulNBits",
        [x, packed, scales, packedZeros],
        { dtype: "float32", shape: [...x.shape.slice(0, -1), out] },
        { _domain: "com.microsoft", K: columns, N: out, bits, block_size: blockSize, accuracy_level: accuracyLevel },
      );
  };
  return register(dequantize(codes, scales, zeros), {
    expand: (after) => dequantize(codes, barrier(scales, after), zeros),
    rows: (ids) => {
      if (bits === 4) throw new DTypeError(`${name}: rows of a table can be read at 8 bits, not at 4`);
      return dequantize(pick(codes, ids), pick(scales, ids), pick(zeros, ids));
    },
    packed: kernel === "packed" ? multiply() : undefined,
  });
}

/** The product with a frozen weight; undefined when b is none. Used by `matmul`. */
export function frozenMatmul(a: Value, b: Value, options: MatmulOptions): Value | undefined {
  const frozen = frozenWeights.get(b);
  if (!frozen) return undefined;
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const dense = (x: Value, flags: Flags): Value => expandedProduct(x, b, frozen, x, flags, alpha);
  const { packed, pieces } = frozen;
  if (pieces !== undefined && transposeB && !transposeA) {
    // Each piece is expanded after the product of the one before: two of them never lie in memory at once.
    let after = a;
    const products = pieces().map((piece) => {
      after = expandedProduct(a, piece, frozenWeights.get(piece) as Frozen, after, { transA: 0, transB: 1 }, alpha);
      return after;
    });
    return concat(products, -1);
  }
  if (packed === undefined || !transposeB || transposeA)
    return dense(a, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
  const [y] = a.graph.region(
    [a],
    (x) => [alpha === 1 ? packed(x as Value) : mul(packed(x as Value), alpha)],
    () =>
      ([dy]) => [dy && dense(dy, { transA: 0, transB: 0 })],
  );
  return y as Value;
}

interface Flags {
  readonly transA: number;
  readonly transB: number;
}

/** The product with a weight in float32, expanded once `after` is there. */
function expandedProduct(x: Value, b: Value, frozen: Frozen, after: Value, flags: Flags, alpha: number): Value {
  const spec = { dtype: x.dtype, shape: productShape(x, b, flags) };
  // Registered as well: the product's gradient must expand the weight again, or this copy would live until then.
  const expanded = register(frozen.expand(after), frozen);
  return x.graph.op("FusedMatMul", [x, expanded], spec, { ...flags, alpha: float(alpha) });
}

/** The rows of a weight [out, in] as frozen weights over the same bytes, made when they are first asked for. */
function piecesOf(
  graph: Graph,
  name: string,
  shape: Shape,
  storage: Extract<FrozenStorage, { kind: "float" }>,
  pieceValues: number,
): () => readonly Value[] {
  const [out, columns] = [dim(shape, 0), dim(shape, 1)];
  const rows = Math.max(1, Math.floor(pieceValues / columns));
  let made: Value[] | undefined;
  return () => {
    made ??= Array.from({ length: Math.ceil(out / rows) }, (_, i) => {
      const [start, end] = [i * rows, Math.min(out, (i + 1) * rows)];
      const data = sliceBytes(storage.data, start * columns, end * columns);
      return frozenWeight(graph, `${name}:rows.${start}`, [end - start, columns], { ...storage, data });
    });
    return made;
  };
}

/** Values [start, end) of 16-bit numbers. */
function sliceBytes(data: StoredBytes, start: number, end: number): StoredBytes {
  if (!("kind" in data)) return data.subarray(start, end) as TypedData;
  return { ...data, offset: data.offset + 2 * start, length: 2 * (end - start) };
}

/** Rows of a frozen table; undefined when it is none. Used by `gather`. */
export const frozenRows = (table: Value, ids: Value): Value | undefined => frozenWeights.get(table)?.rows(ids);

function register(value: Value, frozen: Frozen): Value {
  frozenWeights.set(value, frozen);
  return value;
}

function productShape(a: Value, b: Value, { transA, transB }: Flags): number[] {
  return [...a.shape.slice(0, -2), dim(a.shape, transA ? -1 : -2), dim(b.shape, transB ? -2 : -1)];
}
