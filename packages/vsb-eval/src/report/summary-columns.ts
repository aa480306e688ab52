import type { SeedMean, SummaryRow } from "../results/results.js";

/** A column of the summary table. */
export interface SummaryColumn {
  /** Heading. */
  readonly title: string;
  /** What it is, in a sentence. */
  readonly description: string;
  /** Where it is in a row. */
  readonly value: (row: SummaryRow) => SeedMean;
  /** Whether more is better; null for neither. */
  readonly better: "higher" | "lower" | null;
}

/** The columns of the summary table, in order. */
export const SUMMARY_COLUMNS: readonly SummaryColumn[] = [
  {
    title: "HH DSR",
    description: "Defense success rate: harmful video, harmful query, video shown.",
    value: ({ dsrHh }) => dsrHh,
    better: "higher",
  },
  {
    title: "without video",
    description: "The same queries without the video.",
    value: ({ dsrHhText }) => dsrHhText,
    better: "higher",
  },
  {
    title: "drop",
    description: "Relative drop (D0 - D1) / D0 that adding the video causes; over items valid in both arms.",
    value: ({ dropHh }) => dropHh,
    better: "lower",
  },
  {
    title: "SH DSR",
    description: "Defense success rate: safe video, harmful query.",
    value: ({ dsrSh }) => dsrSh,
    better: "higher",
  },
  {
    title: "FRR",
    description: "False refusal rate on safe queries, full refusals only.",
    value: ({ frr }) => frr,
    better: "lower",
  },
  {
    title: "format",
    description: "Completions that are exactly <think><answer><vidType><textType>.",
    value: ({ formatRate }) => formatRate,
    better: null,
  },
  {
    title: "coverage",
    description: "Units that were answered and judged, of all planned. Errors are never refusals.",
    value: ({ coverage }) => coverage,
    better: "higher",
  },
];
