import type { AlarmMetrics } from "../analysis/evaluate-alarms.js";
import type { ParameterGroup } from "../model/trainable-model.js";

/** One optimizer step was made. Losses are means over the whole batch. */
export interface StepEvent {
  readonly type: "step";
  /** From 1. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Passes over the mixture so far, a fraction. */
  readonly epoch: number;
  /** lossLm + lambda_1 lossVisual + lambda_2 lossTextual. */
  readonly loss: number;
  /** Cross-entropy of the assistant tokens, nats. */
  readonly lossLm: number;
  /** Of the visual head, nats, unweighted; 0 when switched off. */
  readonly lossVisual: number;
  /** Of the textual head, nats, unweighted; 0 when switched off. */
  readonly lossTextual: number;
  /** Of each auxiliary head, nats, unweighted, by name; empty without any. */
  readonly lossAuxiliary: Readonly<Record<string, number>>;
  /** Norm over all trained groups before clipping. */
  readonly gradientNorm: number;
  /** Learning rate of each trained group at this step. */
  readonly learningRates: Readonly<Partial<Record<ParameterGroup, number>>>;
  /** Tokens the language loss fell on. */
  readonly assistantTokens: number;
  /** All tokens of the batch. */
  readonly sequenceTokens: number;
  /** Wall time of the step, data loading included. */
  readonly seconds: number;
  /** sequenceTokens / seconds. */
  readonly tokensPerSecond: number;
}

/** The held-out samples were evaluated. */
export interface EvaluationEvent {
  readonly type: "evaluation";
  /** Steps made so far. */
  readonly step: number;
  /** AUC and loss of both heads, and the false refusal rate at the configured DSR. */
  readonly metrics: AlarmMetrics;
  /** Whether the false refusal rate is the least so far. */
  readonly improved: boolean;
}

/** A checkpoint is on disk, complete. */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  /** Steps made so far. */
  readonly step: number;
  /** Pass it as `resumeFrom`. */
  readonly path: string;
}

/** The run is over. */
export interface DoneEvent {
  readonly type: "done";
  /** Steps made. */
  readonly step: number;
  /** Why it ended. */
  readonly reason: "completed" | "early-stopping";
  /** Step and rate of the best evaluation; null without evaluations that have both classes. */
  readonly best: { readonly step: number; readonly frr: number } | null;
}

/** What `trainAtSft` yields. */
export type TrainingEvent = StepEvent | EvaluationEvent | CheckpointEvent | DoneEvent;
