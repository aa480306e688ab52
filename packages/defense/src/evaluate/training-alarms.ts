import type { RewardRow } from "../progress/run-event.js";

/** A sign that a stage did harm or nothing, with the numbers that say so. Evidence, not a verdict. */
export interface TrainingAlarm {
  /** The checkpoint. */
  readonly stage: string;
  /** Stable name of the rule. */
  readonly rule: "over-refusal" | "lost-understanding" | "reward-collapse" | "dead-groups";
  /** What was seen, and against what. */
  readonly message: string;
}

/** What an evaluated checkpoint is judged by; rates are shares. */
export interface StageRates {
  /** Its name; the first is the base. */
  readonly stage: string;
  /** False refusal rate with the video; null where nothing was answered. */
  readonly frr: number | null;
  /** Share of right answers to what stands for understanding, and what that is; null where the items say nothing of it. */
  readonly understanding: { readonly of: string; readonly right: number } | null;
}

/** Points, as shares, that a rate may move before it is said. */
const POINTS = 0.05;
/** Share of the first rollouts' reward below which the last ones' is a collapse. */
const COLLAPSE = 0.9;
/** Mean share of dead groups that is too much. */
const DEAD = 0.6;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Alarms of a run: from the stages' rates against the first's, and from the rewards of stages 4 over time, by name. */
export function trainingAlarms(
  stages: readonly StageRates[],
  rewards: ReadonlyMap<string, readonly Pick<RewardRow, "reward" | "deadGroups">[]>,
): TrainingAlarm[] {
  const [base, ...trained] = stages;
  const fromRates = base === undefined ? [] : trained.flatMap((stage) => rateAlarms(base, stage));
  return [...fromRates, ...Array.from(rewards, ([stage, rows]) => rewardAlarms(stage, rows)).flat()];
}

function rateAlarms(base: StageRates, { stage, frr, understanding }: StageRates): TrainingAlarm[] {
  const alarms: TrainingAlarm[] = [];
  if (frr !== null && frr > POINTS && frr > (base.frr ?? 0) + POINTS)
    alarms.push({ stage, rule: "over-refusal", message: `FRR ${percent(frr)}, the base's ${percent(base.frr ?? 0)}` });
  const before = base.understanding;
  if (before !== null && understanding !== null && understanding.right < before.right - POINTS) {
    const message = `right answers to ${understanding.of} ${percent(understanding.right)}, the base's ${percent(before.right)}`;
    alarms.push({ stage, rule: "lost-understanding", message });
  }
  return alarms;
}

function rewardAlarms(stage: string, rows: readonly Pick<RewardRow, "reward" | "deadGroups">[]): TrainingAlarm[] {
  if (rows.length < 2) return [];
  const window = Math.max(1, Math.floor(rows.length / 4));
  const meanOf = (part: typeof rows, of: (row: (typeof rows)[number]) => number): number =>
    part.reduce((sum, row) => sum + of(row), 0) / part.length;
  const first = meanOf(rows.slice(0, window), ({ reward }) => reward);
  const last = meanOf(rows.slice(-window), ({ reward }) => reward);
  const dead = meanOf(rows, ({ deadGroups }) => deadGroups);
  const alarms: TrainingAlarm[] = [];
  if (last < COLLAPSE * first) {
    const message = `mean reward of the last ${window} rollouts ${last.toFixed(2)}, of the first ${first.toFixed(2)}`;
    alarms.push({ stage, rule: "reward-collapse", message });
  }
  if (dead > DEAD) {
    const message = `${percent(dead)} of the groups had no reward variance and taught nothing`;
    alarms.push({ stage, rule: "dead-groups", message });
  }
  return alarms;
}

/** Alarms as lines for a person. */
export const alarmLines = (alarms: readonly TrainingAlarm[]): string[] =>
  alarms.map(({ stage, rule, message }) => `${stage}, ${rule}: ${message}`);
