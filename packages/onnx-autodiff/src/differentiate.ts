import { DTypeError, GraphError, MissingRuleError, ShapeError } from "./errors.js";
import type { Graph, Item, MaybeValue, Node, Region, Value } from "./graph.js";
import { isRegion } from "./graph.js";
import { addN } from "./ops/elementwise.js";
import { expand } from "./ops/layout.js";
import { barrier, externalsOf, replay } from "./rematerialize.js";
import { gradientRules, zeroGradientOps } from "./rules/gradient-rules.js";
import type { Rule } from "./rules/rule.js";
import { isFloat, ownEntry, sameShape, sizeOf, toTypedData } from "./tensor.js";

/**
 * Gradients of a scalar `loss` with respect to `wrt`, as values of the same graph (zeros where independent).
 * @throws ShapeError when the loss is not a scalar; MissingRuleError when the path runs through an op without a rule.
 */
export function grad(loss: Value, wrt: readonly Value[]): Value[] {
  if (sizeOf(loss.shape) !== 1)
    throw new ShapeError(`grad: expected a scalar loss, found [${loss.shape}]; reduce it with sumAll, or use vjp`);
  if (!isFloat(loss.dtype)) throw new DTypeError(`grad: expected a float loss, found ${loss.dtype}`);
  const seed = loss.graph.initializer(undefined, loss.dtype, loss.shape, toTypedData(loss.dtype, [1]));
  return vjp([loss], [seed], wrt);
}

/**
 * Declares `loss` as output `loss` and the gradient of every parameter as output `d:<name>`.
 * @returns the output names of the gradients, by parameter name
 */
export function valueAndGrad(loss: Value, parameters: readonly Value[], outputName = "loss"): Map<string, string> {
  const names = new Map<string, string>();
  const gradients = grad(loss, parameters);
  loss.graph.output(outputName, loss);
  gradients.forEach((gradient, i) => {
    const name = (parameters[i] as Value).name;
    if (name === undefined) throw new GraphError("valueAndGrad: parameters must be named inputs or initializers");
    names.set(name, `d:${name}`);
    loss.graph.output(`d:${name}`, gradient);
  });
  return names;
}

/** Pulls gradients `outputGradients` of `outputs` back to `wrt` (zeros where independent). @throws MissingRuleError */
export function vjp(outputs: readonly Value[], outputGradients: readonly Value[], wrt: readonly Value[]): Value[] {
  const [first] = outputs;
  if (!first) return wrt.map((w) => expand(w.graph.scalar(0, w.dtype), w.shape));
  const graph = first.graph;
  for (const w of wrt)
    if (!isFloat(w.dtype)) throw new DTypeError(`vjp: ${w.name ?? w.id} is ${w.dtype}; only floats have gradients`);
  const pass = new BackwardPass(graph, outputs);
  const gradients = new Gradients();
  outputs.forEach((y, i) => {
    const dy = outputGradients[i];
    if (!dy || !sameShape(y.shape, dy.shape))
      throw new ShapeError(`vjp: output [${y.shape}] needs a gradient of its shape, found [${dy?.shape}]`);
    gradients.add(y, dy);
  });
  const active = new Set(wrt);
  const tape = [...graph.tape];
  pass.mark(tape, active);
  pass.backward(tape, active, gradients);
  return wrt.map((w) => gradients.get(w) ?? expand(graph.scalar(0, w.dtype), w.shape));
}

/** Accumulates gradients by value; a sum is emitted when first read. */
class Gradients {
  #parts = new Map<Value, Value[]>();
  add(value: Value, gradient: Value): void {
    const parts = this.#parts.get(value);
    if (parts) parts.push(gradient);
    else this.#parts.set(value, [gradient]);
  }
  get(value: Value): MaybeValue {
    const parts = this.#parts.get(value);
    if (!parts) return undefined;
    if (parts.length > 1) parts.splice(0, parts.length, addN(parts));
    return parts[0];
  }
}

class BackwardPass {
  constructor(
    readonly graph: Graph,
    readonly roots: readonly Value[],
  ) {}

  /** Adds to `active` every float that depends on an active one. */
  mark(items: readonly Item[], active: Set<Value>): void {
    for (const item of items) {
      if (isRegion(item) && !item.makeVjp) {
        this.mark(item.items, active);
      } else if (isRegion(item) || !zeroGradientOps.has(item.op)) {
        if (!item.inputs.some((x) => x && active.has(x))) continue;
        for (const y of item.outputs) if (isFloat(y.dtype)) active.add(y);
      }
    }
  }

  backward(items: readonly Item[], active: Set<Value>, gradients: Gradients): void {
    for (const item of [...items].reverse()) {
      const dys = item.outputs.map((y) => (active.has(y) ? gradients.get(y) : undefined));
      const dy = dys.find((d) => d !== undefined);
      if (!dy) continue;
      if (isRegion(item) && !item.makeVjp) {
        this.#recompute(item, active, gradients, dys, dy);
        continue;
      }
      if (isRegion(item)) this.#rejectHidden(item, active);
      const need = (k: number): boolean => {
        const input = item.inputs[k];
        return !!input && active.has(input);
      };
      const dxs = isRegion(item)
        ? item.makeVjp?.(item.inputs, item.outputs)(dys, need)
        : this.#rule(item, dys)(item, dys[0] ?? dy, need, dys);
      dxs?.forEach((dx, k) => {
        const input = item.inputs[k];
        if (dx && input && need(k)) gradients.add(input, dx);
      });
    }
  }

  /** A region's own backward only sees its inputs: an active value it merely closes over would silently get no gradient. */
  #rejectHidden(region: Region, active: ReadonlySet<Value>): void {
    const given = new Set(region.inputs);
    const hidden = externalsOf(region).find((value) => active.has(value) && !given.has(value));
    if (!hidden) return;
    const name = hidden.name ?? (hidden.producer ? nodeName(hidden.producer) : hidden.id);
    throw new GraphError(
      `a region with its own backward uses ${name}, which needs a gradient, without taking it as an input; ` +
        "pass it as an input and return its gradient, or cut it off with stopGradient (attention masks get no gradient)",
    );
  }

  #rule(node: Node, dys: readonly MaybeValue[]): Rule {
    const rule = ownEntry(gradientRules, node.op);
    // Only Split's rule reads further outputs; the statistics of norms get gradients in second derivatives alone.
    const unhandled = node.op !== "Split" && dys.slice(1).some((d) => d !== undefined);
    if (!rule || unhandled) throw new MissingRuleError(node.op, nodeName(node), this.#pathTo(node));
    return rule;
  }

  /** Re-emits a checkpoint from its inputs and differentiates the copy. */
  #recompute(region: Region, active: Set<Value>, gradients: Gradients, dys: readonly MaybeValue[], dy: Value): void {
    const map = new Map<Value, Value>();
    const externals = externalsOf(region);
    for (const value of externals) {
      if (!value.producer) continue; // inputs and initializers stay alive anyway
      const copy = barrier(value, dy);
      map.set(value, copy);
      if (active.has(value)) active.add(copy);
    }
    const items = this.graph.capture(() => replay(this.graph, region.items, map));
    this.graph.push(items);
    this.mark(items, active);
    const inner = new Gradients();
    region.outputs.forEach((y, i) => {
      const d = dys[i];
      if (d) inner.add(map.get(y) ?? y, d);
    });
    this.backward(items, active, inner);
    for (const value of externals) {
      const d = active.has(value) ? inner.get(map.get(value) ?? value) : undefined;
      if (d) gradients.add(value, d);
    }
  }

  /** Node names from the root whose gradient is asked for back to `target`, by breadth-first search. */
  #pathTo(target: Node): string[] {
    const parent = new Map<Node, Node | undefined>();
    const queue = this.roots.flatMap((root) => (root.producer ? [root.producer] : []));
    for (const node of queue) parent.set(node, undefined);
    for (const node of queue) {
      if (node === target) break;
      for (const input of node.inputs) {
        if (!input?.producer || parent.has(input.producer)) continue;
        parent.set(input.producer, node);
        queue.push(input.producer);
      }
    }
    const path: string[] = [];
    for (let node: Node | undefined = target; node; node = parent.get(node)) path.unshift(nodeName(node));
    return path;
  }
}

const nodeName = (node: Node): string =>
  typeof node.attributes._name === "string" ? node.attributes._name : `${node.op}:${node.outputs[0]?.id}`;
