/** How a matrix product reads its operands. */
export interface MatmulOptions {
  /** Transpose the last two axes of a. */
  readonly transposeA?: boolean;
  /** Transpose the last two axes of b. */
  readonly transposeB?: boolean;
  /** Factor on the product, default 1. */
  readonly alpha?: number;
}
