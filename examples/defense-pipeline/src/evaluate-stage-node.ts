import type { EvalItem } from "@videosafety/safety-data";
import type { FeatureCache, VideoLlm } from "@videosafety/video-llm";
import {
  createLocalResponder,
  createRuleJudge,
  type EvaluatedRun,
  type FrameSource,
  loadRun,
  runEvaluation,
} from "@videosafety/vsb-eval";
import { JsonlFileStore } from "@videosafety/vsb-eval/node";
import type { PipelineConfig } from "./pipeline-config.js";
import type { PipelineData, TruthScores } from "./pipeline-data.js";
import type { Report } from "./pipeline-event.js";
import type { RunFolder } from "./run-folder-node.js";

/** Every item is asked with its video, and without. */
export const ARMS = ["video", "text"];

/** One checkpoint's evaluation. */
export interface StageEvaluation {
  /** Every unit with its verdict. */
  readonly run: EvaluatedRun;
  /** What the answers are worth by the scenes' truth. */
  readonly truth: TruthScores;
}

/**
 * Asks a checkpoint every held-out item with and without its video. Answers and verdicts are stored as they come: a
 * killed evaluation goes on where it stopped.
 */
export async function evaluateStage(options: {
  readonly stage: string;
  readonly model: VideoLlm;
  readonly features: FeatureCache;
  readonly frames: FrameSource;
  readonly folder: RunFolder;
  readonly data: PipelineData;
  readonly config: PipelineConfig;
  readonly report: Report;
  readonly signal: AbortSignal;
}): Promise<StageEvaluation> {
  const { stage, model, features, frames, folder, data, config, report, signal } = options;
  const responder = createLocalResponder({
    id: `defense-pipeline/${stage}`,
    model,
    featuresOf: (video) => features.ofVideo(video),
    alarmTokens: stage !== "base", // the base has never seen them
  });
  const ask = async (name: string, items: readonly EvalItem[]): Promise<EvaluatedRun> => {
    const judge = createRuleJudge();
    const store = await JsonlFileStore.open(folder.file("evaluation", name));
    try {
      for await (const event of runEvaluation({
        items,
        responder,
        arms: ARMS,
        judge,
        store,
        sampling: frames,
        generation: { maxNewTokens: config.maxNewTokens },
        batchSize: 96,
        signal,
      })) {
        if (event.type === "progress") report(event.done, event.total);
      }
      const { id } = responder;
      return loadRun(store, { name: stage, seed: config.seed, responder: id, judge: judge.id, items, arms: ARMS });
    } finally {
      await store.close();
    }
  };
  const inFolder = (path: string): string => folder.file("clips", path);
  const run = await ask(stage, data.items(inFolder));
  const references = data.references(inFolder);
  const referring = references.length === 0 ? [] : (await ask(`${stage}-references`, references)).units;
  return { run, truth: data.judge([...run.units, ...referring]) };
}
