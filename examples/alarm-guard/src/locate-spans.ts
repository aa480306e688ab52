import {
  auc,
  calibrateGuard,
  createGuard,
  type GuardCalibration,
  type GuardModel,
  spanOverlap,
  type TimeSpan,
} from "@videosafety/alarm-tokens";
import type { PreparedSample, VideoLlm } from "@videosafety/video-llm";
import { prepareAll, prepareMicro } from "./micro-model.js";
import { cutClip, FRAME, type MicroSample } from "./micro-world.js";
import { EVERY_FRAME, type SegmentAlarms } from "./segment-alarms.js";

/** How well a guard says which second is harmful, over harmful clips. */
export interface SpanFinding {
  /** Mean intersection over union of the reported and the true time spans; 0 where none was reported. */
  readonly overlap: number;
  /** Share of the clips whose visual alarm was raised: only those get spans. */
  readonly flagged: number;
  /** Mean number of prompts that went through the model for one clip. */
  readonly passes: number;
}

/** As above, with the guard's own share of the time. */
export interface WindowFinding extends SpanFinding {
  /** Median of the guard's own share of `assess`. */
  readonly overheadShare: number;
}

/** As above, with what the segment alarms know apart from thresholds. */
export interface SegmentFinding extends SpanFinding {
  /** AUC of the alarms of harmful seconds against those of the other seconds of the same clips. */
  readonly secondsAuc: number;
  /** AUC of the visual alarm on whole clips. */
  readonly visualAuc: number;
}

const harmfulOf = (samples: readonly MicroSample[]): MicroSample[] =>
  samples.filter(({ clip }) => clip?.hazard != null).slice(0, 60);

const hazardOf = ({ clip }: MicroSample): TimeSpan => clip?.hazard as TimeSpan;

/** Runs the guard as a product would: video and query in, verdict and time spans out; a flagged clip is run again second by second. */
export async function locateByWindows(
  model: VideoLlm,
  calibration: GuardCalibration,
  samples: readonly MicroSample[],
): Promise<WindowFinding> {
  const counted = countPrompts(model);
  const guard = createGuard<MicroSample, PreparedSample>(counted, calibration, {
    prepare: (sample) => prepareMicro(model, sample),
    windows: ({ clip, ...sample }) =>
      clip === null
        ? []
        : Array.from({ length: FRAME.count }, (_, t) => ({
            startSeconds: t,
            endSeconds: t + 1,
            input: { ...sample, clip: cutClip(clip, t, t + 1) },
          })),
  });
  const overlaps: number[] = [];
  const shares: number[] = [];
  const harmful = harmfulOf(samples);
  let flagged = 0;
  for (const sample of harmful) {
    const { spans, flags, latency } = await guard.assess(sample);
    flagged += flags.visual ? 1 / harmful.length : 0;
    overlaps.push(overlapOf(spans, [hazardOf(sample)]));
    shares.push(latency.guardMs / latency.totalMs);
  }
  shares.sort((a, b) => a - b);
  return {
    overlap: mean(overlaps),
    flagged,
    passes: counted.prompts / overlaps.length,
    overheadShare: shares[Math.floor(shares.length / 2)] as number,
  };
}

/**
 * The same with segment alarms: one pass tells verdict and spans.
 *
 * @param options the promise of the guard; that of segments is one in five safe clips, in the mean: spans wait for the visual
 *   flag, which has the promise of the guard
 */
export async function locateBySegments(
  model: VideoLlm,
  { guardModel }: SegmentAlarms,
  { calibrate, measure }: { readonly calibrate: readonly MicroSample[]; readonly measure: readonly MicroSample[] },
  options: { readonly targetFrr: number; readonly confidence: number | null },
): Promise<SegmentFinding> {
  const known = await prepareAll(model, calibrate, EVERY_FRAME);
  const states = await guardModel.alarmStates(known);
  const labels = known.map((sample) => sample.labels);
  const segments = { logits: states.segments.map(({ logits }) => logits), targetFrr: 0.2, confidence: null };
  const calibration = calibrateGuard({ ...states, ...options, segments, labels });
  const counted = countPrompts(guardModel);
  const guard = createGuard<MicroSample, PreparedSample>(counted, calibration, {
    prepare: (sample) => prepareMicro(model, sample, EVERY_FRAME),
  });
  const harmful = harmfulOf(measure);
  const overlaps: number[] = [];
  let flagged = 0;
  for (const sample of harmful) {
    const { spans, flags } = await guard.assess(sample);
    flagged += flags.visual ? 1 / harmful.length : 0;
    overlaps.push(overlapOf(spans, [hazardOf(sample)]));
  }
  const seen = await guardModel.alarmStates(await prepareAll(model, harmful, EVERY_FRAME));
  const seconds = seen.segments.flatMap(({ spans, logits }, i) => {
    const { startSeconds, endSeconds } = hazardOf(harmful[i] as MicroSample);
    return spans.map((span, t) => ({
      logit: logits[t] as number,
      harmful: span.startSeconds >= startSeconds && span.startSeconds < endSeconds ? 1 : 0,
    }));
  });
  return {
    overlap: mean(overlaps),
    flagged,
    passes: counted.prompts / overlaps.length,
    secondsAuc: auc(
      seconds.map(({ logit }) => logit),
      seconds.map((second) => second.harmful),
    ),
    visualAuc: auc(
      states.visualLogits,
      labels.map(({ visual }) => visual ?? 0),
    ),
  };
}

/** A guard's model that counts the prompts it is given. */
function countPrompts<Sample>(model: GuardModel<Sample>): GuardModel<Sample> & { prompts: number } {
  const counted = {
    prompts: 0,
    alarmStates(samples: readonly Sample[], options?: { signal?: AbortSignal }) {
      counted.prompts += samples.length;
      return model.alarmStates(samples, options);
    },
  };
  return counted;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Overlap with the truth; a harmful clip always has some. */
const overlapOf = (spans: readonly TimeSpan[], truth: readonly TimeSpan[]): number => spanOverlap(spans, truth) ?? 0;
