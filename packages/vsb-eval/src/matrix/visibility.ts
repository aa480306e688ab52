import type { EvalItem } from "@videosafety/safety-data";
import { parseArm } from "../arms/arm.js";
import { armApplies, chooseVideos } from "../arms/arm-frames.js";
import { attackedInput } from "../arms/attacked-input.js";
import type { FrameSource } from "../arms/frame-source.js";
import { drawnPlan, plannedMoments } from "../arms/planned-moments.js";
import { type FragmentVisibility, fragmentVisibility } from "../attacks/fragment-visibility.js";
import {
  attackArm,
  intensitiesOf,
  itemsOf,
  type MatrixAttack,
  type MatrixGroup,
  type MatrixOptions,
  type MatrixRun,
} from "./matrix-options.js";
import type { MatrixVisibility } from "./matrix-results.js";

/** What the sampling of one run can show of one attack on one group's harmful items. */
async function ofGroup(
  items: readonly EvalItem[],
  { sampling, attacks = [] }: MatrixRun,
  armName: string,
  signal?: AbortSignal,
): Promise<FragmentVisibility[]> {
  const arm = parseArm(armName);
  const choose = chooseVideos(items);
  const { timed } = sampling;
  if (timed === undefined || arm.kind !== "video") return [];
  const harmful = items.filter((item) => item.subset !== "SafeQ" && armApplies(arm, item, choose, attacks));
  const found: FragmentVisibility[] = [];
  for (const item of harmful) {
    signal?.throwIfAborted();
    const context = { attacks, source: sampling, choose, ...(signal === undefined ? {} : { signal }) };
    const { footage } = (await attackedInput(arm, item, context)).input;
    if (footage === null) continue;
    const plan = item.video === null ? timed.plan : drawnPlan(timed.plan, item.video);
    const moments = plannedMoments(plan, footage, arm.frameCount).map(({ seconds }) => seconds);
    // A frame count in the arm's name is a fixed plan of its own.
    found.push(fragmentVisibility(footage, moments, arm.frameCount === null ? plan : undefined));
  }
  return found;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The blind-spot bound of every attack and run, before any model is asked: what cannot be seen cannot be refused for its sight. */
export async function matrixVisibility({ groups, attacks, signal }: MatrixOptions): Promise<MatrixVisibility[]> {
  const rows: MatrixVisibility[] = [];
  // Runs with one source are shown the same, unless an attack of their own has the arm's name.
  const shared = new Map<FrameSource, Map<string, Promise<FragmentVisibility[]>>>();
  const found = (group: MatrixGroup, attack: MatrixAttack, member: MatrixRun, arm: string) => {
    const own = (parseArm(arm).attacks ?? []).some(({ name }) => member.attacks?.some((one) => one.name === name));
    if (own) return ofGroup(itemsOf(group, attack), member, arm, signal);
    const known = shared.get(member.sampling) ?? new Map<string, Promise<FragmentVisibility[]>>();
    shared.set(member.sampling, known);
    const key = JSON.stringify([group.seed, attack.split ?? null, arm]);
    const seen = known.get(key) ?? ofGroup(itemsOf(group, attack), member, arm, signal);
    known.set(key, seen);
    return seen;
  };
  const names = groups[0]?.runs.map(({ name }) => name) ?? [];
  const visible = async (attack: MatrixAttack, intensity: number | null, run: string): Promise<void> => {
    const all: FragmentVisibility[] = [];
    for (const group of groups) {
      const member = group.runs.find(({ name }) => name === run) as MatrixRun;
      all.push(...(await found(group, attack, member, attackArm(attack, intensity))));
    }
    if (all.length === 0) return;
    rows.push({
      attack: attack.name,
      intensity,
      run,
      contentSeconds: mean(all.map(({ contentSeconds }) => contentSeconds)),
      longestGapSeconds: mean(all.map(({ longestGapSeconds }) => longestGapSeconds)),
      predicted: mean(all.map(({ catchProbability }) => catchProbability)),
      shown: mean(all.map(({ shown }) => (shown > 0 ? 1 : 0))),
    });
  };
  for (const attack of attacks)
    for (const intensity of intensitiesOf(attack)) for (const run of names) await visible(attack, intensity, run);
  return rows;
}
