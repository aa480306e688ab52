import { ShapeError } from "../errors.js";

/** How rows of weights are rounded to few bits. */
export interface BlockQuantization {
  /** Bits a weight. */
  readonly bits: 4 | 8;
  /** Weights of a row that share a scale: a power of two, at least 16, that divides the row (onnxruntime's MatMulNBits). */
  readonly blockSize: number;
  /** Zero is the middle code, 2^(bits - 1); otherwise each block has a zero point of its own. */
  readonly symmetric: boolean;
}

/**
 * Rows rounded block by block: weight = (code - zero point) * scale. The bytes are those of onnxruntime's `MatMulNBits` and
 * of `DequantizeLinear` over uint4 or uint8 at once: row-major, at 4 bits two codes a byte, the low half first.
 */
export interface QuantizedRows {
  /** Codes, [rows, columns] at `bits` a piece. */
  readonly codes: Uint8Array;
  /** [rows, columns / blockSize]. */
  readonly scales: Float32Array;
  /** [rows, columns / blockSize] at `bits` a piece. */
  readonly zeroPoints: Uint8Array;
}

/** Refuses sizes that onnxruntime's kernels have no layout for. @throws ShapeError */
export function checkQuantization(columns: number, { bits, blockSize, symmetric }: BlockQuantization): void {
  const power = Number.isInteger(Math.log2(blockSize)) && blockSize >= 16;
  if (!power) throw new ShapeError(`blockSize: expected a power of two of at least 16, found ${blockSize}`);
  if (columns % blockSize !== 0) throw new ShapeError(`blockSize ${blockSize} must divide a row of ${columns} weights`);
  if (!symmetric && bits === 4 && (columns / blockSize) % 2 !== 0)
    throw new ShapeError(
      `zero points of 4 bits need an even number of blocks, found ${columns / blockSize}; use symmetric`,
    );
}

/**
 * Rounds rows [rows, columns] to the nearest code, ties to even. Symmetric: the weight of largest magnitude of a block gets
 * code 0 exactly, so that all 2^bits codes are used; otherwise the codes span [min, max], which includes zero. A block of
 * zeros stays zero.
 *
 * @throws ShapeError when the sizes do not fit onnxruntime's layout.
 */
export function quantizeRows(weights: Float32Array, columns: number, options: BlockQuantization): QuantizedRows {
  checkQuantization(columns, options);
  const { bits, blockSize, symmetric } = options;
  if (weights.length % columns !== 0)
    throw new ShapeError(`expected whole rows of ${columns} weights, found ${weights.length}`);
  const blocks = weights.length / blockSize;
  const perByte = 8 / bits;
  const codes = new Uint8Array(weights.length / perByte);
  const scales = new Float32Array(blocks);
  const zeroPoints = new Uint8Array(Math.ceil(blocks / perByte));
  const top = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  for (let block = 0; block < blocks; block++) {
    const start = block * blockSize;
    let low = 0;
    let high = 0;
    for (let i = start; i < start + blockSize; i++) {
      const w = weights[i] as number;
      if (w < low) low = w;
      if (w > high) high = w;
    }
    // Codes are made with the scale as it is stored, or the rounding of the scale would add to theirs.
    const scale = Math.fround(symmetric ? (high > -low ? high : low) / -middle : (high - low) / top);
    const inverse = scale === 0 ? 0 : 1 / scale;
    const zero = symmetric ? middle : Math.min(top, Math.max(0, roundHalfEven(-low * inverse)));
    scales[block] = scale;
    const at = bits === 4 ? block >> 1 : block;
    zeroPoints[at] = (zeroPoints[at] as number) | (bits === 4 && block & 1 ? zero << 4 : zero);
    for (let i = start; i < start + blockSize; i++) {
      const code = roundHalfEven((weights[i] as number) * inverse) + zero;
      const clamped = Math.min(top, Math.max(0, code));
      if (bits === 8) codes[i] = clamped;
      else codes[i >> 1] = (codes[i >> 1] as number) | (i & 1 ? clamped << 4 : clamped);
    }
  }
  return { codes, scales, zeroPoints };
}

/** The weights [rows, columns] that codes stand for, in float32. */
export function dequantizeRows(rows: QuantizedRows, { bits, blockSize }: BlockQuantization): Float32Array {
  const { codes, scales, zeroPoints } = rows;
  const weights = new Float32Array(scales.length * blockSize);
  const read = (from: Uint8Array, i: number): number =>
    bits === 8 ? (from[i] as number) : ((from[i >> 1] as number) >> ((i & 1) * 4)) & 15;
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block] as number;
    const zero = read(zeroPoints, block);
    for (let i = block * blockSize; i < (block + 1) * blockSize; i++) weights[i] = (read(codes, i) - zero) * scale;
  }
  return weights;
}

/** Adding and subtracting 1.5 * 2^52 makes the processor round to an integer, ties to even. */
const SHIFT = 1.5 * 2 ** 52;
const roundHalfEven = (x: number): number => x + SHIFT - SHIFT;
