import { DTypeError, ShapeError } from "./errors.js";

/** Element types of values, in ONNX's spelling. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int8"
  | "uint8"
  | "uint4"
  | "bool"
  | "string";

/** Row-major dimensions; `[]` is a scalar. */
export type Shape = readonly number[];

/** Storage of a tensor. float16 and bfloat16 are bit patterns in a `Uint16Array`; bool is a `Uint8Array` of 0 and 1; uint4 packs two values per byte, low half first. */
export type TypedData = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** A row-major tensor as a plain object. */
export interface Tensor {
  /** Elements, row-major. */
  readonly data: TypedData;
  /** Dimensions; their product is `data.length`. */
  readonly dims: readonly number[];
}

/** A live trainable tensor: optimizers update `data` in place. */
export interface TrainableTensor {
  /** Elements, row-major, updated in place. */
  readonly data: Float32Array;
  readonly dims: readonly number[];
  /** Parameter group, which selects learning rate and weight decay. */
  readonly group: string;
}

/** ONNX TensorProto.DataType numbers. */
export const ONNX_TYPE: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
  uint4: 21,
};

/** Bytes an element takes. */
export const BYTES_PER_ELEMENT: Readonly<Record<Exclude<DType, "string">, number>> = {
  float32: 4,
  uint8: 1,
  uint4: 0.5,
  int8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  float64: 8,
  bfloat16: 2,
};

/** Whether values of this type carry gradients. */
export const isFloat = (dtype: DType): boolean => dtype.startsWith("float") || dtype === "bfloat16";

/** Number of elements of a shape. */
export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** Whether two shapes are equal. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** Dimension `axis` of a shape; negative axes count from the end. @throws ShapeError when out of range. */
export function dim(shape: Shape, axis: number): number {
  const d = shape[axis < 0 ? axis + shape.length : axis];
  if (d === undefined) throw new ShapeError(`axis ${axis} is out of range for shape [${shape}]`);
  return d;
}

/** NumPy broadcasting of two shapes. @throws ShapeError when they do not fit. */
export function broadcastShape(a: Shape, b: Shape, op = "broadcast"): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new ShapeError(`${op}: cannot broadcast [${a}] with [${b}]`);
    return x === 1 ? y : x;
  });
}

/** Copies numbers into the storage of a dtype. float16 and bfloat16 go through `io/float-formats`. @throws DTypeError for a fraction in an integer type */
export function toTypedData(dtype: DType, values: ArrayLike<number>): TypedData {
  if (!isFloat(dtype) && dtype !== "string")
    for (let i = 0; i < values.length; i++)
      if (!Number.isInteger(values[i])) throw new DTypeError(`expected whole numbers for ${dtype}, found ${values[i]}`);
  switch (dtype) {
    case "float32":
      return Float32Array.from(values);
    case "float64":
      return Float64Array.from(values);
    case "int64":
      return BigInt64Array.from(Array.from(values, BigInt));
    case "int32":
      return Int32Array.from(values);
    case "int8":
      return Int8Array.from(values);
    case "uint8":
    case "bool":
      return Uint8Array.from(values);
    default:
      throw new ShapeError(
        `cannot build ${dtype} data from plain numbers; convert with float32ToFloat16 or float32ToBfloat16`,
      );
  }
}

/** Bytes that an array of elements of `size` bytes can be laid over: the given ones, or a copy when they are not aligned (a Buffer's often are not). */
export function alignedBytes(bytes: Uint8Array, size: number): Uint8Array & { readonly buffer: ArrayBuffer } {
  return bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes); // not bytes.slice(): a Buffer's is a view again
}

/** A table's own entry: never one of Object.prototype, whatever a file names its ops. */
export const ownEntry = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
