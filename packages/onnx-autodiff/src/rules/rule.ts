import type { MaybeValue, Node, Value } from "../graph.js";
import { reshape } from "../ops/layout.js";
import { reduceSum } from "../ops/reduce.js";
import { type Shape, sameShape } from "../tensor.js";

/**
 * Vector-Jacobian product of one op: the gradient of its first output (`dy`) and of all outputs (`dys`) to those of its
 * inputs. `need(i)` tells which inputs want one; rules skip work for the others.
 */
export type Rule = (
  node: Node,
  dy: Value,
  need: (input: number) => boolean,
  dys: readonly MaybeValue[],
) => readonly MaybeValue[];

/** Rules by op type. */
export type Rules = Readonly<Record<string, Rule>>;

/** The n-th operand of a node that must be present. */
export const operand = (node: Node, index: number): Value => node.inputs[index] as Value;
/** The n-th result of a node. */
export const result = (node: Node, index = 0): Value => node.outputs[index] as Value;
/** An integer attribute. */
export const intOf = (node: Node, name: string): number => node.attributes[name] as number;
/** A float attribute. */
export const floatOf = (node: Node, name: string): number => (node.attributes[name] as { float: number }).float;

/** Sums a gradient down to `shape`, undoing broadcasting. */
export function unbroadcast(dy: Value, shape: Shape): Value {
  if (sameShape(dy.shape, shape)) return dy;
  const lead = dy.shape.length - shape.length;
  const axes = dy.shape.map((_, i) => i).filter((i) => i < lead || (shape[i - lead] === 1 && dy.shape[i] !== 1));
  return reshape(reduceSum(dy, axes), shape);
}
