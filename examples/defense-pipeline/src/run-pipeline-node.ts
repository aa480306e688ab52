import { STAGE_1_ALARM_AR, STAGE_2_AT_SFT, STAGE_3_COT } from "@videosafety/alarm-tokens/train";
import { FeatureCache, loadVideoLlm, saveVideoLlm, type VideoLlm } from "@videosafety/video-llm";
import { type EvaluatedRun, relayEvents } from "@videosafety/vsb-eval";
import { videoFrames } from "@videosafety/vsb-eval/node";
import { trainAtSftStage } from "./at-sft-stage-node.js";
import { evaluateBaselines } from "./baselines-node.js";
import { evaluateStage, type StageEvaluation } from "./evaluate-stage-node.js";
import { trainGrpoStage } from "./grpo-stage-node.js";
import type { PipelineConfig } from "./pipeline-config.js";
import type { PipelineData, StageSample, TruthScores } from "./pipeline-data.js";
import type { PipelineEvent, Report } from "./pipeline-event.js";
import type { RunFolder } from "./run-folder-node.js";
import { signWorld } from "./world-node.js";
import { type PipelineResults, writeResults } from "./write-results-node.js";

/** A training stage: its name in folders and tables, and what it says when done. */
interface Stage {
  readonly name: string;
  readonly title: string;
  train(options: { model: VideoLlm; features: FeatureCache; report: Report }): Promise<string>;
}

/**
 * The whole defense: clips are made, the base checkpoint is evaluated, the stages follow, each evaluated on the same
 * held-out items; results.json and report.html are written at the end. Every finished step is kept in the run folder, and
 * a stage that was killed continues from its last checkpoint.
 */
export async function* runPipeline(options: {
  readonly config: PipelineConfig;
  readonly folder: RunFolder;
  readonly stages: readonly number[];
  readonly base: string;
  readonly signal: AbortSignal;
}): AsyncGenerator<PipelineEvent, void, void> {
  const { config, folder, signal } = options;
  const data = signWorld(config);

  /** Runs a step, which returns its summary, unless the run folder says that it was completed before. */
  async function* step(
    name: string,
    title: string,
    work: (report: Report) => Promise<string>,
  ): AsyncGenerator<PipelineEvent, void, void> {
    yield { type: "step-start", step: name, title };
    const started = performance.now();
    const kept = folder.completed<string>(name);
    if (kept !== undefined) {
      yield { type: "step-end", step: name, seconds: 0, summary: kept, resumed: true };
      return;
    }
    const summary = yield* relayEvents<PipelineEvent, string>((push) =>
      work((done, total, detail = "") => push({ type: "progress", step: name, done, total, detail })),
    );
    folder.complete(name, summary);
    const seconds = (performance.now() - started) / 1000;
    yield { type: "step-end", step: name, seconds, summary, resumed: false };
  }

  yield* step("world", "making the benchmark", async (report) => {
    const made = await data.write(folder, report, signal);
    return `${made.clips} H.264 clips, ${made.records} records in 10 languages`;
  });

  let model = await load(options.base);
  let features = new FeatureCache(model, { sampling: config.sampling });
  // Decoded once for all evaluations.
  const frames = videoFrames({ plan: features.plan });
  const runs: EvaluatedRun[] = [];
  const truth = new Map<string, TruthScores>();

  async function* evaluate(name: string): AsyncGenerator<PipelineEvent, void, void> {
    const context = { stage: name, model, features, frames, folder, data, config, signal };
    let evaluated: StageEvaluation | undefined;
    yield* step(`evaluate ${name}`, `evaluating ${name}`, async (report) => {
      evaluated = await evaluateStage({ ...context, report });
      return evaluationSummary(evaluated.run);
    });
    // One that was completed before is read back from its store, which asks nothing again.
    evaluated ??= await evaluateStage({ ...context, report: () => {} });
    runs.push(evaluated.run);
    truth.set(name, evaluated.truth);
  }

  const context = { data, frames, folder, config, signal };
  let baselines: EvaluatedRun[] | undefined;
  yield* step("baselines", "evaluating readers of words alone and of frames alone", async (report) => {
    baselines = await evaluateBaselines({ ...context, report });
    return baselines.map((run) => `${run.name}: ${evaluationSummary(run)}`).join("; ");
  });
  runs.push(...(baselines ?? (await evaluateBaselines({ ...context, report: () => {} }))));
  yield* evaluate("base");
  for (const [i, stage] of stagesOf(config, data, folder, signal).entries()) {
    if (!options.stages.includes(i + 1)) continue;
    const directory = folder.file("models", stage.name);
    if (folder.completed(stage.name) !== undefined) {
      await model.dispose();
      model = await load(directory);
      features = new FeatureCache(model, { sampling: config.sampling });
    }
    yield* step(stage.name, stage.title, async (report) => {
      const summary = await stage.train({ model, features, report });
      await model.dispose(); // the stage's graphs; the evaluation compiles its own
      await saveVideoLlm(model, directory);
      return summary;
    });
    yield* evaluate(stage.name);
  }

  const write = () => writeResults({ folder, config, data, runs, truth, frames, signal });
  let results: PipelineResults | undefined;
  yield* step("report", "writing results.json and report.html", async () => {
    results = await write();
    return folder.path;
  });
  yield { type: "results", results: results ?? (await write()) };
}

/** A checkpoint with everything trainable that any stage trains, so that all stages share compiled graphs. */
async function load(directory: string): Promise<VideoLlm> {
  const model = await loadVideoLlm(directory, { memoryPattern: false });
  model.trainableParameters(["llm", "alarmTokens", "classifiers"]);
  return model;
}

function stagesOf(config: PipelineConfig, data: PipelineData, folder: RunFolder, signal: AbortSignal): Stage[] {
  const { stage1, stage2, stage3 } = config;
  const shared = { folder, set: data.finetuning, signal };
  const common = { seed: config.seed, perDeviceTrainBatchSize: 8, saveSteps: 20, maxGradNorm: 1 };
  const summaryOf = ({ steps, loss }: { steps: number; loss: number }) => `${steps} steps, loss ${loss.toFixed(3)}`;
  return [
    {
      name: "stage-1",
      title: "stage 1, alarm tokens: autoregression",
      train: async (context) => {
        const rates = { llm: stage1.learningRate, alarmTokens: stage1.alarmLearningRate };
        const { epochs, batchSize } = stage1;
        const stage = { ...STAGE_1_ALARM_AR, ...common, numTrainEpochs: epochs, batchSize, learningRates: rates };
        const completionOf = (sample: { answer: string }) => sample.answer;
        return summaryOf(
          await trainAtSftStage({ ...context, ...shared, name: "stage-1", completionOf, config: stage }),
        );
      },
    },
    {
      name: "stage-2",
      title: "stage 2, AT-SFT: alarm classification",
      train: async (context) => {
        const alarm = stage2.alarmLearningRate;
        const rates = { llm: stage2.learningRate, alarmTokens: alarm, classifiers: alarm };
        const { epochs, batchSize, lambdaVisual, lambdaTextual } = stage2;
        const weights = { lambdaVisual, lambdaTextual };
        const stage = {
          ...STAGE_2_AT_SFT,
          ...common,
          numTrainEpochs: epochs,
          batchSize,
          ...weights,
          learningRates: rates,
        };
        const completionOf = (sample: { answer: string }) => sample.answer;
        return summaryOf(
          await trainAtSftStage({ ...context, ...shared, name: "stage-2", completionOf, config: stage }),
        );
      },
    },
    {
      name: "stage-3",
      title: "stage 3, chain of thought cold start",
      train: async (context) => {
        const { epochs, batchSize } = stage3;
        const stage = {
          ...STAGE_3_COT,
          ...common,
          numTrainEpochs: epochs,
          batchSize,
          learningRates: { llm: stage3.learningRate },
        };
        const cot = { set: data.chainOfThought, completionOf: ({ completion }: StageSample) => completion };
        return summaryOf(await trainAtSftStage({ ...context, ...shared, ...cot, name: "stage-3", config: stage }));
      },
    },
    {
      name: "stage-4",
      title: "stage 4, safety-guided GRPO",
      train: async (context) => {
        const set = data.reinforcement;
        const done = await trainGrpoStage({ ...context, folder, set, config, signal });
        return `${done.steps} steps, mean reward ${done.firstReward.toFixed(2)} -> ${done.lastReward.toFixed(2)} (most 3.1)`;
      },
    },
  ];
}

function evaluationSummary({ units }: EvaluatedRun): string {
  const share = (subset: string, arm: string): string => {
    const judged = units.filter(
      (unit) => unit.item.subset === subset && unit.arm === arm && unit.verdict?.safe != null,
    );
    const safe = judged.filter((unit) => unit.verdict?.safe === 1).length;
    return judged.length === 0 ? "-" : `${((100 * safe) / judged.length).toFixed(0)} %`;
  };
  return `refusals: HH ${share("HH", "video")} (without video ${share("HH", "text")}), SH ${share("SH", "video")}, SafeQ ${share("SafeQ", "video")}`;
}
