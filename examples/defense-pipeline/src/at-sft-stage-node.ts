import { type AtSftConfigInput, latestCheckpoint, trainAtSft } from "@videosafety/alarm-tokens/train";
import type { FeatureCache, PreparedSample, VideoLlm } from "@videosafety/video-llm";
import type { StageSample, StageSet } from "./pipeline-data.js";
import type { Report } from "./pipeline-event.js";
import type { RunFolder } from "./run-folder-node.js";

/** A sample's prompt, with alarm tokens unless told otherwise, and the completion to learn. */
export async function prepareSample(
  model: VideoLlm,
  features: FeatureCache,
  folder: RunFolder,
  sample: StageSample,
  completion: string,
  alarmTokens = true,
): Promise<PreparedSample> {
  const visual = sample.clip === null ? null : await features.ofFile(folder.file("clips", sample.clip.path));
  const prompt = model.preparePrompt({
    messages: [{ role: "user", content: sample.query }],
    visual,
    alarmTokens,
  });
  return model.prepareSample({ prompt, completion, labels: sample.labels });
}

/** What the stage did, for its line of progress. */
export interface StageSummary {
  /** Optimizer steps. */
  readonly steps: number;
  /** Mean loss of the last ten steps. */
  readonly loss: number;
}

/** One of the stages 1-3 on a world set. Continues from its last checkpoint when there is one. */
export async function trainAtSftStage(options: {
  readonly model: VideoLlm;
  readonly features: FeatureCache;
  readonly folder: RunFolder;
  readonly name: string;
  readonly set: StageSet;
  readonly completionOf: (sample: StageSample) => string;
  readonly config: AtSftConfigInput;
  /** Off for training without the method, as a comparison. Default true. */
  readonly alarmTokens?: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
}): Promise<StageSummary> {
  const { model, features, folder, name, set, completionOf, config, alarmTokens, report, signal } = options;
  const checkpointDirectory = folder.file("checkpoints", name);
  const resumeFrom = await latestCheckpoint(checkpointDirectory);
  const prepared = new Map<number, Promise<PreparedSample>>();
  const get = (index: number): Promise<PreparedSample> => {
    let sample = prepared.get(index);
    if (sample === undefined) {
      const record = set.samples[index] as StageSample;
      sample = prepareSample(model, features, folder, record, completionOf(record), alarmTokens);
      prepared.set(index, sample);
    }
    return sample;
  };
  const losses: number[] = [];
  let steps = 0;
  for await (const event of trainAtSft({
    model,
    data: {
      sources: { world: { length: set.samples.length, get, fingerprintOf: (index) => set.samples[index] } },
      describe: ({ prompt, completionIds, labels }) => ({
        assistantTokens: completionIds.length,
        sequenceTokens: prompt.tokenIds.length + completionIds.length,
        labels,
      }),
    },
    config,
    checkpointDirectory,
    resumeFrom,
    signal,
  })) {
    if (event.type !== "step") continue;
    steps = event.totalSteps;
    losses.push(event.loss);
    const alarms = config.lambdaVisual ? `, alarms ${(event.lossVisual + event.lossTextual).toFixed(3)}` : "";
    report(event.step, event.totalSteps, `loss ${event.lossLm.toFixed(3)}${alarms}`);
  }
  const last = losses.slice(-10);
  return { steps, loss: last.reduce((sum, loss) => sum + loss, 0) / Math.max(1, last.length) };
}
