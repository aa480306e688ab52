import type { Alarm } from "../diagnostics/collapse-monitor.js";
import type { ZeroVarianceCauses } from "../diagnostics/diagnostics.js";
import type { LossMetrics } from "../loss/loss-metrics.js";

/** Mean and spread of one reward over a rollout. */
export interface RewardSummary {
  /** Mean of the scorable rows; NaN when there are none. */
  readonly mean: number;
  /** Their standard deviation (ddof 1). */
  readonly std: number;
  /** Share of rows the function could not judge. */
  readonly unscorable: number;
}

/** One completion with what it earned, ready for a log file. */
export interface SampleRecord {
  /** Optimizer steps taken when it was learned from. */
  readonly step: number;
  /** Index of the rollout. */
  readonly rollout: number;
  /** Row of the training data. */
  readonly example: number;
  /** Number within its group. */
  readonly generation: number;
  /** The decoded completion. */
  readonly completion: string;
  /** Its tokens. */
  readonly tokens: number;
  /** Why it ended. */
  readonly finishReason: "stop" | "length";
  /** Rewards by function. */
  readonly rewards: Readonly<Record<string, number | null>>;
  /** Weighted total; null = unscorable. */
  readonly total: number | null;
  /** Its advantage. */
  readonly advantage: number;
}

/** Completions were drawn. */
export interface RolloutEvent {
  readonly type: "rollout";
  /** Optimizer steps taken so far. */
  readonly step: number;
  /** Index of the rollout, from 0. */
  readonly rollout: number;
  /** Prompts in it. */
  readonly prompts: number;
  /** Completions in it. */
  readonly completions: number;
  /** Completion lengths in tokens. */
  readonly lengths: { readonly mean: number; readonly min: number; readonly max: number };
  /** Share of completions cut at the length limit. */
  readonly truncated: number;
  /** Optimizer steps taken since the sampling policy was current. */
  readonly lag: number;
  /** Wall time of generation. */
  readonly seconds: number;
}

/** Completions were scored. */
export interface RewardsEvent {
  readonly type: "rewards";
  readonly step: number;
  readonly rollout: number;
  /** By reward function. */
  readonly components: Readonly<Record<string, RewardSummary>>;
  /** Weighted total. */
  readonly total: RewardSummary;
  /** Groups without reward variance, which teach nothing, by cause. */
  readonly zeroVariance: ZeroVarianceCauses;
  /** Share of the total's variance by reward function; they add up to 1. */
  readonly varianceShares: Readonly<Record<string, number>>;
  /** Correlation of total reward and completion length. */
  readonly rewardLengthCorrelation: number;
  /** Every completion with its rewards and advantage. */
  readonly samples: readonly SampleRecord[];
  /** Wall time of scoring. */
  readonly seconds: number;
}

/** Wall time of the phases of one optimizer step, in seconds. */
export interface PhaseSeconds {
  /** Log-probabilities under the policy. */
  readonly logProbs: number;
  /** Log-probabilities under the reference. */
  readonly reference: number;
  /** Loss and dLoss/dLogProbs. */
  readonly loss: number;
  /** Forward and backward of the policy. */
  readonly gradients: number;
  /** Clipping, AdamW, parametersChanged. */
  readonly optimizer: number;
}

/** One optimizer step was taken. */
export interface UpdateEvent {
  readonly type: "update";
  /** Optimizer steps taken, this one included. */
  readonly step: number;
  readonly rollout: number;
  /** Pass over the rollout, from 0. */
  readonly iteration: number;
  readonly loss: number;
  readonly policyLoss: number;
  readonly klLoss: number;
  /** Mean KL estimate to the reference per token. */
  readonly kl: number;
  /** Mean of -logp per token. */
  readonly entropyEstimate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Share of clipped tokens. */
  readonly clipFraction: number;
  /** Quantiles of the raw importance ratios at `RATIO_FRACTIONS`. */
  readonly ratioQuantiles: readonly number[];
  readonly learningRate: number;
  /** Everything else the loss measured. */
  readonly metrics: LossMetrics;
  readonly seconds: PhaseSeconds;
}

/** Something looks wrong; see `CollapseMonitor`. */
export interface AlarmEvent extends Alarm {
  readonly type: "alarm";
}

/** The caller's evaluation ran. */
export interface EvaluationEvent {
  readonly type: "evaluation";
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** A checkpoint is on disk, complete. */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly step: number;
  /** Pass it as `resumeFrom`. */
  readonly path: string;
  readonly seconds: number;
}

/** The run is over. */
export interface DoneEvent {
  readonly type: "done";
  readonly step: number;
  /** Wall time since the call, resumed work only. */
  readonly seconds: number;
}

/** Whatever a run reports, in order. Plain data: log it, plot it, or send it. */
export type GrpoEvent =
  | RolloutEvent
  | RewardsEvent
  | UpdateEvent
  | AlarmEvent
  | EvaluationEvent
  | CheckpointEvent
  | DoneEvent;
