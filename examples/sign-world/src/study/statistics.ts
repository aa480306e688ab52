import { createRng } from "@videosafety/random";
import {
  type ClusterCount,
  clusteredProportion,
  type Interval,
  pairedDifference,
  signFlipTest,
} from "@videosafety/vsb-eval/stats";
import type { Observation } from "./metrics.js";

/** A share over the seeds, its interval clustered by clip and by production. */
export function shareOf(observations: readonly Observation[]) {
  return clusteredProportion(countsOf(observations, "cluster"), 0.95, countsOf(observations, "production"));
}

function countsOf(observations: readonly Observation[], by: "cluster" | "production"): ClusterCount[] {
  const groups = new Map<string, { successes: number; count: number }>();
  for (const observation of observations) {
    const group = groups.get(observation[by]) ?? { successes: 0, count: 0 };
    groups.set(observation[by], group);
    group.count += 1;
    if (observation.hit) group.successes += 1;
  }
  return [...groups.values()];
}

/** How an arm differs from another on the same samples. */
export interface ArmDifference {
  /** Second minus first. */
  readonly value: number;
  /** 95 %; the wider of the paired interval by clip and the two-way clustered one. */
  readonly interval: Interval;
  /** Sign-flip test by cluster; the larger of those by clip and by production. */
  readonly p: number;
  /** The smallest difference that the design finds with 80 % power at the 5 % level: 2.8 two-way standard errors. */
  readonly detectable: number;
  /** Pairs. */
  readonly pairs: number;
}

const Z = 1.959964;
/** Quantiles of 97.5 % and of 80 %. */
const DETECTABLE = Z + 0.841621;

/** Compares two arms on what both were asked; null where nothing is shared. */
export function differenceOfArms(first: readonly Observation[], second: readonly Observation[]): ArmDifference | null {
  const before = new Map(first.map((one) => [one.key, one.hit]));
  const pairs = second.flatMap((one) => {
    const hit = before.get(one.key);
    return hit === undefined ? [] : [{ ...one, change: Number(one.hit) - Number(hit), first: hit }];
  });
  if (pairs.length === 0) return null;
  const value = pairs.reduce((sum, { change }) => sum + change, 0) / pairs.length;
  const sums = (key: (pair: (typeof pairs)[number]) => string, centred: number): number[] => {
    const groups = new Map<string, number>();
    for (const pair of pairs) groups.set(key(pair), (groups.get(key(pair)) ?? 0) + pair.change - centred);
    return [...groups.values()];
  };
  const variance = (key: (pair: (typeof pairs)[number]) => string): number => {
    const groups = sums(key, value);
    const correction = groups.length / Math.max(1, groups.length - 1);
    return (correction * groups.reduce((sum, one) => sum + one * one, 0)) / pairs.length ** 2;
  };
  const byClip = variance(({ cluster }) => cluster);
  const byProduction = variance(({ production }) => production);
  const byBoth = variance(({ cluster, production }) => `${cluster} ${production}`);
  // Cameron, Gelbach and Miller 2011; never below the larger of its parts.
  const error = Math.sqrt(Math.max(byClip, byProduction, byClip + byProduction - byBoth));
  const paired = pairedDifference(pairedClusters(pairs)).interval;
  const interval = {
    lower: Math.max(-1, Math.min(value - Z * error, paired?.lower ?? -1)),
    upper: Math.min(1, Math.max(value + Z * error, paired?.upper ?? 1)),
  };
  const test = (seed: number, key: (pair: (typeof pairs)[number]) => string): number =>
    signFlipTest(sums(key, 0), pairs.length, { random: createRng(seed), draws: 10_000 }).p;
  const p = Math.max(
    test(1, ({ cluster }) => cluster),
    test(2, ({ production }) => production),
  );
  return { value, interval, p, detectable: DETECTABLE * error, pairs: pairs.length };
}

function pairedClusters(pairs: readonly { cluster: string; first: boolean; hit: boolean }[]) {
  const groups = new Map<string, { count: number; first: number; second: number; lost: number; gained: number }>();
  for (const { cluster, first, hit } of pairs) {
    const group = groups.get(cluster) ?? { count: 0, first: 0, second: 0, lost: 0, gained: 0 };
    groups.set(cluster, group);
    group.count += 1;
    group.first += Number(first);
    group.second += Number(hit);
    group.lost += Number(first && !hit);
    group.gained += Number(!first && hit);
  }
  return [...groups.values()];
}
