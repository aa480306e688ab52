import type { TrainingItem } from "./training-item.js";

/** Items by labels `visual textual`, such as `1 0`; `none` without. */
export type LabelCounts = Readonly<Record<string, number>>;

/** Counts items by their labels. */
export function countLabels(items: readonly TrainingItem[]): LabelCounts {
  const counts: Record<string, number> = {};
  for (const { labels } of items) {
    const key = labels === null ? "none" : `${labels.visual} ${labels.textual}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Counts by label for people, such as `video 1, query 0: 3; no labels: 2`. */
export const describeLabels = (counts: LabelCounts): string =>
  Object.entries(counts)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([label, count]) => `${label === "none" ? "no labels" : `video ${label.replace(" ", ", query ")}`}: ${count}`)
    .join("; ");
