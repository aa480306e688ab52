import {
  createRuleJudge,
  type EvaluatedRun,
  type FrameSource,
  loadRun,
  type Responder,
  runEvaluation,
} from "@videosafety/vsb-eval";
import {
  createDecisionResponder,
  type Decision,
  frameFeatures,
  standardizer,
  trainLogisticRegression,
  wordDecisions,
} from "@videosafety/vsb-eval/baselines";
import { JsonlFileStore } from "@videosafety/vsb-eval/node";
import { ARMS } from "./evaluate-stage-node.js";
import type { PipelineConfig } from "./pipeline-config.js";
import type { PipelineData, StageSample, StageSet } from "./pipeline-data.js";
import type { Report } from "./pipeline-event.js";
import type { RunFolder } from "./run-folder-node.js";

const labelOf = ({ labels }: StageSample): 0 | 1 => labels.textual;

/**
 * Readers that are no models, for the same table: always and never refuse, words of the query only, frames of the clip
 * only. The last two learn from stage 3's records. What they reach, the benchmark gives away without a Video LLM.
 */
export async function baselineResponders(
  training: StageSet,
  frames: FrameSource,
  folder: RunFolder,
  signal: AbortSignal,
) {
  const decisions = wordDecisions(training.samples.map((sample) => ({ text: sample.query, label: labelOf(sample) })));
  decisions.set("frames: logistic regression", await frameReader(training, frames, folder, signal));
  return new Map<string, Responder>(
    Array.from(decisions, ([name, refuses]) => [name, createDecisionResponder(`defense-pipeline/${name}`, refuses)]),
  );
}

/** Refuses by the frames; without a clip it has nothing to read and does not refuse. */
async function frameReader(
  training: StageSet,
  frames: FrameSource,
  folder: RunFolder,
  signal: AbortSignal,
): Promise<Decision> {
  const features = new Map<string, Float64Array>();
  for (const { path } of training.clips) {
    const clip = await frames.sample({ path: folder.file("clips", path) }, { frameCount: null, signal });
    features.set(path, frameFeatures(clip));
  }
  const shown = training.samples.flatMap((sample) =>
    sample.clip === null ? [] : [{ sample, path: sample.clip.path }],
  );
  const rows = shown.map(({ path }) => features.get(path) as Float64Array);
  const scale = standardizer([...features.values()]);
  const model = trainLogisticRegression(
    rows.map(scale),
    shown.map(({ sample }) => labelOf(sample)),
    { columns: rows[0]?.length ?? 0, epochs: 10, learningRate: 0.05, penalty: 1e-2 },
  );
  return ({ frames: video }) => video !== null && model.score(scale(frameFeatures(video))) > 0;
}

/** Asks every baseline every held-out item, with and without its video, and judges them as the models. */
export async function evaluateBaselines(options: {
  readonly data: PipelineData;
  readonly frames: FrameSource;
  readonly folder: RunFolder;
  readonly config: PipelineConfig;
  readonly report: Report;
  readonly signal: AbortSignal;
}): Promise<EvaluatedRun[]> {
  const { data, frames, folder, config, report, signal } = options;
  const items = data.items((path) => folder.file("clips", path));
  const judge = createRuleJudge();
  const runs: EvaluatedRun[] = [];
  const responders = await baselineResponders(data.chainOfThought, frames, folder, signal);
  for (const [name, responder] of responders) {
    const store = await JsonlFileStore.open(folder.file("evaluation", name.replace(/\W+/g, "-")));
    const generation = { maxNewTokens: config.maxNewTokens };
    try {
      for await (const _ of runEvaluation({
        items,
        responder,
        arms: ARMS,
        judge,
        store,
        sampling: frames,
        generation,
        signal,
      }));
      runs.push(
        loadRun(store, { name, seed: config.seed, responder: responder.id, judge: judge.id, items, arms: ARMS }),
      );
    } finally {
      await store.close();
    }
    report(runs.length, responders.size, name);
  }
  return runs;
}
