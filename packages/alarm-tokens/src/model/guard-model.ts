import type { TimeSpan } from "./time-spans.js";
import type { AlarmStates } from "./trainable-model.js";

/** What the alarms after the segments of one video say. */
export interface SegmentLogits {
  /** One a segment. */
  readonly spans: readonly TimeSpan[];
  /** [segments], natural-log odds of harm. */
  readonly logits: ArrayLike<number>;
}

/** What a model tells a guard of samples. */
export interface GuardStates extends Pick<AlarmStates, "visualLogits" | "textualLogits"> {
  /** One entry per sample; absent from models without segment alarms. An entry without segments is one without a video. */
  readonly segments?: readonly SegmentLogits[];
}

/** What a guard needs of a model: every `TrainableModel` has it; `hiddenStateGuardModel` makes others. */
export interface GuardModel<Sample> {
  /** Forward only. */
  alarmStates(samples: readonly Sample[], options?: { signal?: AbortSignal }): Promise<GuardStates>;
}
