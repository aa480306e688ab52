import { DEFAULT_DRA } from "@videosafety/rewards";
import { STAGE_SETTINGS } from "./stage-settings.js";

/** One training of an arm. What is not named is as in `STAGE_SETTINGS`. */
export type StageSpec =
  | {
      readonly stage: 1 | 2;
      readonly alarmTokens: boolean;
      readonly epochs: number;
      readonly lambdaVisual: number;
      readonly lambdaTextual: number;
      /** False: harmful records lose their clip. */
      readonly clips: boolean;
      /** Where the classifiers read without alarm tokens; named in stage 2 only. */
      readonly readout?: "last-token";
    }
  | {
      readonly stage: 3;
      readonly alarmTokens: boolean;
      /** False: the tags and the answer, nothing between `<think>` and `</think>`. */
      readonly reasoning: boolean;
      readonly clips: boolean;
    }
  | {
      readonly stage: 4;
      readonly alarmTokens: boolean;
      readonly reasoning: boolean;
      readonly beta: number;
      readonly numGenerations: number;
      readonly dra: typeof DEFAULT_DRA;
    };

/** The method with a part left out or weighed otherwise: the same records and steps, another outcome. */
export interface Arm {
  /** In files. */
  readonly name: string;
  /** In tables. */
  readonly title: string;
  /** In order; arms that begin alike share the trainings they begin with. */
  readonly stages: readonly StageSpec[];
  /** No model but a reader of a part of what is needed. */
  readonly reader?: Reader;
  /** A control of the evaluation: what is shown instead of the clip. */
  readonly view?: View;
}

/** Readers that are no models; the last three learn from stage 3's records. */
export type Reader = "always-refuse" | "never-refuse" | "words-bayes" | "words-regression" | "frames";

/** The clip of another query; its first sampled frame over and over; nothing. */
export type View = "other-clip" | "still" | "no-clip";

interface Options {
  readonly alarmTokens?: boolean;
  readonly lambdas?: readonly [visual: number, textual: number];
  readonly stage1?: boolean;
  readonly reasoning?: boolean;
  readonly clips?: boolean;
  readonly dra?: Partial<typeof DEFAULT_DRA>;
  readonly beta?: number;
  readonly numGenerations?: number;
  /** The classifiers read the prompt's last token: no alarm tokens. */
  readonly readout?: "last-token";
  /** The last stage that is trained. */
  readonly last?: number;
}

function stagesOf(options: Options = {}): StageSpec[] {
  const { readout, stage1 = true, reasoning = true, clips = true, last = 4 } = options;
  const { alarmTokens = readout === undefined } = options;
  const { stage1: one, stage2: two, stage4: four } = STAGE_SETTINGS;
  const [lambdaVisual, lambdaTextual] = options.lambdas ?? [two.lambdaVisual, two.lambdaTextual];
  const shared = { alarmTokens, clips };
  const stages: StageSpec[] = [];
  if (stage1) stages.push({ stage: 1, ...shared, epochs: one.epochs, lambdaVisual: 0, lambdaTextual: 0 });
  // Without stage 1 its passes are made in stage 2: every arm sees the records equally often.
  const epochs = two.epochs + (stage1 ? 0 : one.epochs);
  const classifies = alarmTokens || readout !== undefined;
  const weights = classifies ? { lambdaVisual, lambdaTextual } : { lambdaVisual: 0, lambdaTextual: 0 };
  stages.push({ stage: 2, ...shared, epochs, ...weights, ...(readout === undefined ? {} : { readout }) });
  stages.push({ stage: 3, alarmTokens, reasoning, clips });
  const { beta = four.beta, numGenerations = four.numGenerations } = options;
  stages.push({ stage: 4, alarmTokens, reasoning, beta, numGenerations, dra: { ...DEFAULT_DRA, ...options.dra } });
  return stages.filter(({ stage }) => stage <= last);
}

const arm = (name: string, title: string, options: Options = {}): Arm => ({ name, title, stages: stagesOf(options) });

/** The rows that stand in every table: what a set gives away without a Video LLM. */
export const READER_ARMS: readonly Arm[] = [
  { name: "always-refuse", title: "*always refuse*", stages: [], reader: "always-refuse" },
  { name: "never-refuse", title: "*never refuse*", stages: [], reader: "never-refuse" },
  { name: "words-bayes", title: "*words only: naive Bayes*", stages: [], reader: "words-bayes" },
  {
    name: "words-regression",
    title: "*words and pairs of words: logistic regression*",
    stages: [],
    reader: "words-regression",
  },
  { name: "frames", title: "*frames only: logistic regression*", stages: [], reader: "frames" },
];

/** Stages and ablations. */
export const MAIN_ARMS: readonly Arm[] = [
  { name: "base", title: "base", stages: [] },
  arm("stage-1", "stage 1", { last: 1 }),
  arm("stage-2", "stage 2", { last: 2 }),
  arm("no-grpo", "stage 3 (no GRPO)", { last: 3 }),
  arm("full", "stage 4 (all parts)"),
  arm("no-alarm-tokens", "no alarm tokens", { alarmTokens: false }),
  arm("no-atc", "alarm tokens without ATC", { lambdas: [0, 0] }),
  arm("no-reasoning", "no chain of thought", { reasoning: false }),
  arm("fixed-alpha", "fixed alpha 0.3", { dra: { alphaMin: 0.3, alphaMax: 0.3 } }),
  arm("no-stage-1", "ATC without stage 1", { stage1: false }),
  arm("text-only", "safety records without clips", { clips: false }),
];

/** The same choices, seen before reasoning and GRPO: compared with stage 2. */
export const AT_SFT_ARMS: readonly Arm[] = [
  arm("at-sft-no-alarm-tokens", "stage 2, no alarm tokens", { alarmTokens: false, last: 2 }),
  arm("at-sft-no-atc", "stage 2, alarm tokens without ATC", { lambdas: [0, 0], last: 2 }),
  arm("at-sft-last-token", "stage 2, classified at the last token", { readout: "last-token", last: 2 }),
  arm("at-sft-no-stage-1", "stage 2, ATC without stage 1", { stage1: false, last: 2 }),
  arm("at-sft-text-only", "stage 2, safety records without clips", { clips: false, last: 2 }),
];

/** What the answers of all parts owe to the clip: the trained model with something else in its place. */
export const CONTROL_ARMS: readonly Arm[] = [
  { ...arm("full-other-clip", "stage 4, another clip"), view: "other-clip" },
  { ...arm("full-still", "stage 4, first frame only"), view: "still" },
  { ...arm("full-no-clip", "stage 4, no clip"), view: "no-clip" },
];

/** A weight pair whose arms make a response surface; compared with `reference`, the last stage in which they act. */
export interface Surface {
  /** In headings. */
  readonly title: string;
  /** What the rows and the columns are. */
  readonly axes: readonly [rows: string, columns: string];
  /** The arm with both weights as everywhere else. */
  readonly reference: string;
  /** Arms by row and column. */
  readonly cells: readonly { readonly row: number; readonly column: number; readonly arm: string }[];
  /** The arms that no other list has. */
  readonly arms: readonly Arm[];
}

/** Arms that already are of other lists (the centre of a surface is one) stand in their cells under their own names. */
function surfaceOf(
  title: string,
  axes: Surface["axes"],
  reference: string,
  rows: readonly number[],
  columns: readonly number[],
  of: (row: number, column: number) => Arm,
): Surface {
  const known = new Map([...MAIN_ARMS, ...AT_SFT_ARMS].map((one) => [JSON.stringify(one.stages), one]));
  const cells = rows.flatMap((row) =>
    columns.map((column) => {
      const made = of(row, column);
      return { row, column, made: known.get(JSON.stringify(made.stages)) ?? made };
    }),
  );
  return {
    title,
    axes,
    reference,
    cells: cells.map(({ row, column, made }) => ({ row, column, arm: made.name })),
    arms: cells.map(({ made }) => made).filter((made) => !known.has(JSON.stringify(made.stages))),
  };
}

/** Response surfaces: two weights moved together, all else as everywhere. The classification losses act in stage 2, the rewards in stage 4. */
export const SURFACES: readonly Surface[] = [
  surfaceOf(
    "Weights of the alarm classification, after stage 2",
    ["lambda visual", "lambda textual"],
    "stage-2",
    [0, 0.1, 1],
    [0, 0.1, 1],
    (visual, textual) =>
      arm(`lambda-${visual}-${textual}`, `stage 2, lambda visual ${visual}, textual ${textual}`, {
        lambdas: [visual, textual],
        last: 2,
      }),
  ),
  surfaceOf(
    "Weights of the label rewards, after stage 4",
    ["gamma visual", "gamma textual"],
    "full",
    [0, 1, 2],
    [0, 1, 2],
    (visual, textual) =>
      arm(`gamma-${visual}-${textual}`, `gamma visual ${visual}, textual ${textual}`, {
        dra: { gammaVisual: visual, gammaTextual: textual },
      }),
  ),
  surfaceOf(
    "Bounds of dynamic reward adaptation, after stage 4",
    ["alpha min", "alpha max"],
    "full",
    [0, 0.1, 0.5],
    [0.5, 1],
    (alphaMin, alphaMax) =>
      arm(`alpha-${alphaMin}-${alphaMax}`, `alpha ${alphaMin} to ${alphaMax}`, { dra: { alphaMin, alphaMax } }),
  ),
  surfaceOf(
    "GRPO's penalty and group size",
    ["beta", "group size"],
    "full",
    [0, 0.04, 0.2],
    [3, 6, 12],
    (beta, numGenerations) =>
      arm(`beta-${beta}-group-${numGenerations}`, `beta ${beta}, group of ${numGenerations}`, { beta, numGenerations }),
  ),
];

/** The arms of the surfaces. */
export const SWEEP_ARMS: readonly Arm[] = SURFACES.flatMap(({ arms }) => arms);

/** Every arm. */
export const ARMS: readonly Arm[] = [...READER_ARMS, ...MAIN_ARMS, ...AT_SFT_ARMS, ...CONTROL_ARMS, ...SWEEP_ARMS];

/** An arm's name in tables; that of an arm which is none of the study's is shown as it is. */
export const titleOf = (name: string): string => ARMS.find((arm) => arm.name === name)?.title ?? name;

/** Whether an arm's answers come with alarm tokens: the base has never seen them. */
export const hasAlarmTokens = ({ stages }: Arm): boolean => stages.at(-1)?.alarmTokens ?? false;

/** Where an arm's classifiers read; null where it has none that were trained. */
export function readoutOf({ stages }: Arm): "alarm-tokens" | "last-token" | null {
  const trained = stages.find((spec) => spec.stage === 2 && spec.lambdaVisual + spec.lambdaTextual > 0);
  if (trained?.stage !== 2) return null;
  return trained.readout ?? "alarm-tokens";
}

/** Whether an arm is asked to reason before it answers: as stages 3 and 4 are trained. */
export const thinksFirst = ({ stages }: Arm): boolean => (stages.at(-1)?.stage ?? 0) >= 3;
