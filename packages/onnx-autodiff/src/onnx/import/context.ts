import { GraphError } from "../../errors.js";
import type { Graph, Value } from "../../graph.js";
import { type DType, type Shape, toTypedData } from "../../tensor.js";
import type { OnnxAttribute, OnnxNode } from "../reader.js";

/** What importers of single ops work with. */
export interface ImportContext {
  /** The graph being built. */
  readonly graph: Graph;
  /** ai.onnx operator set of the file. */
  readonly opset: number;
  /** Elements of small constants (shapes, axes, scalars), folded while importing. */
  readonly known: Map<Value, readonly number[]>;
  /** Elements of constants made so far, the file's own left out. */
  readonly folded: { elements: number };
  /** Adds the low-rank path to a product with a chosen weight. */
  readonly adapt: (product: Value, x: Value, weight: Value, transposed: boolean, node: OnnxNode) => Value;
}

/** Imports one node: its operands (undefined where omitted) to its results. */
export type Importer = (
  node: OnnxNode,
  inputs: readonly (Value | undefined)[],
  context: ImportContext,
) => readonly Value[];

/** Largest constant whose elements are kept for folding. */
export const FOLDABLE = 4096;

/** An error that names the node. */
export const nodeError = (node: OnnxNode, what: string): GraphError =>
  new GraphError(`import of ${node.op} (node ${node.name}): ${what}`);

/** An operand that must be there. @throws GraphError */
export function required(node: OnnxNode, inputs: readonly (Value | undefined)[], index: number): Value {
  const value = inputs[index];
  if (!value) throw nodeError(node, `input ${index} is missing`);
  return value;
}

/** Elements of an operand that must be a constant. @throws GraphError */
export function numbers(node: OnnxNode, value: Value, context: ImportContext, what: string): readonly number[] {
  const found = context.known.get(value);
  if (!found)
    throw nodeError(
      node,
      `${what} must be a constant; fix dynamic dimensions with the dims option, or simplify the model first`,
    );
  return found;
}

/** Most elements that all constants made while importing one model may have together. */
export const MAX_FOLDED_ELEMENTS = 1 << 24;

/** Counts elements that importing is about to make: a file of a few bytes must not fill the memory. @throws GraphError over the bound */
export function spend(node: OnnxNode, context: ImportContext, elements: number): void {
  context.folded.elements += elements;
  if (!(context.folded.elements <= MAX_FOLDED_ELEMENTS))
    throw nodeError(
      node,
      `constants made while importing may have ${MAX_FOLDED_ELEMENTS} elements together, this node needs ${elements} more than are left; store the values in the file instead`,
    );
}

/** A constant value whose elements stay known when it is small. @throws GraphError for a value that the type cannot hold */
export function constant(
  node: OnnxNode,
  context: ImportContext,
  dtype: DType,
  shape: Shape,
  values: readonly number[],
): Value {
  spend(node, context, values.length);
  const bounds = RANGES[dtype];
  const bad = bounds && values.find((x) => !(Number.isInteger(x) && x >= bounds[0] && x <= bounds[1]));
  if (bad !== undefined) throw nodeError(node, `expected values of ${dtype}, found ${bad}`);
  const value = context.graph.initializer(undefined, dtype, shape, toTypedData(dtype, values));
  if (values.length <= FOLDABLE) context.known.set(value, values);
  return value;
}

/** Numbers an integer type holds; int64 up to where JavaScript's numbers are exact, as INT64_MAX stands for "to the end". */
const RANGES: Partial<Record<DType, readonly [number, number]>> = {
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int8: [-128, 127],
  uint8: [0, 255],
  bool: [0, 1],
};

type Kind = OnnxAttribute["kind"];

/** An attribute of the given kind; undefined when the node has none. @throws GraphError when it is of another kind */
function attribute<K extends Kind>(
  node: OnnxNode,
  name: string,
  kind: K,
): Extract<OnnxAttribute, { readonly kind: K }> | undefined {
  const found = node.attributes.get(name);
  if (!found) return undefined;
  if (found.kind !== kind) throw nodeError(node, `attribute ${name}: expected ${kind}, found ${found.kind}`);
  return found as Extract<OnnxAttribute, { readonly kind: K }>;
}

/** An integer attribute, or the default. @throws GraphError when it is of another kind */
export const intAttribute = (node: OnnxNode, name: string, fallback: number): number =>
  attribute(node, name, "int")?.value ?? fallback;

/** A float attribute, or the default. @throws GraphError when it is of another kind */
export const floatAttribute = (node: OnnxNode, name: string, fallback: number): number =>
  attribute(node, name, "float")?.value ?? fallback;

/** A string attribute, or the default. @throws GraphError when it is of another kind */
export const stringAttribute = (node: OnnxNode, name: string, fallback: string): string =>
  attribute(node, name, "string")?.value ?? fallback;

/** A list of integers, or undefined. @throws GraphError when it is of another kind */
export const intsAttribute = (node: OnnxNode, name: string): readonly number[] | undefined =>
  attribute(node, name, "ints")?.value;

/** A list of integers, given as an attribute (old operator sets) or as a constant operand (new ones). */
export function listOf(
  node: OnnxNode,
  name: string,
  operand: Value | undefined,
  context: ImportContext,
): readonly number[] | undefined {
  return operand ? numbers(node, operand, context, name) : intsAttribute(node, name);
}
