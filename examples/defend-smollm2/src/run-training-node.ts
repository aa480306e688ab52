import { appendFileSync } from "node:fs";
import {
  type AtSftConfigInput,
  latestCheckpoint,
  type SampleSource,
  trainAtSft,
} from "@videosafety/alarm-tokens/train";
import { readCheckpoint, restoreCheckpoint } from "@videosafety/onnx-autodiff";
import type { ParameterGroup, PreparedSample, VideoLlm } from "@videosafety/video-llm";

/** What is done, of how much, and how it goes. */
export type Report = (done: number, total: number, detail: string) => void;

/** Where a training is kept, and to whom it reports. */
export interface TrainingPlace {
  /** Checkpoints; a training goes on from the newest. */
  readonly directory: string;
  /** One JSON line per step is added to this file. */
  readonly log: string;
  /** Told of every step. */
  readonly report: Report;
  /** The training ends after this many steps, wherever its schedule is. Default: at its end. */
  readonly stopAfter?: number;
}

/** One training with alarm-tokens' trainer, from its newest checkpoint on. Returns the mean loss of its last ten steps. */
export async function runTraining(
  model: VideoLlm,
  source: SampleSource<PreparedSample>,
  config: AtSftConfigInput,
  { directory, log, report, stopAfter = Number.POSITIVE_INFINITY }: TrainingPlace,
): Promise<{ readonly steps: number; readonly loss: number | null }> {
  const losses: number[] = [];
  let steps = 0;
  const resumeFrom = await latestCheckpoint(directory);
  if (resumeFrom !== undefined) {
    const saved = await readCheckpoint(resumeFrom);
    if (saved.step >= stopAfter) {
      const groups = Object.keys(config.learningRates) as ParameterGroup[];
      restoreCheckpoint(saved, { parameters: model.trainableParameters(groups) });
      model.parametersChanged();
      return { steps: saved.step, loss: null };
    }
  }
  for await (const event of trainAtSft({
    model,
    data: {
      sources: { samples: source },
      describe: ({ prompt, completionIds, labels }) => ({
        assistantTokens: completionIds.length,
        sequenceTokens: prompt.tokenIds.length + completionIds.length,
        labels,
      }),
    },
    config,
    checkpointDirectory: directory,
    resumeFrom,
  })) {
    // The checkpoint of the last step comes after it.
    if (event.type === "checkpoint" && event.step >= stopAfter) break;
    if (event.type !== "step") continue;
    const { step, totalSteps, loss, lossLm, lossVisual, lossTextual, gradientNorm, sequenceTokens, seconds } = event;
    appendFileSync(
      log,
      `${JSON.stringify({ step, loss, lossLm, lossVisual, lossTextual, gradientNorm, sequenceTokens, seconds })}\n`,
    );
    steps = step;
    losses.push(loss);
    report(step, Math.min(totalSteps, stopAfter), `loss ${loss.toFixed(3)}`);
  }
  const last = losses.slice(-10);
  return { steps, loss: last.length === 0 ? null : last.reduce((sum, loss) => sum + loss, 0) / last.length };
}
