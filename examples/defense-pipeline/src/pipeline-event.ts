import type { PipelineResults } from "./write-results-node.js";

/** What the pipeline tells while it runs; the command line draws it, tests read it. */
export type PipelineEvent =
  | { readonly type: "step-start"; readonly step: string; readonly title: string }
  | {
      readonly type: "progress";
      readonly step: string;
      readonly done: number;
      readonly total: number;
      readonly detail: string;
    }
  | {
      readonly type: "step-end";
      readonly step: string;
      readonly seconds: number;
      readonly summary: string;
      readonly resumed: boolean;
    }
  | { readonly type: "results"; readonly results: PipelineResults };

/** Tells how far a step is. */
export type Report = (done: number, total: number, detail?: string) => void;
