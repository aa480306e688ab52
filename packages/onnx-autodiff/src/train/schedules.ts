/** Factor on the learning rate at a step (0-based). */
export type Schedule = (step: number) => number;

/** Settings of a schedule. */
export interface ScheduleOptions {
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Steps of linear warm-up from 0, default 0. Transformers' `warmup_ratio` r is `Math.ceil(r * totalSteps)`. */
  readonly warmupSteps?: number;
  /** Factor at the end, default 0. */
  readonly minimum?: number;
}

function withWarmup(
  { totalSteps, warmupSteps = 0, minimum = 0 }: ScheduleOptions,
  shape: (progress: number) => number,
): Schedule {
  return (step) => {
    if (step < warmupSteps) return step / Math.max(1, warmupSteps);
    const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
    return minimum + (1 - minimum) * shape(progress);
  };
}

/** Warm-up, then half a cosine down to `minimum` (transformers' get_cosine_schedule_with_warmup). */
export const cosineSchedule = (options: ScheduleOptions): Schedule =>
  withWarmup(options, (t) => 0.5 * (1 + Math.cos(Math.PI * t)));
/** Warm-up, then a straight line down to `minimum`. */
export const linearSchedule = (options: ScheduleOptions): Schedule => withWarmup(options, (t) => 1 - t);
/** Warm-up, then 1. */
export const constantSchedule = (options: { readonly warmupSteps?: number } = {}): Schedule =>
  withWarmup({ totalSteps: Number.POSITIVE_INFINITY, ...options }, () => 1);

/** Schedules by TRL's and transformers' names (`lr_scheduler_type`). */
export const LR_SCHEDULER_TYPES = ["linear", "cosine", "constant"] as const;

/** How a run's learning rate moves, in the words of transformers' TrainingArguments. */
export interface NamedScheduleOptions {
  /** Shape after the warm-up; "constant" is transformers' `constant_with_warmup`. */
  readonly lrSchedulerType: (typeof LR_SCHEDULER_TYPES)[number];
  /** Steps of linear warm-up from 0; 0 = as `warmupRatio` says. */
  readonly warmupSteps: number;
  /** Share of all steps, rounded up; used when `warmupSteps` is 0. */
  readonly warmupRatio: number;
  /** Steps of the whole run. */
  readonly totalSteps: number;
}

/** The schedule that transformers' trainer would make of these options. */
export function namedSchedule(options: NamedScheduleOptions): Schedule {
  const { lrSchedulerType, warmupRatio, totalSteps } = options;
  const warmupSteps = options.warmupSteps || Math.ceil(warmupRatio * totalSteps);
  if (lrSchedulerType === "constant") return constantSchedule({ warmupSteps });
  return (lrSchedulerType === "cosine" ? cosineSchedule : linearSchedule)({ totalSteps, warmupSteps });
}
