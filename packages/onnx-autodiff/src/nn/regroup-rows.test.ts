import { expect, it } from "vitest";
import { createSession, Graph, grad, mul, regroupRows, ShapeError, sumAll } from "../index.js";

it("moves rows to slots and gradients back, and drops those of gaps", async () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [3, 1]);
  const slots = graph.input("weights", "float32", [4, 1]);
  const to = graph.input("to", "int32", [4]);
  const y = regroupRows(x, to, graph.input("back", "int32", [3]));
  graph.output("y", y);
  const [dx] = grad(sumAll(mul(y, slots)), [x]);
  graph.output("dx", dx as NonNullable<typeof dx>);
  const session = await createSession(graph);
  const feeds = {
    x: Float32Array.of(10, 20, 30),
    weights: Float32Array.of(1, 2, 3, 4),
    to: Int32Array.of(1, 2, 0, 2), // row 2 fills the gaps at 1 and 3
    back: Int32Array.of(2, 0, 1),
  };
  const outputs = await session.run(feeds);
  expect(Array.from(outputs.y?.data as Float32Array)).toEqual([20, 30, 10, 30]);
  expect(Array.from(outputs.dx?.data as Float32Array)).toEqual([3, 1, 2]);
  await session.dispose();
});

it("refuses a way back of another length", () => {
  const graph = new Graph();
  const index = graph.input("index", "int32", [2]);
  expect(() => regroupRows(graph.input("x", "float32", [3, 1]), index, index)).toThrow(ShapeError);
});
