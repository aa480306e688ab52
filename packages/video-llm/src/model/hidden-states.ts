import type {
  AttentionWeights,
  HiddenStateModel,
  HiddenStateRequest,
  ParameterGroup,
  TrainableModel,
} from "@videosafety/alarm-tokens";
import { OptionsError } from "../errors.js";
import { GraphCache } from "../graph/graph-cache.js";
import {
  attentionOutput,
  buildAttentionGraph,
  buildHiddenGradientsGraph,
  buildHiddenStatesGraph,
  hiddenOutput,
} from "../graph/hidden-states-graph.js";
import { gradientOutput } from "../graph/training-graphs.js";
import { bucketSize } from "../passes/bucket.js";
import { isVision, runSequences, type TrainingContext } from "../passes/run-sequences.js";
import { VisionEncoding } from "../passes/vision-encoding.js";
import type { PreparedSample } from "../prompt/prompt.js";
import { ParameterStore } from "../weights/parameter-store.js";
import type { VideoLlm } from "./video-llm.js";

/** A model whose inside can be read and trained: what alarm-tokens' auxiliary heads and analysis ask for. */
export interface OpenedVideoLlm extends TrainableModel<PreparedSample>, HiddenStateModel<PreparedSample> {
  /** Frees the compiled graphs of it; the model itself stays usable. */
  dispose(): Promise<void>;
}

const GROUPS: readonly ParameterGroup[] = ["llm", "alarmTokens", "classifiers", "projector", "visionEncoder"];

/**
 * Opens a model: `hiddenStates`, `hiddenGradients` and `attentionWeights` over its prompts (completions are left out),
 * beside its own training methods. Works on the model's live tensors with compiled graphs of its own; visual features are
 * encoded again for it. Vision cannot be trained through `hiddenGradients`: the two groups get no gradient.
 *
 * @throws OptionsError for positions outside a prompt, layers outside [0, layerCount], or gradients of another size.
 */
export function openHiddenStates(model: VideoLlm): OpenedVideoLlm {
  const { config, hiddenSize } = model;
  const store = new ParameterStore(model.tensors, 0); // nothing becomes a constant: tensors are read as they are now
  if (model.lora !== null) store.addLora(model.lora, new Map());
  if (!store.frozenBase) store.select(GROUPS);
  const sessions = new GraphCache({ memoryPattern: false }, 16);
  const vision = new VisionEncoding(config, store, sessions);
  const context: TrainingContext = { config, store, sessions, vision, maxTokensPerRun: 4096 };
  const last = config.layers;

  return {
    hiddenSize,
    layerCount: last,
    trainableParameters: (groups) => model.trainableParameters(groups),
    parametersChanged: () => {
      model.parametersChanged();
      store.changed();
    },
    atSftGradients: (samples, options) => model.atSftGradients(samples, options),
    alarmStates: (samples, options) => model.alarmStates(samples, options),
    dispose: () => sessions.clear(),

    async hiddenStates(samples, { positions, layers = [last], signal }: HiddenStateRequest) {
      const starts = rowStarts(samples, positions);
      const outside = layers.find((layer) => !(Number.isInteger(layer) && layer >= 0 && layer <= last));
      if (outside !== undefined)
        throw new OptionsError(`expected layers in [0, ${last}] (0 = embeddings), found ${outside}`);
      const total = starts.at(-1) as number;
      const states = new Map(layers.map((layer) => [layer, new Float32Array(total * hiddenSize)]));
      await forBatches(samples, positions, {
        key: `hidden|${layers}`,
        signal,
        build: (shape, rows) => buildHiddenStatesGraph(shape, rows, layers),
        collect: (output, indices) => {
          for (const [layer, target] of states) {
            const values = output(hiddenOutput(layer)) as Float32Array;
            let next = 0;
            for (const index of indices) {
              const size = (positions[index] as readonly number[]).length * hiddenSize;
              target.set(values.subarray(next, next + size), (starts[index] as number) * hiddenSize);
              next += size;
            }
          }
        },
      });
      return states;
    },

    async hiddenGradients(samples, dLossDHidden, { positions, groups, signal }) {
      const starts = rowStarts(samples, positions);
      const total = (starts.at(-1) as number) * hiddenSize;
      if (dLossDHidden.length !== total)
        throw new OptionsError(`expected gradients of ${total} hidden values, found ${dLossDHidden.length}`);
      const trained = [...model.trainableParameters(groups)].filter(([, { group }]) => !isVision(group));
      const names = trained.map(([name]) => name);
      const gradients = new Map(trained.map(([name, { data }]) => [name, new Float32Array(data.length)]));
      await forBatches(samples, positions, {
        key: `hidden-gradients|${[...groups].sort()}`,
        signal,
        cotangents: (index) => {
          const from = (starts[index] as number) * hiddenSize;
          return dLossDHidden.subarray(from, (starts[index + 1] as number) * hiddenSize);
        },
        build: (shape, rows) => buildHiddenGradientsGraph(shape, rows, names),
        collect: (output) => {
          for (const [name, sum] of gradients) {
            const gradient = output(gradientOutput(name));
            if (gradient === undefined) continue; // the states do not depend on it (a head, say)
            for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (gradient[i] as number);
          }
        },
      });
      return gradients;
    },

    async attentionWeights(sample, { signal } = {}) {
      const own = sample.prompt.tokenIds.length;
      const layers: AttentionWeights[] = [];
      await runSequences(context, [promptOf(sample)], {
        key: "attention",
        trained: [],
        signal,
        build: buildAttentionGraph,
        collect: (output, { shape: { length } }) => {
          for (let layer = 1; layer <= last; layer++) {
            const padded = output(attentionOutput(layer)) as Float32Array;
            const data = new Float32Array(config.heads * own * own);
            for (let row = 0; row < config.heads * own; row++) {
              const from = (Math.floor(row / own) * length + (row % own)) * length;
              data.set(padded.subarray(from, from + own), row * own);
            }
            layers.push({ layer, data, dims: [config.heads, own, own] });
          }
        },
      });
      return layers;
    },
  };

  /** Runs a graph over samples in padded batches; its input `rows` holds the positions, padded with row 0. */
  async function forBatches(
    samples: readonly PreparedSample[],
    positions: readonly (readonly number[])[],
    pass: {
      readonly key: string;
      readonly signal?: AbortSignal | undefined;
      readonly cotangents?: (index: number) => Float32Array;
      readonly build: (
        shape: Parameters<typeof buildHiddenStatesGraph>[0],
        rows: number,
      ) => ReturnType<typeof buildHiddenStatesGraph>;
      readonly collect: (output: (name: string) => Float32Array | undefined, indices: readonly number[]) => void;
    },
  ): Promise<void> {
    // One run at a time, so that the number of rows is known before the graph is built.
    for (let start = 0; start < samples.length; start += SAMPLES_A_RUN) {
      const chunk = samples.slice(start, start + SAMPLES_A_RUN);
      const count = positions.slice(start, start + SAMPLES_A_RUN).flat().length;
      if (count === 0) continue;
      const rows = bucketSize(count, 8);
      await runSequences({ ...context, maxTokensPerRun: Number.POSITIVE_INFINITY }, chunk.map(promptOf), {
        key: `${pass.key}|${rows}`,
        trained: [],
        signal: pass.signal,
        build: (shape) => pass.build(shape, rows),
        feeds: ({ shape: { length } }, indices) => {
          const flat = new Int32Array(rows);
          const cotangents = new Float32Array(rows * hiddenSize);
          let next = 0;
          indices.forEach((index, b) => {
            cotangents.set(pass.cotangents?.(start + index) ?? [], next * hiddenSize);
            for (const position of positions[start + index] as readonly number[]) flat[next++] = b * length + position;
          });
          return { rows: flat, cotangents };
        },
        collect: (output, _batch, indices) =>
          pass.collect(
            output,
            indices.map((index) => start + index),
          ),
      });
    }
  }
}

/** Samples that share a run: all of one run, whatever their lengths. */
const SAMPLES_A_RUN = 16;

const promptOf = ({ prompt }: PreparedSample) => ({ prompt, completionIds: new Int32Array(0) });

/** First row of each sample and, last, their number. @throws OptionsError for positions that do not fit */
function rowStarts(samples: readonly PreparedSample[], positions: readonly (readonly number[])[]): number[] {
  if (positions.length !== samples.length)
    throw new OptionsError(`expected positions for ${samples.length} samples, found ${positions.length} lists`);
  const starts = [0];
  positions.forEach((own, i) => {
    const length = (samples[i] as PreparedSample).prompt.tokenIds.length;
    const outside = own.find((position) => !(Number.isInteger(position) && position >= 0 && position < length));
    if (outside !== undefined)
      throw new OptionsError(`expected positions in [0, ${length}) for sample ${i}, found ${outside}`);
    starts.push((starts.at(-1) as number) + own.length);
  });
  return starts;
}
