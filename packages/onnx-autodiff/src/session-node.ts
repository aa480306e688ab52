import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import type { Graph } from "./graph.js";
import { serialize } from "./onnx/serialize.js";
import { prepareSession, type Session, type SessionOptions } from "./session.js";

/**
 * Compiles a graph with onnxruntime-node.
 *
 * ```ts
 * const session = await createSession(graph);
 * const { loss } = await session.run({ x: Float32Array.of(1, 2, 3) });
 * await session.dispose();
 * ```
 * `run` blocks the event loop while it computes: put sessions of interactive programs in a worker thread.
 * @throws FeedError, ShapeError; onnxruntime's own errors pass through
 */
export async function createSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  const plan = prepareSession(graph, options);
  const bytes = serialize(graph, plan.target, options.opset);
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: options.threads ?? availableParallelism(),
    ...plan.sessionOptions,
  } as ort.InferenceSession.SessionOptions);
  return plan.wrap(session, ort.Tensor as never);
}
