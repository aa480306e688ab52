import type { DType, Params, Shape, Tensor, TypedData, Value } from "../src/index.js";
import {
  createRng,
  createSession,
  Graph,
  grad,
  mul,
  type Session,
  sizeOf,
  sumAll,
  type Target,
  toTypedData,
} from "../src/index.js";

/** What a case builds its scalar loss from. */
export interface Builder {
  readonly graph: Graph;
  /** float64 in the reference run, float32 in the other one. */
  readonly dtype: DType;
  /** A differentiated tensor with random values. */
  readonly param: Params;
  /** A constant feed; floats follow `dtype`. */
  readonly data: (name: string, dtype: "float" | "int32" | "int64", shape: Shape, values: ArrayLike<number>) => Value;
  /** sum(y * fixed weights): a loss that sees every element of y differently. */
  readonly weigh: (y: Value) => Value;
}
export type Case = (builder: Builder) => Value;

/** Result of one check. */
export interface GradientErrors {
  /** Largest error of the float64 gradient against central differences, relative to |fd| + |ad| + rms. */
  readonly differences: number;
  /** Where it was. */
  readonly at: string;
  /** Largest relative RMS distance of the float32 kernels' gradient from the float64 one. */
  readonly float32: number;
}

type Values = Map<string, { dtype: "float" | "int32" | "int64"; values: number[] }>;

interface Instance {
  readonly session: Session;
  readonly feeds: Record<string, TypedData>;
  readonly params: readonly string[];
}

async function build(
  make: Case,
  dtype: DType,
  target: Target,
  values: Values,
  withGradients: boolean,
  scale: (name: string) => [number, number],
): Promise<Instance> {
  const graph = new Graph();
  const params = new Map<string, Value>();
  const rng = createRng(7 + values.size);
  const feed = (
    name: string,
    kind: "float" | "int32" | "int64",
    shape: Shape,
    initial: () => ArrayLike<number>,
  ): Value => {
    if (!values.has(name)) values.set(name, { dtype: kind, values: Array.from(initial()) });
    return graph.input(name, kind === "float" ? dtype : kind, shape);
  };
  const param: Params = (name, shape) => {
    let value = params.get(name);
    if (!value) {
      const [mean, deviation] = scale(name);
      value = feed(name, "float", shape, () =>
        Array.from({ length: sizeOf(shape) }, () => mean + deviation * rng.normal()),
      );
      params.set(name, value);
    }
    return value;
  };
  const weigh = (y: Value): Value => {
    const name = `weights:${y.id}`;
    const data = Array.from({ length: sizeOf(y.shape) }, (_, i) => Math.sin(i * 1.7 + 0.3));
    return sumAll(
      mul(
        y,
        feed(name, "float", y.shape, () => data),
      ),
    );
  };
  const data: Builder["data"] = (name, kind, shape, numbers) => feed(name, kind, shape, () => numbers);
  const loss = make({ graph, dtype, param, data, weigh });
  graph.output("loss", loss);
  if (withGradients) {
    const wrt = [...params.values()];
    for (const [i, gradient] of grad(loss, wrt).entries()) graph.output(`d:${wrt[i]?.name}`, gradient);
  }
  const session = await createSession(graph, { target, threads: 1 });
  const feeds: Record<string, TypedData> = {};
  for (const [name, entry] of values)
    feeds[name] = toTypedData(entry.dtype === "float" ? dtype : entry.dtype, entry.values);
  return { session, feeds, params: [...params.keys()] };
}

const rms = (xs: ArrayLike<number>): number =>
  Math.sqrt(Array.from(xs).reduce((a, b) => a + b * b, 0) / Math.max(1, xs.length));
const gradientOf = (results: Record<string, Tensor>, name: string): ArrayLike<number> =>
  results[`d:${name}`]?.data as Float64Array;

const defaultScale = (name: string): [number, number] =>
  /norm/.test(name) ? [1, 0.5] : [0, /weight/.test(name) ? 0.3 : 0.5];

/** Checks a case: float64 portable gradients against five-point central differences, then float32 kernels against float64. */
export async function checkGradients(
  make: Case,
  options: { samples?: number; step?: number; scale?: (name: string) => [number, number] } = {},
): Promise<GradientErrors> {
  const { samples = 12, step = 1e-4, scale = defaultScale } = options;
  const values: Values = new Map();
  const reference = await build(make, "float64", "portable", values, true, scale);
  const exact = await reference.session.run(reference.feeds);
  const forward = await build(make, "float64", "portable", values, false, scale);
  const loss = async (): Promise<number> => (await forward.session.run(forward.feeds)).loss?.data[0] as number;
  // Some gradients are exactly zero (a key bias under softmax): errors are relative to a floor set by the largest one.
  const floor = 1e-3 * Math.max(...reference.params.map((name) => rms(gradientOf(exact, name))));
  const rng = createRng(3);
  let [differences, at] = [0, ""];
  for (const name of reference.params) {
    const x = forward.feeds[name] as Float64Array;
    const gradient = gradientOf(exact, name);
    const norm = rms(gradient) + floor;
    for (let k = 0; k < Math.min(samples, x.length); k++) {
      const i = x.length <= samples ? k : rng.integer(x.length);
      const x0 = x[i] as number;
      const probe = async (delta: number): Promise<number> => {
        x[i] = x0 + delta;
        const value = await loss();
        x[i] = x0;
        return value;
      };
      const h = step;
      const fd =
        (8 * ((await probe(h)) - (await probe(-h))) - ((await probe(2 * h)) - (await probe(-2 * h)))) / (12 * h);
      const ad = gradient[i] as number;
      const error = Math.abs(fd - ad) / (Math.abs(fd) + Math.abs(ad) + norm);
      if (!(error <= differences)) [differences, at] = [error, `${name}[${i}]: differences ${fd}, gradient ${ad}`];
    }
  }
  const single = await build(make, "float32", "ort", values, true, scale);
  const rounded = await single.session.run(single.feeds);
  let float32 = 0;
  for (const name of reference.params) {
    const [a, b] = [gradientOf(exact, name), gradientOf(rounded, name)];
    const error = rms(Array.from(a, (x, i) => x - (b[i] as number))) / (rms(a) + 10 * floor);
    if (!(error <= float32)) float32 = error;
  }
  await Promise.all([reference, forward, single].map((s) => s.session.dispose()));
  return { differences, at, float32 };
}
