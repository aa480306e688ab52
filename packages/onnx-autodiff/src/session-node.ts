import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import type { Graph } from "./graph.js";
import { serialize } from "./onnx/serialize.js";
import { type Feed, prepareSession, type Session, type SessionOptions } from "./session.js";

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

/** Execution providers this build of onnxruntime-node brings; `bundled` ones need no extra library. */
export const availableProviders = (): readonly { readonly name: string; readonly bundled: boolean }[] =>
  ort.listSupportedBackends();

/**
 * Runs a graph on the CPU and on other providers, and returns the largest difference of each output relative to the
 * output's largest magnitude. Do this once at start-up: a provider whose kernels differ gives silently wrong gradients.
 */
export async function compareWithCpu(
  graph: Graph,
  feeds: Readonly<Record<string, Feed>>,
  options: SessionOptions,
): Promise<Record<string, number>> {
  await using cpu = await createSession(graph, { target: "portable" });
  await using other = await createSession(graph, options);
  const [expected, found] = [await cpu.run(feeds), await other.run(feeds)];
  return Object.fromEntries(
    cpu.outputNames.map((name) => {
      const [a, b] = [Array.from(expected[name]?.data ?? [], Number), Array.from(found[name]?.data ?? [], Number)];
      const largest = a.reduce((m, x) => Math.max(m, Math.abs(x)), Number.MIN_VALUE);
      return [name, a.reduce((m, x, i) => Math.max(m, Math.abs(x - (b[i] ?? Number.NaN))), 0) / largest];
    }),
  );
}
