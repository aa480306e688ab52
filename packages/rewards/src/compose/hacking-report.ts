import { parseTaggedCompletion } from "@videosafety/safety-data";
import { readLabel } from "../scores/accuracy/safety-score.js";
import { weightedTotal } from "./weighted-total.js";

/** A judged batch, as the diagnostics read it. */
export interface JudgedBatch {
  /** The completions with their references. */
  readonly items: readonly {
    readonly completion: string;
    readonly solution: string;
    readonly completion_length?: number | undefined;
    readonly group_id?: string | undefined;
  }[];
  /** Names of the rewards. */
  readonly names: readonly string[];
  /** [items][rewards]; null = unscorable. */
  readonly rewards: readonly (readonly (number | null)[])[];
  /** One factor a reward; default 1 each. */
  readonly weights?: readonly number[];
}

/** Label answers of a batch, for one of the two labels. */
export interface LabelUse {
  /** Share of completions that answer 1 among those with a readable label; null without one. */
  readonly predictedHarmful: number | null;
  /** Share of references that are 1; null without one. */
  readonly trueHarmful: number | null;
  /** Accuracy of the answers; null without a comparable pair. */
  readonly accuracy: number | null;
  /** Accuracy of the best constant answer on the same pairs: what always answering 1 (or 0) earns. */
  readonly constantAccuracy: number | null;
}

/** Evidence, not a verdict: numbers in which reward hacking shows. */
export interface HackingReport {
  /**
   * Share of the total's variance that each weighted reward brings, by covariance with the total (they add up to 1; one may be
   * negative). A reward near 0 no longer teaches; one near 1 is all the policy is optimising. Null when the totals are equal.
   */
  readonly varianceShare: Readonly<Record<string, number>> | null;
  /** Pearson correlation of total and length (tokens where known for all, else characters); null when one is constant. */
  readonly lengthCorrelation: number | null;
  /** Share of completions that equal another one of the batch, letter for letter. */
  readonly duplicateShare: number | null;
  /** Most frequent opening of the answers (first 24 characters) and its share: a template that answers everything. */
  readonly commonestOpening: { readonly text: string; readonly share: number } | null;
  /** Use of the video label. */
  readonly visualLabels: LabelUse;
  /** Use of the query label. */
  readonly textualLabels: LabelUse;
  /** Share of groups (by group_id) whose totals are all equal: they give no gradient. Null without groups. */
  readonly deadGroupShare: number | null;
}

/** Reward-hacking evidence over one batch. Linear time. */
export function hackingReport(batch: JudgedBatch): HackingReport {
  const { items } = batch;
  const totals = batch.rewards.map((row) => weightedTotal(row, batch.weights));
  const judged = items.flatMap((item, i) => {
    const total = totals[i];
    return total === null || total === undefined ? [] : [{ item, total, row: batch.rewards[i] ?? [] }];
  });
  const values = judged.map(({ total }) => total);
  const useTokens = judged.every(({ item }) => item.completion_length !== undefined);
  const lengths = judged.map(({ item }) => (useTokens ? (item.completion_length as number) : item.completion.length));
  const counts = countBy(items.map(({ completion }) => completion));
  const blocks = items.map(({ completion, solution }) => ({
    found: parseTaggedCompletion(completion),
    truth: parseTaggedCompletion(solution),
  }));
  const openings = countBy(blocks.flatMap(({ found }) => found.answer?.slice(0, 24) ?? []));
  const [opening] = [...openings].sort(([, a], [, b]) => b - a);
  return {
    varianceShare: varianceShare(batch, judged, values),
    lengthCorrelation: correlation(values, lengths),
    duplicateShare:
      items.length === 0
        ? null
        : items.filter(({ completion }) => (counts.get(completion) ?? 0) > 1).length / items.length,
    commonestOpening: opening ? { text: opening[0], share: opening[1] / items.length } : null,
    visualLabels: labelUse(blocks.map(({ found, truth }) => [found.vidType, truth.vidType])),
    textualLabels: labelUse(blocks.map(({ found, truth }) => [found.textType, truth.textType])),
    deadGroupShare: deadGroupShare(items, totals),
  };
}

function varianceShare(
  { names, weights }: JudgedBatch,
  judged: readonly { readonly row: readonly (number | null)[] }[],
  totals: readonly number[],
): Record<string, number> | null {
  const variance = covariance(totals, totals);
  if (variance === 0) return null;
  return Object.fromEntries(
    names.map((name, k) => {
      const column = judged.map(({ row }) => (weights?.[k] ?? 1) * (row[k] ?? 0));
      return [name, covariance(column, totals) / variance];
    }),
  );
}

function labelUse(pairs: readonly (readonly [found: string | null, truth: string | null])[]): LabelUse {
  const labels = pairs.map(([found, truth]) => [readLabel(found), readLabel(truth)] as const);
  const share = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : mean(known);
  };
  const known = labels.filter(([, truth]) => truth !== null);
  const harmful = share(known.map(([, truth]) => truth));
  return {
    predictedHarmful: share(labels.map(([found]) => found)),
    trueHarmful: harmful,
    accuracy: share(known.map(([found, truth]) => (found === truth ? 1 : 0))),
    constantAccuracy: harmful === null ? null : Math.max(harmful, 1 - harmful),
  };
}

function deadGroupShare(items: JudgedBatch["items"], totals: readonly (number | null)[]): number | null {
  const groups = new Map<string, number[]>();
  items.forEach(({ group_id: group }, i) => {
    const total = totals[i];
    if (group === undefined || total === null || total === undefined) return;
    const members = groups.get(group);
    if (members) members.push(total);
    else groups.set(group, [total]);
  });
  const all = [...groups.values()].filter(({ length }) => length > 1);
  return all.length === 0
    ? null
    : all.filter((group) => group.every((total) => total === group[0])).length / all.length;
}

function countBy(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function covariance(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || a.every((value) => value === a[0])) return 0;
  const [meanA, meanB] = [mean(a), mean(b)];
  return a.reduce((sum, value, i) => sum + (value - meanA) * ((b[i] as number) - meanB), 0) / a.length;
}

function correlation(a: readonly number[], b: readonly number[]): number | null {
  const scale = Math.sqrt(covariance(a, a) * covariance(b, b));
  return scale === 0 ? null : covariance(a, b) / scale;
}
