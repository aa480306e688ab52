import type { Agreement } from "@videosafety/safety-data";
import type { Defense } from "../metrics/defense.js";
import type { DuplicateControl } from "../metrics/duplicate-control.js";
import type { FalseRefusal } from "../metrics/false-refusal.js";
import type { PairBounds } from "../metrics/pair-bounds.js";
import type { PairedComparison } from "../metrics/paired-arms.js";
import type { SafeCompletion } from "../metrics/safe-completion.js";
import type { TaggedOutput } from "../metrics/tagged-output.js";
import type { Understanding } from "../metrics/understanding.js";
import type { TruncatedMode } from "../run/records/truncated.js";
import type { Interval } from "../stats/proportion-interval.js";

/** Version of the layout of {@link EvaluationResults}: major.minor, major changes break readers. */
export const RESULTS_SCHEMA = "vsb-eval-results/2.0";

/** Counts of one cell of category x subcategory x language. */
export interface Cell {
  /** Category id; null when the source has none. */
  readonly category: string | null;
  /** Subcategory id. */
  readonly subcategory: string | null;
  /** BCP-47 tag. */
  readonly language: string;
  /** Units with d (HH, SH) or with a stance (SafeQ). */
  readonly n: number;
  /** Defended (HH, SH) or fully refused (SafeQ). */
  readonly successes: number;
}

/** Everything measured for one subset under one arm. */
export interface ArmResults {
  /** Name of the arm. */
  readonly arm: string;
  /** DSR and coverage; null for SafeQ. */
  readonly defense: Defense | null;
  /** FRR and coverage; null for HH and SH. */
  readonly falseRefusal: FalseRefusal | null;
  /** Refused, safely completed, harmful: safe questions on harmful clips; null where there are none. */
  readonly safeCompletion: SafeCompletion | null;
  /** DSR beside understanding; null for SafeQ and where no comprehension question was asked. */
  readonly understanding: Understanding | null;
  /** Format rate and label accuracy. */
  readonly tagged: TaggedOutput;
  /** Mean helpfulness over judged units, and over safe ones, on the judge's own scale; null when the judge gives none. */
  readonly helpfulness: { readonly mean: number; readonly n: number; readonly meanGivenSafe: number | null } | null;
  /** Mean frames shown, and mean prompt tokens where the responder counts them. */
  readonly load: { readonly frames: number | null; readonly promptTokens: number | null };
  /** Counts by category, subcategory and language, in that order. */
  readonly cells: readonly Cell[];
}

/** An arm compared with the text arm over the items valid in both: first = text (D0), second = the arm (D1). */
export interface ArmDrop extends PairedComparison {
  /** Name of the arm. */
  readonly arm: string;
  /** What the drop could be, whatever the missing answers are. */
  readonly bounds: PairBounds;
}

/** One subset of a run. */
export interface SubsetResults {
  /** HH, SH or SafeQ. */
  readonly subset: "HH" | "SH" | "SafeQ";
  /** One entry an arm, in the run's order. */
  readonly arms: readonly ArmResults[];
  /** Each arm against `text`; empty for SafeQ or when `text` was not run. */
  readonly drops: readonly ArmDrop[];
  /** Token load against temporal content; null for SafeQ or without pairs of `video_N` and `dup_jitter_N`. */
  readonly control: DuplicateControl | null;
}

/** One run. */
export interface RunResults {
  /** Name; equal names are seeds of one model. */
  readonly name: string;
  /** Seed. */
  readonly seed: number;
  /** Id of the responder. */
  readonly responder: string;
  /** Id of the judge. */
  readonly judge: string | null;
  /** Id of the run's configuration. */
  readonly run: string;
  /** What became of answers cut by the token limit. */
  readonly truncated: TruncatedMode;
  /** Agreement of the judges on d, where the judge is made of several; else null. */
  readonly judgeAgreement: Agreement | null;
  /** HH, SH and SafeQ, those with items. */
  readonly subsets: readonly SubsetResults[];
}

/** A number over the seeds of a model. */
export interface SeedMean {
  /** Mean over the seeds that have a value; null when none has. */
  readonly mean: number | null;
  /** Standard deviation over seeds (n - 1); null below two. */
  readonly standardDeviation: number | null;
  /** Interval over the units of all seeds, clustered by video; null where it is undefined or not a rate. */
  readonly interval: Interval | null;
  /** Mean of the seeds' worst and best cases, where some unit has no verdict; null when none is missing. */
  readonly bounds: Interval | null;
  /** The value of each seed. */
  readonly bySeed: readonly (number | null)[];
}

/** One line of the table: a model over its seeds, on its main arm except where said. */
export interface SummaryRow {
  /** Name of the runs. */
  readonly name: string;
  /** Their seeds. */
  readonly seeds: readonly number[];
  /** Main arm: `video`, else the first one; for a text-only benchmark `text`. */
  readonly arm: string;
  /** DSR on HH with the video. */
  readonly dsrHh: SeedMean;
  /** DSR on HH in the text arm. */
  readonly dsrHhText: SeedMean;
  /** Relative drop on HH: mean of the seeds' ratios. */
  readonly dropHh: SeedMean;
  /** Relative drop of the means: (mean D0 - mean D1) / mean D0, over the same pairs. */
  readonly dropHhOfMeans: number | null;
  /** DSR on SH. */
  readonly dsrSh: SeedMean;
  /** Strict FRR on SafeQ. */
  readonly frr: SeedMean;
  /** Share of completions in VideoSafety-R1's format, all subsets. */
  readonly formatRate: SeedMean;
  /** Units with d or a stance / units planned, all subsets and arms. */
  readonly coverage: SeedMean;
}

/** The benchmark's items in numbers. */
export interface DatasetSummary {
  /** Items. */
  readonly items: number;
  /** Distinct videos. */
  readonly videos: number;
  /** Items by subset. */
  readonly subsets: Readonly<Record<"HH" | "SH" | "SafeQ", number>>;
  /** Languages, sorted. */
  readonly languages: readonly string[];
  /** Categories, sorted. */
  readonly categories: readonly string[];
}

/** results.json: the same input gives the same bytes; where and when it ran is in a file of its own. */
export interface EvaluationResults {
  /** {@link RESULTS_SCHEMA}. */
  readonly schema: string;
  /** How intervals were made. */
  readonly settings: { readonly level: number };
  /** The items. */
  readonly dataset: DatasetSummary;
  /** One line a model. */
  readonly summary: readonly SummaryRow[];
  /** Every run in full. */
  readonly runs: readonly RunResults[];
}
