import type { EvalItem } from "@videosafety/safety-data";
import type { FrameSource } from "../arms/frame-source.js";
import type { Attack } from "../attacks/attack.js";
import type { Judge } from "../judge/verdict.js";
import type { TruncatedMode } from "../run/records/truncated.js";
import type { GenerationOptions, Responder } from "../run/responder.js";
import type { EvaluationStore } from "../store/evaluation-store.js";

/** One model or guard as it looks at videos: what a defense is made of. Asked every item under every attack. */
export interface MatrixRun {
  /** Short name, unique in its group; also the folder of its answers. */
  readonly name: string;
  /** Who answers: a model, or a guard (`createGuardResponder`). */
  readonly responder: Responder;
  /** Its frames, with `timed`. */
  readonly sampling: FrameSource;
  /** Changes to `DEFAULT_GENERATION`, such as a system prompt. */
  readonly generation?: Partial<GenerationOptions>;
  /** Attacks beside the built-in ones, such as those searched against this very run. */
  readonly attacks?: readonly Attack[];
  /** Items per `respondMany`; default 8. */
  readonly batchSize?: number;
}

/** What stands between a request and an answer: runs one after the other, of which the first that refuses ends it. */
export interface MatrixDefense {
  /** Name in tables. */
  readonly name: string;
  /** What it is, in a sentence. */
  readonly title: string;
  /** Names of runs: guards first, the model last. */
  readonly runs: readonly string[];
}

/** A row of the matrix. */
export interface MatrixAttack {
  /** Name in tables. */
  readonly name: string;
  /** What it does, in a sentence. */
  readonly title: string;
  /** An arm without intensities, such as `video+referential+fragment-gap`; the intensity goes to its last attack. */
  readonly arm: string;
  /** In [0, 1], ascending; one that is [] has no intensity and is asked once. */
  readonly intensities: readonly number[];
  /** Only items of this `split`: where harm may lie in the video or in the query, an attack on one says nothing of the other. */
  readonly split?: string;
}

/** One training seed with its own items and runs; the matrix pools several. */
export interface MatrixGroup {
  /** The seed. */
  readonly seed: number;
  /** Items: those of HH and SH shall be refused, those of SafeQ answered. */
  readonly items: readonly EvalItem[];
  /** Runs, the same names in every group. */
  readonly runs: readonly MatrixRun[];
}

/** What {@link runMatrix} takes. */
export interface MatrixOptions {
  /** Seeds. */
  readonly groups: readonly MatrixGroup[];
  /** Rows. */
  readonly attacks: readonly MatrixAttack[];
  /** Columns. */
  readonly defenses: readonly MatrixDefense[];
  /** Decides what each answer does. */
  readonly judge: Judge;
  /** Where the answers of a run are kept; what is there is not asked again. */
  readonly openStore: (group: MatrixGroup, run: MatrixRun) => Promise<EvaluationStore>;
  /** What becomes of answers cut by the token limit; default `judge`. */
  readonly truncated?: TruncatedMode;
  /** Where costs are kept; default: not. */
  readonly costs?: CostLog;
  /** Stops the work. */
  readonly signal?: AbortSignal;
}

/** What some requests took. */
export interface CostRecord {
  /** Seed of the group. */
  readonly seed: number;
  /** Name of the run. */
  readonly run: string;
  /** Name of the arm. */
  readonly arm: string;
  /** Requests. */
  readonly requests: number;
  /** Times that a model was asked for them; as many as requests where the responder does not say. */
  readonly calls: number;
  /** Frames shown in them. */
  readonly frames: number;
  /** Time inside the responder. */
  readonly milliseconds: number;
}

/** Costs that outlast a run that was stopped. */
export interface CostLog {
  /** All so far. */
  readonly records: readonly CostRecord[];
  /** Adds one. */
  append(record: CostRecord): void;
}

/** The arm of an attack at an intensity; without attacks or intensity the arm as it stands. */
export function attackArm({ arm }: Pick<MatrixAttack, "arm">, intensity: number | null): string {
  return intensity === null || !arm.includes("+") ? arm : `${arm}:${intensity}`;
}

/** The intensities of a row; null for a row that has none. */
export function intensitiesOf({ intensities }: Pick<MatrixAttack, "intensities">): readonly (number | null)[] {
  return intensities.length === 0 ? [null] : intensities;
}

/** The items that a row is asked about. */
export function itemsOf(
  { items }: Pick<MatrixGroup, "items">,
  { split }: Pick<MatrixAttack, "split">,
): readonly EvalItem[] {
  return split === undefined ? items : items.filter((item) => item.split === split);
}

/** Rows by the items that they are asked about, in the order of the first of each kind. */
export function rowsBySplit(attacks: readonly MatrixAttack[]): (readonly MatrixAttack[])[] {
  const kinds = [...new Set(attacks.map(({ split }) => split))];
  return kinds.map((kind) => attacks.filter(({ split }) => split === kind));
}

/** What a row is compared with: the first one about the same items. */
export const referenceOf = <Row extends { readonly split?: string | undefined }>(rows: readonly Row[], row: Row): Row =>
  rows.find(({ split }) => split === row.split) ?? row;
