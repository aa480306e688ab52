import type { Feed } from "@videosafety/onnx-autodiff";
import { type CollatedBatch, collate, planMicroBatches, type Sequence } from "./batch.js";
import type { VideoLlmConfig } from "./config.js";
import { PromptError } from "./errors.js";
import { shapeKey } from "./graph/language-view.js";
import {
  type BuiltView,
  buildAlarmStatesView,
  buildAtSftView,
  buildLogitsView,
  buildPolicyView,
  gradientOutput,
  type ViewContext,
} from "./graph/training-views.js";
import type { ParameterStore } from "./parameter-store.js";
import type { ParameterGroup } from "./parameters.js";
import type { PreparedSample } from "./prompt.js";
import { selectInputs } from "./rollout.js";
import type { SessionCache } from "./session-cache.js";
import type { VisionEncoding } from "./vision-encoding.js";

/** What training needs of the model. */
export interface TrainingContext {
  /** Sizes. */
  readonly config: VideoLlmConfig;
  /** Tensors. */
  readonly store: ParameterStore;
  /** Compiled graphs. */
  readonly sessions: SessionCache;
  /** Visual embeddings for graphs without the vision encoder. */
  readonly vision: VisionEncoding;
  /** Most padded tokens of one run. */
  readonly maxTokensPerRun: number;
}

/** Options of `atSftGradients`: alarm-tokens' `AtSftOptions`. */
export interface AtSftOptions {
  /** The groups whose gradients are wanted. */
  readonly groups: readonly ParameterGroup[];
  /** Weight of the visual head's loss. */
  readonly lambdaVisual: number;
  /** Weight of the textual head's loss. */
  readonly lambdaTextual: number;
  /** Denominators of the accumulated batch; default: the counts of these samples, at least 1. */
  readonly normalizers?: { readonly tokens: number; readonly visual: number; readonly textual: number };
  /** Stops the work between runs. */
  readonly signal?: AbortSignal;
}

/** Loss terms and gradients: alarm-tokens' `AtSftResult`. */
export interface AtSftResult {
  /** lossLm + lambdaVisual lossVisual + lambdaTextual lossTextual. */
  loss: number;
  /** Cross-entropy of completion tokens, nats. */
  lossLm: number;
  /** Cross-entropy of the visual head, nats. */
  lossVisual: number;
  /** Cross-entropy of the textual head, nats. */
  lossTextual: number;
  /** Completion tokens. */
  tokens: number;
  /** [B]; NaN for samples without alarm tokens. */
  visualLogits: Float32Array;
  /** [B]; NaN for samples without alarm tokens. */
  textualLogits: Float32Array;
  /** d loss / d parameter. */
  gradients: Map<string, Float32Array>;
}

/** Alarm hidden states [B, d] and head logits [B]: alarm-tokens' `AlarmStates`. */
export interface AlarmStates {
  /** [B, d]. */
  visualHidden: Float32Array;
  /** [B, d]. */
  textualHidden: Float32Array;
  /** [B]. */
  visualLogits: Float32Array;
  /** [B]. */
  textualLogits: Float32Array;
}

/** Runs whole-sequence graphs over any number of sequences, in as few padded runs as fit. */
export class SequenceRunner {
  constructor(private readonly context: TrainingContext) {}

  /** Loss of stages 1-3 with gradients, summed over micro-batches. */
  async atSft(samples: readonly PreparedSample[], options: AtSftOptions): Promise<AtSftResult> {
    const trained = this.context.store.select(options.groups);
    const labelled = samples.filter(({ prompt }) => prompt.alarmPositions !== null).length;
    const tokens = samples.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
    const normalizers = options.normalizers ?? { tokens, visual: labelled, textual: labelled };
    const scalar = (value: number): Float32Array => Float32Array.of(value);
    const scalars = {
      token_normalizer: scalar(Math.max(1, normalizers.tokens)),
      visual_normalizer: scalar(Math.max(1, normalizers.visual)),
      textual_normalizer: scalar(Math.max(1, normalizers.textual)),
      lambda_visual: scalar(options.lambdaVisual),
      lambda_textual: scalar(options.lambdaTextual),
    };
    const absent = (): Float32Array => new Float32Array(samples.length).fill(Number.NaN);
    const result: AtSftResult = {
      loss: 0,
      lossLm: 0,
      lossVisual: 0,
      lossTextual: 0,
      tokens,
      visualLogits: absent(),
      textualLogits: absent(),
      gradients: emptyGradients(trained),
    };
    const names = [...trained.keys()];
    const key = `at-sft|${[...options.groups].sort()}`;
    await this.#run(
      samples,
      key,
      trained.keys(),
      options.signal,
      (view, lossRows) => buildAtSftView(view, lossRows, names),
      (batch, indices) => {
        const inBatch = indices.map((i) => samples[i] as PreparedSample);
        const alarmed = inBatch.map(({ prompt }) => (prompt.alarmPositions === null ? 0 : 1));
        return {
          ...scalars,
          token_weights: ones(batch.lossRows, batch.counts),
          visual_labels: Float32Array.from(inBatch, ({ labels }) => labels.visual),
          textual_labels: Float32Array.from(inBatch, ({ labels }) => labels.textual),
          visual_label_mask: Float32Array.from(alarmed),
          textual_label_mask: Float32Array.from(alarmed),
        };
      },
      (outputs, _batch, indices) => {
        for (const term of ["loss", "lossLm", "lossVisual", "lossTextual"] as const)
          result[term] += outputs(term)?.[0] ?? 0;
        for (const name of ["visualLogits", "textualLogits"] as const) {
          const logits = outputs(name);
          indices.forEach((index, i) => {
            if ((samples[index] as PreparedSample).prompt.alarmPositions !== null && logits)
              result[name][index] = logits[i] as number;
          });
        }
        addGradients(result.gradients, outputs);
      },
    );
    return result;
  }

  /** Log-probabilities of every completion token. */
  async logProbs(
    sequences: readonly Sequence[],
    options: {
      temperature?: number | undefined;
      replacements?: ReadonlyMap<string, Float32Array> | undefined;
      signal?: AbortSignal | undefined;
    },
  ): Promise<Float64Array[]> {
    const results = sequences.map(({ completionIds }) => new Float64Array(completionIds.length));
    const temperature = options.temperature ?? 1;
    await this.#run(
      sequences,
      `log-probs|${temperature}`,
      [],
      options.signal,
      (view, lossRows) => buildPolicyView(view, lossRows, temperature, null),
      () => ({}),
      (outputs, batch, indices) => {
        const values = outputs("log_probs") as Float32Array;
        let next = 0;
        indices.forEach((index, i) => {
          const count = batch.counts[i] as number;
          results[index]?.set(values.subarray(next, next + count));
          next += count;
        });
      },
      options.replacements,
    );
    return results;
  }

  /** Gradient of sum(coefficients[i][t] logProbs[i][t]) for the named parameters. */
  async policyGradients(
    sequences: readonly Sequence[],
    coefficients: readonly Float64Array[],
    groups: readonly ParameterGroup[],
    options: { temperature?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<Map<string, Float32Array>> {
    const trained = this.context.store.select(groups);
    const names = [...trained.keys()];
    const temperature = options.temperature ?? 1;
    const gradients = emptyGradients(trained);
    const key = `policy|${temperature}|${[...groups].sort()}`;
    await this.#run(
      sequences,
      key,
      names,
      options.signal,
      (view, lossRows) => buildPolicyView(view, lossRows, temperature, names),
      (batch, indices) => {
        const flat = new Float32Array(batch.lossRows);
        let next = 0;
        for (const index of indices) {
          const own = coefficients[index] as Float64Array;
          flat.set(own, next);
          next += own.length;
        }
        return { coefficients: flat };
      },
      (outputs) => addGradients(gradients, outputs),
    );
    return gradients;
  }

  /** @throws PromptError `alarm-tokens-missing` for a prompt without alarm tokens. */
  async alarmStates(sequences: readonly Sequence[], signal?: AbortSignal): Promise<AlarmStates> {
    const count = sequences.length;
    sequences.forEach(({ prompt }, i) => {
      if (prompt.alarmPositions !== null) return;
      throw new PromptError(
        "alarm-tokens-missing",
        `expected alarm tokens in every prompt, prompt ${i} has none; prepare it with alarmTokens: true`,
      );
    });
    const d = this.context.config.hiddenSize;
    const states: AlarmStates = {
      visualHidden: new Float32Array(count * d),
      textualHidden: new Float32Array(count * d),
      visualLogits: new Float32Array(count),
      textualLogits: new Float32Array(count),
    };
    await this.#run(
      sequences,
      "alarm-states",
      [],
      signal,
      (view) => buildAlarmStatesView(view),
      () => ({}),
      (outputs, _batch, indices) => {
        for (const name of ["visualHidden", "textualHidden", "visualLogits", "textualLogits"] as const) {
          const values = outputs(name) as Float32Array;
          const width = values.length / indices.length;
          indices.forEach((index, i) => {
            states[name].set(values.subarray(i * width, (i + 1) * width), index * width);
          });
        }
      },
    );
    return states;
  }

  /** Logits [M][V] of the tokens before each completion token, one array a sequence: [completion length, V]. */
  async logits(sequences: readonly Sequence[], signal?: AbortSignal): Promise<Float32Array[]> {
    const width = this.context.config.vocabularySize;
    const results = sequences.map(({ completionIds }) => new Float32Array(completionIds.length * width));
    await this.#run(
      sequences,
      "logits",
      [],
      signal,
      (view, lossRows) => buildLogitsView(view, lossRows),
      () => ({}),
      (outputs, batch, indices) => {
        const values = outputs("logits") as Float32Array;
        let next = 0;
        indices.forEach((index, i) => {
          const count = (batch.counts[i] as number) * width;
          results[index]?.set(values.subarray(next, next + count));
          next += count;
        });
      },
    );
    return results;
  }

  async #run(
    sequences: readonly Sequence[],
    key: string,
    trained: Iterable<string>,
    signal: AbortSignal | undefined,
    build: (view: ViewContext, lossRows: number) => BuiltView,
    feedsOf: (batch: CollatedBatch, indices: readonly number[]) => Record<string, Feed>,
    collect: (
      output: (name: string) => Float32Array | undefined,
      batch: CollatedBatch,
      indices: readonly number[],
    ) => void,
    replacements?: ReadonlyMap<string, Float32Array>,
  ): Promise<void> {
    const { config, store, sessions, vision, maxTokensPerRun } = this.context;
    const visionInGraph = this.#trainsVision(trained);
    if (!visionInGraph)
      await vision.ensure(
        sequences.flatMap(({ prompt }) => prompt.visual),
        signal,
      );
    for (const { indices, length } of planMicroBatches(sequences, maxTokensPerRun, visionInGraph)) {
      signal?.throwIfAborted();
      const members = indices.map((i) => sequences[i] as Sequence);
      const embeddings = visionInGraph ? null : vision.embeddings.bind(vision);
      const batch = collate(members, length, config, { embeddings });
      const view = await sessions.get(`${key}|${store.liveVersion}|${batch.lossRows}|${shapeKey(batch.shape)}`, () =>
        build({ config, store, shape: batch.shape }, batch.lossRows),
      );
      const feeds = selectInputs(view, { ...batch.feeds, ...feedsOf(batch, indices) }, store, replacements);
      const outputs = await view.session.run(feeds);
      collect((name) => outputs[name]?.data as Float32Array | undefined, batch, indices);
    }
  }

  #trainsVision(trained: Iterable<string>): boolean {
    for (const name of trained) {
      const group = this.context.store.tensors.get(name)?.group;
      if (group === "visionEncoder" || group === "projector") return true;
    }
    return false;
  }
}

function ones(size: number, counts: readonly number[]): Float32Array {
  return new Float32Array(size).fill(
    1,
    0,
    counts.reduce((a, b) => a + b, 0),
  );
}

function emptyGradients(parameters: ReadonlyMap<string, { readonly data: Float32Array }>): Map<string, Float32Array> {
  return new Map(Array.from(parameters, ([name, { data }]) => [name, new Float32Array(data.length)]));
}

function addGradients(
  totals: ReadonlyMap<string, Float32Array>,
  output: (name: string) => Float32Array | undefined,
): void {
  for (const [name, total] of totals) {
    const gradient = output(gradientOutput(name));
    if (gradient === undefined) continue;
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (gradient[i] as number);
  }
}
