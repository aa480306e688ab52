import {
  add,
  concat,
  createSession,
  embedWithExtra,
  Graph,
  gather,
  matmul,
  mul,
  reshape,
  rmsNorm,
  type Session,
  silu,
  sumAll,
  tokenLogProbs,
  type Value,
  valueAndGrad,
} from "@videosafety/onnx-autodiff";
import { createRng } from "@videosafety/random";
import type {
  AlarmStates,
  AtSftOptions,
  AtSftResult,
  AttentionWeights,
  HiddenStateModel,
  HiddenStateRequest,
  ParameterGroup,
  TrainableModel,
  TrainableTensor,
} from "../src/index.js";
import { atcLogitsGraph, atSftLossGraph } from "../src/loss/at-sft-loss-graph.js";
import { describeToy, LENGTH, type ToySample, VOCABULARY } from "./toy-samples.js";

export * from "./toy-samples.js";

const CAUSAL_MEAN = Float32Array.from({ length: LENGTH * LENGTH }, (_, i) =>
  i % LENGTH <= Math.floor(i / LENGTH) ? 1 / (Math.floor(i / LENGTH) + 1) : 0,
);

/**
 * A causal language model small enough for tests: embeddings, a causal mean as "attention", one gated layer. It satisfies
 * `TrainableModel` with real gradients from onnx-autodiff.
 */
export class ToyModel implements TrainableModel<ToySample>, HiddenStateModel<ToySample> {
  readonly hiddenSize = 16;
  readonly layerCount = 1;
  readonly parameters: ReadonlyMap<string, TrainableTensor>;
  readonly #sessions = new Map<string, Promise<Session>>();
  changes = 0;

  constructor(seed = 1) {
    const d = this.hiddenSize;
    const rng = createRng(seed);
    const normal = (dims: number[], group: string, scale: number): TrainableTensor => ({
      data: Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => scale * rng.normal()),
      dims,
      group,
    });
    this.parameters = new Map([
      ["embed", normal([VOCABULARY, d], "llm", 0.5)],
      ["mix", normal([d, d], "llm", 0.25)],
      ["norm", { data: new Float32Array(d).fill(1), dims: [d], group: "llm" }],
      ["visual_alarm_tokens", normal([1, d], "alarmTokens", 0)],
      ["textual_alarm_tokens", normal([1, d], "alarmTokens", 0)],
      ["visual_tokens_cls.weight", normal([1, d], "classifiers", 0.1)],
      ["visual_tokens_cls.bias", normal([1], "classifiers", 0)],
      ["textual_tokens_cls.weight", normal([1, d], "classifiers", 0.1)],
      ["textual_tokens_cls.bias", normal([1], "classifiers", 0)],
    ]);
  }

  trainableParameters(groups: readonly ParameterGroup[]): ReadonlyMap<string, TrainableTensor> {
    return new Map([...this.parameters].filter(([, { group }]) => groups.includes(group as ParameterGroup)));
  }

  parametersChanged(): void {
    this.changes += 1;
  }

  async atSftGradients(samples: readonly ToySample[], options: AtSftOptions): Promise<AtSftResult> {
    const { lambdaVisual, lambdaTextual, groups } = options;
    const session = await this.#session(samples.length, groups);
    const count = (known: (sample: ToySample) => boolean): number => Math.max(1, samples.filter(known).length);
    const tokens = samples.reduce((sum, sample) => sum + describeToy(sample).assistantTokens, 0);
    const normalizers = options.normalizers ?? {
      tokens,
      visual: count(({ labels }) => labels.visual !== null),
      textual: count(({ labels }) => labels.textual !== null),
    };
    const label = (key: "visual" | "textual"): Float32Array =>
      Float32Array.from(samples, ({ labels }) => labels[key] ?? 0);
    const mask = (key: "visual" | "textual"): Float32Array =>
      Float32Array.from(samples, ({ labels }) => (labels[key] === null ? 0 : 1));
    const outputs = await session.run({
      ...this.#feeds(samples),
      targets: Int32Array.from(samples.flatMap((sample) => [...sample.targets])),
      weights: Float32Array.from(samples.flatMap((sample) => [...sample.weights])),
      normalizer: Float32Array.of(normalizers.tokens),
      visualLabels: label("visual"),
      visualMask: mask("visual"),
      visualNormalizer: Float32Array.of(normalizers.visual),
      lambdaVisual: Float32Array.of(lambdaVisual),
      textualLabels: label("textual"),
      textualMask: mask("textual"),
      textualNormalizer: Float32Array.of(normalizers.textual),
      lambdaTextual: Float32Array.of(lambdaTextual),
    });
    const scalar = (name: string): number => Number(outputs[name]?.data[0]);
    const array = (name: string): Float32Array => outputs[name]?.data as Float32Array;
    return {
      loss: scalar("loss"),
      lossLm: scalar("lossLm"),
      lossVisual: scalar("lossVisual"),
      lossTextual: scalar("lossTextual"),
      tokens,
      visualLogits: array("visualLogits"),
      textualLogits: array("textualLogits"),
      gradients: new Map([...this.trainableParameters(groups).keys()].map((name) => [name, array(`d:${name}`)])),
    };
  }

  async alarmStates(samples: readonly ToySample[]): Promise<AlarmStates> {
    const session = await this.#session(samples.length, null);
    const outputs = await session.run(this.#feeds(samples));
    const array = (name: string): Float32Array => outputs[name]?.data as Float32Array;
    return {
      visualHidden: array("visualHidden"),
      textualHidden: array("textualHidden"),
      visualLogits: array("visualLogits"),
      textualLogits: array("textualLogits"),
    };
  }

  async hiddenStates(samples: readonly ToySample[], { positions }: HiddenStateRequest) {
    const { rows, feeds } = this.#rows(samples, positions);
    const session = await this.#session(samples.length, null, rows);
    const outputs = await session.run(feeds);
    return new Map([[1, outputs.states?.data as Float32Array]]);
  }

  async hiddenGradients(
    samples: readonly ToySample[],
    dLossDHidden: Float32Array,
    { positions, groups }: { positions: readonly (readonly number[])[]; groups: readonly ParameterGroup[] },
  ): Promise<ReadonlyMap<string, Float32Array>> {
    const { rows, feeds } = this.#rows(samples, positions);
    const session = await this.#session(samples.length, groups, rows);
    const outputs = await session.run({ ...feeds, cotangents: dLossDHidden });
    const names = [...this.trainableParameters(groups).keys()];
    return new Map(
      names.flatMap((name) => {
        const gradient = outputs[`d:${name}`]?.data as Float32Array | undefined;
        return gradient ? [[name, gradient] as const] : [];
      }),
    );
  }

  /** A causal mean: row i attends to 0..i alike, in one "head". */
  async attentionWeights(): Promise<AttentionWeights[]> {
    return [{ layer: 1, data: CAUSAL_MEAN, dims: [1, LENGTH, LENGTH] }];
  }

  #rows(samples: readonly ToySample[], positions: readonly (readonly number[])[]) {
    const rows = positions.flatMap((own, i) => own.map((position) => i * LENGTH + position));
    const { visualRows, textualRows, ...feeds } = this.#feeds(samples);
    return { rows: rows.length, feeds: { ...feeds, rows: Int32Array.from(rows) } };
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).dispose();
  }

  #feeds(samples: readonly ToySample[]): Record<string, Float32Array | Int32Array> {
    const rows = (key: "visual" | "textual"): Int32Array =>
      Int32Array.from(samples, ({ positions }, i) => i * LENGTH + positions[key]);
    return {
      ids: Int32Array.from(samples.flatMap((sample) => [...sample.ids])),
      visualRows: rows("visual"),
      textualRows: rows("textual"),
      ...Object.fromEntries([...this.parameters].map(([name, { data }]) => [name, data])),
    };
  }

  #session(batch: number, groups: readonly ParameterGroup[] | null, hiddenRows = 0): Promise<Session> {
    const key = `${batch} ${groups} ${hiddenRows}`;
    const known = this.#sessions.get(key);
    if (known) return known;
    const session = createSession(this.#graph(batch, groups, hiddenRows), { threads: 1 });
    this.#sessions.set(key, session);
    return session;
  }

  #graph(batch: number, groups: readonly ParameterGroup[] | null, hiddenRows: number): Graph {
    const graph = new Graph();
    const d = this.hiddenSize;
    const parameters = new Map<string, Value>();
    for (const [name, { dims }] of this.parameters) parameters.set(name, graph.input(name, "float32", dims));
    const p = (name: string): Value => parameters.get(name) as Value;
    const ids = graph.input("ids", "int32", [batch, LENGTH]);
    const extra = concat([p("visual_alarm_tokens"), p("textual_alarm_tokens")], 0);
    const x = embedWithExtra(p("embed"), extra, ids);
    const context = matmul(graph.initializer(undefined, "float32", [LENGTH, LENGTH], CAUSAL_MEAN), x);
    const mixed = matmul(reshape(context, [batch * LENGTH, d]), p("mix"), { transposeB: true });
    const h = rmsNorm(add(reshape(x, [batch * LENGTH, d]), add(mixed, silu(mixed))), p("norm"), 1e-6);
    if (hiddenRows > 0) {
      const states = gather(h, graph.input("rows", "int32", [hiddenRows]));
      if (groups === null) graph.output("states", states);
      else {
        const loss = sumAll(mul(states, graph.input("cotangents", "float32", [hiddenRows, d])));
        const reached = ["embed", "mix", "norm", "visual_alarm_tokens", "textual_alarm_tokens"];
        valueAndGrad(
          loss,
          [...this.trainableParameters(groups).keys()].filter((name) => reached.includes(name)).map(p),
        );
      }
      return graph;
    }
    const head = (modality: "visual" | "textual") => ({
      hidden: gather(h, graph.input(`${modality}Rows`, "int32", [batch])),
      weight: p(`${modality}_tokens_cls.weight`),
      bias: p(`${modality}_tokens_cls.bias`),
    });
    const [visual, textual] = [head("visual"), head("textual")];
    if (groups === null) {
      graph.output("visualHidden", visual.hidden);
      graph.output("textualHidden", textual.hidden);
      graph.output("visualLogits", atcLogitsGraph(visual));
      graph.output("textualLogits", atcLogitsGraph(textual));
      return graph;
    }
    const row = (name: string): Value => graph.input(name, "float32", [batch]);
    const scalar = (name: string): Value => graph.input(name, "float32", [1]);
    const targets = graph.input("targets", "int32", [batch * LENGTH]);
    const loss = atSftLossGraph({
      tokenLogProbs: tokenLogProbs(h, p("embed"), targets),
      tokenWeights: graph.input("weights", "float32", [batch * LENGTH, 1]),
      tokenNormalizer: scalar("normalizer"),
      visual: {
        ...visual,
        labels: row("visualLabels"),
        labelMask: row("visualMask"),
        normalizer: scalar("visualNormalizer"),
        lambda: scalar("lambdaVisual"),
      },
      textual: {
        ...textual,
        labels: row("textualLabels"),
        labelMask: row("textualMask"),
        normalizer: scalar("textualNormalizer"),
        lambda: scalar("lambdaTextual"),
      },
    });
    for (const name of ["lossLm", "lossVisual", "lossTextual", "visualLogits", "textualLogits"] as const) {
      graph.output(name, loss[name] as Value);
    }
    valueAndGrad(loss.loss, [...this.trainableParameters(groups).keys()].map(p));
    return graph;
  }
}
