import type { TrainingEvent } from "@videosafety/alarm-tokens/train";
import type { GrpoEvent, RewardsEvent } from "@videosafety/grpo/train";

/** Means of one rollout's rewards and of what they consist of. */
export interface RewardRow {
  /** Index of the rollout, from 0. */
  readonly rollout: number;
  /** Optimizer steps made when it was drawn. */
  readonly step: number;
  /** Mean total reward of the scorable completions. */
  readonly reward: number;
  /** Mean by reward function. */
  readonly components: Readonly<Record<string, number>>;
  /** Mean terms of the safety reward: `alpha`, `rouge`, `text`, `visual`, `textual`; empty without safety problems. */
  readonly parts: Readonly<Record<string, number>>;
  /** Share of groups without reward variance, which teach nothing. */
  readonly deadGroups: number;
}

/** A rewards event without its completions, which go to a file of their own. */
export type RewardsSummary = Omit<RewardsEvent, "samples">;

/** What a run tells while it goes; one JSON line each in `events.jsonl`. Seconds are wall time. */
export type RunEvent =
  | { readonly type: "run-start"; readonly stages: readonly string[]; readonly resumed: boolean }
  | { readonly type: "stage-kept"; readonly stage: string; readonly summary: string }
  | {
      readonly type: "stage-start";
      readonly stage: string;
      readonly number: number;
      readonly items: number;
      readonly resumedAt: string | null;
    }
  | { readonly type: "preparing"; readonly stage: string; readonly done: number; readonly total: number }
  | { readonly type: "note"; readonly stage: string | null; readonly message: string }
  | { readonly type: "training"; readonly stage: string; readonly event: Exclude<TrainingEvent, { type: "done" }> }
  | {
      readonly type: "reinforcing";
      readonly stage: string;
      readonly totalSteps: number;
      readonly event: Exclude<GrpoEvent, RewardsEvent | { type: "done" }> | RewardsSummary;
    }
  | { readonly type: "rewards"; readonly stage: string; readonly row: RewardRow }
  | { readonly type: "stage-end"; readonly stage: string; readonly seconds: number; readonly summary: string }
  | { readonly type: "run-end"; readonly seconds: number };

/** An event with when it happened, as it stands in the log. */
export type LoggedEvent = RunEvent & { readonly time: string };

/** How far a step of a stage is, where an event says so. */
export function progressOf(
  event: RunEvent,
): { readonly stage: string; readonly done: number; readonly total: number; readonly note: string } | null {
  if (event.type === "preparing") return { ...event, note: "looking at media" };
  if (event.type === "training" && event.event.type === "step") {
    const { step, totalSteps, loss, lossLm, lossVisual, lossTextual } = event.event;
    // Losses of heads that are switched off are told, too, but not learnt.
    const alarms = loss === lossLm ? "" : `, alarms ${(lossVisual + lossTextual).toFixed(3)}`;
    return { stage: event.stage, done: step, total: totalSteps, note: `loss ${lossLm.toFixed(3)}${alarms}` };
  }
  if (event.type === "reinforcing" && event.event.type === "update") {
    const { step, kl } = event.event;
    return { stage: event.stage, done: step, total: event.totalSteps, note: `KL ${kl.toFixed(4)}` };
  }
  return null;
}
