import { EVAL_SUBSETS, type EvalItem, findSubcategory, type Taxonomy } from "@videosafety/safety-data";

/** What a data set should hold; a member left out is not checked. */
export interface ExpectedCounts {
  /** Video-query pairs; the paper's VideoSafetyBench has 77,646. */
  readonly pairs?: number;
  /** Distinct subcategories; the paper: 19. */
  readonly subcategories?: number;
  /** Distinct languages; the paper: 10. */
  readonly languages?: number;
}

/** The published counts of VideoSafetyBench (arXiv 2505.16643 v1). */
export const VSB_77K: ExpectedCounts = { pairs: 77_646, subcategories: 19, languages: 10 };

/** What {@link checkItems} found. */
export interface ItemsReport {
  /** Items with a video. */
  readonly pairs: number;
  /** Items without a video. */
  readonly textOnly: number;
  /** Distinct videos. */
  readonly videos: number;
  /** Items by subset, category, subcategory, language and split, sorted by name. */
  readonly counts: Readonly<
    Record<"subset" | "category" | "subcategory" | "language" | "split", Readonly<Record<string, number>>>
  >;
  /** What is wrong, one sentence each; empty when nothing is. */
  readonly problems: readonly string[];
}

const few = (names: readonly string[]): string =>
  names.slice(0, 5).join(", ") + (names.length > 5 ? `, ... (${names.length})` : "");

/**
 * Counts a benchmark's items and looks for what would spoil its numbers: duplicate ids, subcategories that the taxonomy
 * does not have, subcategories that must not have media, videos that are in several splits, and counts other than expected.
 *
 * @param taxonomy checks subcategory ids; null for data sets with names of their own.
 */
export function checkItems(
  items: readonly EvalItem[],
  taxonomy: Taxonomy | null,
  expected: ExpectedCounts = {},
): ItemsReport {
  const counts = {
    subset: new Map(),
    category: new Map(),
    subcategory: new Map(),
    language: new Map(),
    split: new Map(),
  } as Record<keyof ItemsReport["counts"], Map<string, number>>;
  const ids = new Set<string>();
  const duplicates: string[] = [];
  const unknown = new Set<string>();
  const forbidden: string[] = [];
  const splits = new Map<string, Set<string>>();
  let pairs = 0;
  for (const item of items) {
    if (ids.has(item.id)) duplicates.push(item.id);
    ids.add(item.id);
    const names = {
      ...item,
      category: item.category ?? "none",
      subcategory: item.subcategory ?? "none",
      split: item.split ?? "none",
    };
    for (const key of Object.keys(counts) as (keyof typeof counts)[]) {
      counts[key].set(names[key], (counts[key].get(names[key]) ?? 0) + 1);
    }
    const leaf = taxonomy === null || item.subcategory === null ? null : findSubcategory(taxonomy, item.subcategory);
    if (taxonomy !== null && item.subcategory !== null && leaf?.category.id !== item.category) {
      unknown.add(`${item.category}/${item.subcategory}`);
    }
    if (item.video === null) continue;
    pairs++;
    if (leaf?.subcategory.textOnly === true) forbidden.push(item.id);
    const seen = splits.get(item.video.path) ?? new Set();
    splits.set(item.video.path, seen.add(names.split));
  }
  const shared = [...splits].filter(([, names]) => names.size > 1).map(([path]) => path);
  const subcategories = [...counts.subcategory.keys()].filter((name) => name !== "none").length;
  const problems: string[] = [];
  if (items.length === 0) problems.push("expected at least one item, found none");
  if (duplicates.length > 0) problems.push(`expected unique ids, found again: ${few(duplicates)}`);
  if (unknown.size > 0) problems.push(`expected category/subcategory of ${taxonomy?.id}, found: ${few([...unknown])}`);
  if (forbidden.length > 0) problems.push(`expected no media for text-only subcategories, found: ${few(forbidden)}`);
  if (shared.length > 0) problems.push(`expected each video in one split, found in several: ${few(shared)}`);
  const compare = (what: string, found: number, wanted: number | undefined): void => {
    if (wanted !== undefined && found !== wanted) problems.push(`expected ${wanted} ${what}, found ${found}`);
  };
  compare("video-query pairs", pairs, expected.pairs);
  compare("subcategories", subcategories, expected.subcategories);
  compare("languages", counts.language.size, expected.languages);
  const sorted = (map: Map<string, number>) => Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    pairs,
    textOnly: items.length - pairs,
    videos: splits.size,
    counts: {
      subset: Object.fromEntries(
        EVAL_SUBSETS.flatMap((name) => (counts.subset.has(name) ? [[name, counts.subset.get(name) as number]] : [])),
      ),
      category: sorted(counts.category),
      subcategory: sorted(counts.subcategory),
      language: sorted(counts.language),
      split: sorted(counts.split),
    },
    problems,
  };
}
