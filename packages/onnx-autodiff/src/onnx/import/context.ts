import { GraphError } from "../../errors.js";
import type { Graph, Value } from "../../graph.js";
import { type DType, type Shape, sizeOf, toTypedData } from "../../tensor.js";
import type { OnnxNode } from "../reader.js";

/** What importers of single ops work with. */
export interface ImportContext {
  /** The graph being built. */
  readonly graph: Graph;
  /** ai.onnx operator set of the file. */
  readonly opset: number;
  /** Elements of small constants (shapes, axes, scalars), folded while importing. */
  readonly known: Map<Value, readonly number[]>;
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

/** A constant value whose elements stay known. */
export function constant(context: ImportContext, dtype: DType, shape: Shape, values: readonly number[]): Value {
  const value = context.graph.initializer(undefined, dtype, shape, toTypedData(dtype, values));
  if (sizeOf(shape) <= FOLDABLE) context.known.set(value, values);
  return value;
}

/** An integer attribute, or the default. */
export function intAttribute(node: OnnxNode, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "int" ? attribute.value : fallback;
}

/** A float attribute, or the default. */
export function floatAttribute(node: OnnxNode, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "float" ? attribute.value : fallback;
}

/** A string attribute, or the default. */
export function stringAttribute(node: OnnxNode, name: string, fallback: string): string {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "string" ? attribute.value : fallback;
}

/** A list of integers, given as an attribute (old operator sets) or as a constant operand (new ones). */
export function listOf(
  node: OnnxNode,
  name: string,
  operand: Value | undefined,
  context: ImportContext,
): readonly number[] | undefined {
  if (operand) return numbers(node, operand, context, name);
  const attribute = node.attributes.get(name);
  return attribute?.kind === "ints" ? attribute.value : undefined;
}
