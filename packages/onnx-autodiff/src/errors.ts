/** Base of every error this package throws on purpose: a stable `code` and a message of expected, found, next step. */
export class OnnxAutodiffError extends Error {
  /** Stable machine-readable code, such as `"SHAPE_MISMATCH"`. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Shapes that do not fit an op (`SHAPE_MISMATCH`): the message names the op and every operand. */
export class ShapeError extends OnnxAutodiffError {
  constructor(message: string) {
    super("SHAPE_MISMATCH", message);
  }
}

/** Element types that do not fit an op (`DTYPE_MISMATCH`). */
export class DTypeError extends OnnxAutodiffError {
  constructor(message: string) {
    super("DTYPE_MISMATCH", message);
  }
}

/** A graph that cannot be built or ordered: values of two graphs, duplicate names, a cycle (`INVALID_GRAPH`). */
export class GraphError extends OnnxAutodiffError {
  constructor(message: string) {
    super("INVALID_GRAPH", message);
  }
}

/** The loss depends on a wanted value through an op that has no gradient rule (`MISSING_RULE`). */
export class MissingRuleError extends OnnxAutodiffError {
  /** ONNX op type without a rule. */
  readonly op: string;
  /** Name of the offending node. */
  readonly node: string;
  /** Node names from the loss (first) back to the offending node (last). */
  readonly path: readonly string[];
  constructor(op: string, node: string, path: readonly string[]) {
    super(
      "MISSING_RULE",
      `no gradient rule for op ${op} (node ${node}); path from the loss: ${path.join(" <- ")}. ` +
        "Rewrite it with supported ops, wrap it in a region with its own vjp, or cut it off with stopGradient",
    );
    this.op = op;
    this.node = node;
    this.path = path;
  }
}

/** A missing, unknown or wrongly sized feed or fetch of a session (`INVALID_FEED`). */
export class FeedError extends OnnxAutodiffError {
  constructor(message: string) {
    super("INVALID_FEED", message);
  }
}

/** A file that is truncated, inconsistent or larger than its bounds allow (`INVALID_FILE`). */
export class FileFormatError extends OnnxAutodiffError {
  constructor(message: string, options?: ErrorOptions) {
    super("INVALID_FILE", message, options);
  }
}

/** NaN or infinity where a finite number is needed (`NON_FINITE`): loss or gradient. */
export class NonFiniteError extends OnnxAutodiffError {
  /** Name of the first bad tensor. */
  readonly tensor: string;
  /** Index of its first bad element. */
  readonly index: number;
  constructor(tensor: string, index: number, value: number) {
    super(
      "NON_FINITE",
      `expected finite numbers, found ${value} at ${tensor}[${index}]; ` +
        "lower the learning rate, clip gradients, or pass onNonFinite: 'skip' to drop such steps",
    );
    this.tensor = tensor;
    this.index = index;
  }
}
