import type { EvalItem } from "@videosafety/safety-data";
import type { FrameSource } from "../arms/frame-source.js";
import type { Attack } from "../attacks/attack.js";
import type { Judge } from "../judge/verdict.js";
import type { EvaluationStore } from "../store/evaluation-store.js";
import type { Outcome, ResponseRecord, Unit, VerdictRecord } from "./records/outcome.js";
import type { TruncatedMode } from "./records/truncated.js";
import type { GenerationOptions, Responder } from "./responder.js";
import type { LimiterOptions } from "./scheduling/adaptive-limiter.js";
import type { RetryOptions } from "./scheduling/attempt.js";

/** What to evaluate and how. */
export interface EvaluationOptions {
  /** The benchmark's items; ids must be unique. */
  readonly items: readonly EvalItem[];
  /** The model under test. */
  readonly responder: Responder;
  /** Names of arms, see `parseArm`; an arm is skipped for items it does not apply to. */
  readonly arms: readonly string[];
  /** Attacks that arms may name beside the built-in ones. Score with the same. */
  readonly attacks?: readonly Attack[];
  /** Decides what each answer does; null only collects answers. */
  readonly judge: Judge | null;
  /** Where answers and verdicts go; what it already holds is not asked again. */
  readonly store: EvaluationStore;
  /** Where frames come from; null when every arm is `text`. */
  readonly sampling: FrameSource | null;
  /** Changes to `DEFAULT_GENERATION`. */
  readonly generation?: Partial<GenerationOptions>;
  /** Answers per item and arm; epoch e is generated with `seed + e`. Default 1. */
  readonly epochs?: number;
  /** Requests per `respondMany` call; default 8. */
  readonly batchSize?: number;
  /** Bounds on requests to the responder; with `respondMany` one batch is in flight at a time. */
  readonly concurrency?: LimiterOptions;
  /** Bounds on requests to the judge. */
  readonly judgeConcurrency?: LimiterOptions;
  /** Retries and time-out of each request to the responder and, unless `judgeRetry` is given, the judge. */
  readonly retry?: RetryOptions;
  /** Retries and time-out of each request to the judge. */
  readonly judgeRetry?: RetryOptions;
  /** Outcomes that are asked again although the store has them, once a run; errors that may pass always are. Default none. */
  readonly retryOutcomes?: readonly Outcome[];
  /**
   * Ask the items' comprehension questions too, apart from the query, in arms that show the item's own clip; default true.
   * Read as `ArmResults.understanding`.
   */
  readonly comprehension?: boolean;
  /** What becomes of answers cut by the token limit; default `judge`. Score with the same mode. */
  readonly truncated?: TruncatedMode;
  /** Also judge the reasoning in `<think>`, scored apart as `TaggedOutput.thinkLeak`; default false. */
  readonly judgeThink?: boolean;
  /** Stops the run: nothing new starts, requests in flight are cancelled, what was answered is kept. */
  readonly signal?: AbortSignal;
}

/** Progress of a run. */
export type EvaluationEvent =
  | {
      /** First event. */
      readonly type: "start";
      /** Id of the run's configuration in the store. */
      readonly run: string;
      /** Units of the run. */
      readonly total: number;
    }
  | {
      /** A unit's answer is in the store. */
      readonly type: "response";
      /** Item, arm and epoch. */
      readonly unit: Unit;
      /** The answer. */
      readonly record: ResponseRecord;
      /** Whether it was there before. */
      readonly cached: boolean;
    }
  | {
      /** A unit's verdict is in the store. */
      readonly type: "verdict";
      /** Item, arm and epoch. */
      readonly unit: Unit;
      /** The verdict. */
      readonly record: VerdictRecord;
      /** Whether it was there before. */
      readonly cached: boolean;
    }
  | {
      /** A unit is finished. */
      readonly type: "progress";
      /** Units finished. */
      readonly done: number;
      /** Units of the run. */
      readonly total: number;
      /** Requests to the responder allowed in flight now. */
      readonly concurrency: number;
    };
