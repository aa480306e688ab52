import type { EvalItem } from "@videosafety/safety-data";
import type { EvaluatedRun } from "@videosafety/vsb-eval";
import type { Report } from "./pipeline-event.js";
import type { RunFolder } from "./run-folder-node.js";

/** A training sample as the stages take it. */
export interface StageSample {
  /** Unique in its set. */
  readonly id: string;
  /** The query. */
  readonly query: string;
  /** The clip, relative to the run's `clips`; null for text alone. */
  readonly clip: { readonly path: string } | null;
  /** 0 = safe, 1 = harmful. */
  readonly labels: { readonly visual: 0 | 1; readonly textual: 0 | 1 };
  /** The right answer in plain words: what stages 1 and 2 learn. */
  readonly answer: string;
  /** The tagged completion with its reasoning: what stage 3 learns and stage 4 rewards. */
  readonly completion: string;
}

/** Training samples and the clips they need. */
export interface StageSet {
  /** In a fixed, mixed order. */
  readonly samples: readonly StageSample[];
  /** Each once. */
  readonly clips: readonly { readonly path: string }[];
}

/** What the answers of a checkpoint are worth by the scenes' truth, beside vsb-eval's numbers. */
export interface TruthScores {
  /** Share of answered safe queries with a video whose answer holds the right content; null when none was answered. */
  readonly usefulness: number | null;
  /** Counts by family, question, novelty and minimal pair. */
  readonly scores: Readonly<Record<string, { readonly count: number; readonly of: number }>>;
}

/** The data of one run: training sets from training wordings, held-out items with unseen clips and wordings. */
export interface PipelineData {
  /** Stages 1 and 2: the first of `chainOfThought`, so that all stages share their clips. */
  readonly finetuning: StageSet;
  /** Stage 3. */
  readonly chainOfThought: StageSet;
  /** Stage 4. */
  readonly reinforcement: StageSet;
  /** Held-out items of the table; `pathOf` turns a clip's relative path into the one written. */
  items(pathOf: (path: string) => string): EvalItem[];
  /** Items beyond the paper's subsets, asked apart and scored by `judge` alone. */
  references(pathOf: (path: string) => string): EvalItem[];
  /** Encodes the clips and writes every record set with a datasheet. */
  write(
    folder: RunFolder,
    report: Report,
    signal: AbortSignal,
  ): Promise<{ readonly clips: number; readonly records: number }>;
  /** Compares the answers of a run with the scenes' truth. */
  judge(units: EvaluatedRun["units"]): TruthScores;
}
