import type { Feed } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import { selectInputs } from "../generation/generation-context.js";
import { shapeKey } from "../graph/language-view.js";
import type { BuiltView, ViewContext } from "../graph/training-views.js";
import type { ViewCache } from "../graph/view-cache.js";
import type { ParameterStore } from "../weights/parameter-store.js";
import { type CollatedBatch, collate, planMicroBatches, type Sequence } from "./batch.js";
import { planPackedRuns } from "./packing.js";
import type { VisionEncoding } from "./vision-encoding.js";

/** What training needs of the model. */
export interface TrainingContext {
  /** Sizes. */
  readonly config: VideoLlmConfig;
  /** Tensors. */
  readonly store: ParameterStore;
  /** Compiled graphs. */
  readonly sessions: ViewCache;
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
  build(view: ViewContext, lossRows: number): BuiltView;
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
      (view) => view.session.run(selectInputs(view, feeds, store, pass.replacements)),
    );
    pass.collect((name) => outputs[name]?.data as Float32Array | undefined, batch, indices);
  }
}

/** Whether a group belongs to the vision encoder's graph. */
export const isVision = (group: string | undefined): boolean => group === "visionEncoder" || group === "projector";
