import type { AlarmStates, AtSftOptions, AtSftResult, ParameterGroup } from "@videosafety/alarm-tokens";
import { NumericsError, PromptError } from "../errors.js";
import { sequenceCount } from "../graph/language-graph.js";
import {
  buildAlarmStatesGraph,
  buildAtSftGraph,
  buildLogitsGraph,
  buildPolicyGraph,
  gradientOutput,
} from "../graph/training-graphs.js";
import type { PreparedSample } from "../prompt/prompt.js";
import { runSequences, type TrainingContext } from "./run-sequences.js";
import type { Sequence } from "./sequence.js";

/** What a model computes over whole sequences: losses, gradients, log-probabilities, alarm states, logits. */
export class SequenceRunner {
  constructor(private readonly context: TrainingContext) {}

  /** Loss of stages 1-3 with gradients, summed over micro-batches. @throws NumericsError naming the term or the parameter */
  async atSft(samples: readonly PreparedSample[], options: AtSftOptions): Promise<AtSftResult> {
    const trained = this.context.store.select(options.groups);
    const isLabelled = (sample: PreparedSample, modality: "visual" | "textual"): boolean =>
      sample.prompt.alarmPositions !== null && sample.labels[modality] !== null;
    const labelled = (modality: "visual" | "textual"): number =>
      samples.filter((sample) => isLabelled(sample, modality)).length;
    const tokens = samples.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
    const normalizers = options.normalizers ?? { tokens, visual: labelled("visual"), textual: labelled("textual") };
    const scalar = (value: number): Float32Array => Float32Array.of(value);
    const scalars = {
      token_normalizer: scalar(Math.max(1, normalizers.tokens)),
      visual_normalizer: scalar(Math.max(1, normalizers.visual)),
      textual_normalizer: scalar(Math.max(1, normalizers.textual)),
      lambda_visual: scalar(options.lambdaVisual),
      lambda_textual: scalar(options.lambdaTextual),
    };
    const absent = (): Float32Array => new Float32Array(samples.length).fill(Number.NaN);
    const gradients = emptyGradients(trained);
    const result: AtSftResult = {
      loss: 0,
      lossLm: 0,
      lossVisual: 0,
      lossTextual: 0,
      tokens,
      visualLogits: absent(),
      textualLogits: absent(),
      gradients,
    };
    const names = [...trained.keys()];
    await runSequences(this.context, samples, {
      key: `at-sft|${[...options.groups].sort()}`,
      trained: names,
      signal: options.signal,
      build: (graph, lossRows) => buildAtSftGraph(graph, lossRows, names),
      feeds: (batch, indices) => {
        const inBatch = indices.map((i) => samples[i] as PreparedSample);
        const slots = new Float32Array(sequenceCount(batch.shape)); // 0 for empty sequences of a packed run
        const perSequence = (value: (sample: PreparedSample) => number): Float32Array =>
          slots.map((_, i) => (i < inBatch.length ? value(inBatch[i] as PreparedSample) : 0));
        const maskOf = (modality: "visual" | "textual"): Float32Array =>
          perSequence((sample) => Number(isLabelled(sample, modality)));
        return {
          ...scalars,
          token_weights: ones(batch.lossRows, batch.counts),
          visual_labels: perSequence(({ labels }) => labels.visual ?? 0),
          textual_labels: perSequence(({ labels }) => labels.textual ?? 0),
          visual_label_mask: maskOf("visual"),
          textual_label_mask: maskOf("textual"),
        };
      },
      collect: (outputs, _batch, indices) => {
        for (const term of ["loss", "lossLm", "lossVisual", "lossTextual"] as const)
          result[term] += outputs(term) === undefined ? 0 : (finite(outputs(term), term, 1)[0] as number); // no alarms, no such term
        for (const name of ["visualLogits", "textualLogits"] as const) {
          const logits = outputs(name);
          indices.forEach((index, i) => {
            if ((samples[index] as PreparedSample).prompt.alarmPositions !== null && logits)
              result[name][index] = logits[i] as number;
          });
        }
        addGradients(gradients, outputs);
      },
    });
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
    await runSequences(this.context, sequences, {
      key: `log-probs|${temperature}`,
      trained: [],
      signal: options.signal,
      replacements: options.replacements,
      build: (graph, lossRows) => buildPolicyGraph(graph, lossRows, temperature, null),
      collect: (outputs, { counts }, indices) => {
        scatterRows(finite(outputs("log_probs"), "log-probabilities", sum(counts)), counts, 1, indices, results);
      },
    });
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
    await runSequences(this.context, sequences, {
      key: `policy|${temperature}|${[...groups].sort()}`,
      trained: names,
      signal: options.signal,
      build: (graph, lossRows) => buildPolicyGraph(graph, lossRows, temperature, names),
      feeds: (batch, indices) => {
        const flat = new Float32Array(batch.lossRows);
        let next = 0;
        for (const index of indices) {
          const own = coefficients[index] as Float64Array;
          flat.set(own, next);
          next += own.length;
        }
        return { coefficients: flat };
      },
      collect: (outputs) => addGradients(gradients, outputs),
    });
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
    await runSequences(this.context, sequences, {
      key: "alarm-states",
      trained: [],
      signal,
      build: buildAlarmStatesGraph,
      collect: (outputs, { shape }, indices) => {
        for (const name of ["visualHidden", "textualHidden", "visualLogits", "textualLogits"] as const) {
          const values = outputs(name) as Float32Array;
          const width = values.length / sequenceCount(shape);
          finite(values, `alarm states (${name})`, indices.length * width);
          indices.forEach((index, i) => {
            states[name].set(values.subarray(i * width, (i + 1) * width), index * width);
          });
        }
      },
    });
    return states;
  }

  /** Logits [M][V] of the tokens before each completion token, one array a sequence: [completion length, V]. */
  async logits(sequences: readonly Sequence[], signal?: AbortSignal): Promise<Float32Array[]> {
    const width = this.context.config.vocabularySize;
    const results = sequences.map(({ completionIds }) => new Float32Array(completionIds.length * width));
    await runSequences(this.context, sequences, {
      key: "logits",
      trained: [],
      signal,
      build: buildLogitsGraph,
      collect: (outputs, { counts }, indices) => {
        scatterRows(finite(outputs("logits"), "logits", sum(counts) * width), counts, width, indices, results);
      },
    });
    return results;
  }
}

const NEXT = "check the weights of the model, and lower the learning rate where they were trained";

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

/** The first `length` values are of sequences, what follows pads. @throws NumericsError */
function finite(values: Float32Array | undefined, what: string, length: number): Float32Array {
  const found = values as Float32Array;
  for (let i = 0; i < length; i++) {
    if (Number.isFinite(found[i])) continue;
    throw new NumericsError(`expected finite ${what}, found ${found[i]}; ${NEXT}`);
  }
  return found;
}

function ones(size: number, counts: readonly number[]): Float32Array {
  return new Float32Array(size).fill(1, 0, sum(counts));
}

/** Deals the rows of a batch, `counts[i]` of them to the i-th of its sequences, out to the results. */
function scatterRows(
  values: Float32Array,
  counts: readonly number[],
  width: number,
  indices: readonly number[],
  results: readonly (Float32Array | Float64Array)[],
): void {
  let next = 0;
  indices.forEach((index, i) => {
    const count = (counts[i] as number) * width;
    results[index]?.set(values.subarray(next, next + count));
    next += count;
  });
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
    for (let i = 0; i < total.length; i++) {
      const value = gradient[i] as number;
      if (!Number.isFinite(value))
        throw new NumericsError(`expected a finite gradient of ${name}, found ${value}; ${NEXT}`);
      total[i] = (total[i] as number) + value;
    }
  }
}
