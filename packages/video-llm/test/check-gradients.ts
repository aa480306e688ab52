import { createRng, createSession, type Feed } from "@videosafety/onnx-autodiff";
import type { GraphPlan } from "../src/graph/graph-cache.js";
import { gradientOutput } from "../src/graph/training-graphs.js";
import type { ParameterStore } from "../src/weights/parameter-store.js";

/** Gradients of a float64 graph against central differences at a few coordinates of every tensor. */
export async function checkGradients(
  view: GraphPlan,
  store: ParameterStore,
  feeds: Readonly<Record<string, Feed>>,
): Promise<number> {
  const session = await createSession(view.graph);
  const inputs: Record<string, Feed> = {};
  for (const { name, dtype } of view.graph.inputs) {
    if (name === undefined) continue;
    const feed = feeds[name] ?? store.tensors.get(name)?.data;
    if (feed !== undefined) inputs[name] = dtype === "float64" ? Float64Array.from(feed as Float32Array) : feed;
  }
  const lossAt = async (): Promise<number> => Number((await session.run(inputs, { fetches: ["loss"] })).loss?.data[0]);
  const outputs = await session.run(inputs);
  const rng = createRng(7);
  let worst = 0;
  for (const name of view.parameters) {
    const values = inputs[name] as Float64Array;
    const gradient = outputs[gradientOutput(name)]?.data as Float64Array;
    for (let k = 0; k < (view.graph.inputs.length > 80 ? 1 : 2); k++) {
      const i = rng.integer(values.length);
      const at = values[i] as number;
      const step = 1e-5;
      values[i] = at + step;
      const above = await lossAt();
      values[i] = at - step;
      const below = await lossAt();
      values[i] = at;
      const expected = (above - below) / (2 * step);
      worst = Math.max(worst, Math.abs((gradient[i] as number) - expected) / Math.max(1e-3, Math.abs(expected)));
    }
  }
  await session.dispose();
  return worst;
}
