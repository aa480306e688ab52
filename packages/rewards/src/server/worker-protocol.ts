import type { ScoreJob } from "../compose/batch-scorer.js";
import type { OverlongOptions } from "../scores/overlong-penalty.js";
import type { Score } from "../scores/score.js";

/** What a worker thread is started with. */
export interface WorkerSettings {
  /** File URL of a module that exports `rewards` by name, or null. */
  readonly rewardModule: string | null;
  /** Options of the accuracy reward. */
  readonly accuracy: Readonly<Record<string, unknown>>;
  /** Limits of the reward `overlong`, or null. */
  readonly overlong: OverlongOptions | null;
  /** Time an item's pausing reward may take. */
  readonly itemDeadlineMilliseconds: number;
  /** One 32-bit slot: the index of the item whose rewards run now, or a value of `PHASE`. */
  readonly progress: SharedArrayBuffer;
}

/** Values of the progress slot that are not an index. */
export const PHASE = { idle: -1, waiting: -2 } as const;

/** A part of a request, as it travels to a worker. */
export interface ChunkRequest {
  /** Echoed in the answer. */
  readonly chunk: number;
  /** What to judge. */
  readonly job: ScoreJob;
  /** Whether every score's terms travel back, or only those of nulls. */
  readonly details: boolean;
}

/** A worker's answer. Numbers travel in one array; terms and reasons only where they are needed. */
export interface ChunkAnswer {
  /** That of the request. */
  readonly chunk: number;
  /** [items x rewards], row-major; NaN = unscorable. */
  readonly values: Float64Array;
  /** Full scores by position in `values`. */
  readonly scores: ReadonlyMap<number, Score>;
}

/** What a worker says once its rewards are loaded. */
export interface WorkerReady {
  readonly names: readonly string[];
}
