import * as ort from "onnxruntime-web";
import type { Graph } from "./graph.js";
import { serialize } from "./onnx/serialize.js";
import { prepareSession, type Session, type SessionOptions } from "./session.js";

/**
 * Compiles a graph with onnxruntime-web (a peer dependency), for browsers. The default provider is `wasm`; `webgpu` needs
 * a browser that has it. Every provider gets the `portable` target. Configure wasm paths and threads through
 * onnxruntime-web's own `env` before the first call.
 * @throws FeedError, ShapeError; onnxruntime's own errors pass through
 */
export async function createSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  if (options.threads !== undefined) ort.env.wasm.numThreads = options.threads;
  const plan = prepareSession(graph, { providers: ["wasm"], ...options });
  const bytes = serialize(graph, plan.target, options.opset);
  const session = await ort.InferenceSession.create(bytes, plan.sessionOptions as ort.InferenceSession.SessionOptions);
  return plan.wrap(session, ort.Tensor as never);
}
