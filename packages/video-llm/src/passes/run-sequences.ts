import type { Feed } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import type { GraphCache, GraphPlan } from "../graph/graph-cache.js";
import { shapeKey } from "../graph/language-graph.js";
import type { GraphContext } from "../graph/training-graphs.js";
import type { ParameterStore } from "../weights/parameter-store.js";
import { type CollatedBatch, collate, planMicroBatches } from "./batch.js";
import { planPackedRuns } from "./packing.js";
import { selectInputs } from "./select-inputs.js";
import type { Sequence } from "./sequence.js";
import type { VisionEncoding } from "./vision-encoding.js";

/** What training needs of the model. */
export interface TrainingContext {
  /** Sizes. */
  readonly config: VideoLlmConfig;
  /** Tensors. */
  readonly store: ParameterStore;
  /** Compiled graphs. */
  readonly sessions: GraphCache;
  /** Visual embeddings for graphs without the vision encoder. */
  readonly vision: VisionEncoding;
  /** Most tokens of one run: with padding, or packed without. */
  readonly maxTokensPerRun: number;
  /** Whether the sequences of a run are packed instead of padded. Default false. */
  readonly packing?: boolean;
}

/** What is computed for sequences, and where it goes. */
export interface SequencePass {
  /** Names the graph apart from its shape. */
  readonly key: string;
  /** Parameters whose gradients the graph computes: vision among them puts the vision encoder into the graph. */
  readonly trained: readonly string[];
  /** Builds the graph for one shape. */
  build(context: GraphContext, lossRows: number): GraphPlan;
  /** Inputs beside those of `collate`; `indices` are the batch's sequences. */
  feeds?(batch: CollatedBatch, indices: readonly number[]): Record<string, Feed>;
  /** Takes the outputs of one batch. */
  collect(output: (name: string) => Float32Array | undefined, batch: CollatedBatch, indices: readonly number[]): void;
  /** Values that stand in for live parameters. */
  readonly replacements?: ReadonlyMap<string, Float32Array> | undefined;
  /** Stops the work between runs. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs a whole-sequence graph over any number of sequences, in as few padded or packed runs as fit. */
export async function runSequences(
  context: TrainingContext,
  sequences: readonly Sequence[],
  pass: SequencePass,
): Promise<void> {
  const { config, store, sessions, vision, maxTokensPerRun } = context;
  const { signal } = pass;
  const visionInGraph = pass.trained.some((name) => isVision(store.tensors.get(name)?.group));
  const visual = sequences.flatMap(({ prompt }) => prompt.visual);
  if (!visionInGraph) await vision.ensure(visual, signal);
  const embeddings = visionInGraph ? null : vision.embeddings.bind(vision);
  const plan = context.packing ? planPackedRuns : planMicroBatches;
  for (const { indices, length, packed } of plan(sequences, maxTokensPerRun, visionInGraph)) {
    signal?.throwIfAborted();
    const members = indices.map((i) => sequences[i] as Sequence);
    const batch = collate(members, length, config, { embeddings }, packed);
    const key = `${pass.key}|${store.liveVersion}|${batch.lossRows}|${shapeKey(batch.shape)}`;
    const feeds = { ...batch.feeds, ...pass.feeds?.(batch, indices) };
    const outputs = await sessions.use(
      key,
      () => pass.build({ config, store, shape: batch.shape }, batch.lossRows),
      (compiled) => compiled.session.run(selectInputs(compiled, feeds, store, pass.replacements)),
    );
    pass.collect((name) => outputs[name]?.data as Float32Array | undefined, batch, indices);
  }
}

/** Whether a group belongs to the vision encoder's graph. */
export const isVision = (group: string | undefined): boolean => group === "visionEncoder" || group === "projector";
