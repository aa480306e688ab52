import { LimitExceededError } from "../errors.js";
import { npLinspaceIntegers } from "../model-inputs/python-rounding.js";

/** One frame a plan asks for. The same frame may be asked for several times. */
export interface FrameRequest {
  /** Position in display order. */
  readonly index: number;
  /** The time asked for, in seconds since the start of the file; null when the plan names frames. */
  readonly requestedTimeSeconds: number | null;
  /** The time the model is told. */
  readonly labelSeconds: number;
}

/** What planning needs beside the frame index. */
export interface PlanContext {
  /** Demuxer name; `gif` takes another path in some presets. */
  readonly container: string;
  /** The container's average frame rate; 0 when unknown. */
  readonly averageFrameRate: number;
  /** Start of the stream on the container's clock, in seconds. */
  readonly streamStartTimeSeconds: number;
}

/** At most `limit` of the entries, evenly by linspace. */
export function thin<T>(entries: readonly T[], limit = Number.POSITIVE_INFINITY): T[] {
  if (entries.length <= limit) return [...entries];
  return npLinspaceIntegers(0, entries.length - 1, limit).map((i) => entries[i] as T);
}

/** More requests than any model takes, and fewer than a broken clock could ask for. */
const MAX_REQUESTS = 2 ** 22;

/** @throws LimitExceededError for more requests than can be meant */
export function requireBounded(count: number): void {
  if (count > MAX_REQUESTS)
    throw new LimitExceededError(
      `The plan asks for ${Math.ceil(count)} frames, above ${MAX_REQUESTS}; lower fps, or give startSeconds and endSeconds. The video's clock may be broken.`,
    );
}
