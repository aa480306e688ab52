import type { EvalItem } from "@videosafety/safety-data";
import { parseArm } from "../arms/arm.js";
import { armApplies, chooseVideos } from "../arms/arm-frames.js";
import { attackedInput } from "../arms/attacked-input.js";
import { plannedMoments } from "../arms/planned-moments.js";
import { type FragmentVisibility, fragmentVisibility } from "../attacks/fragment-visibility.js";
import {
  attackArm,
  intensitiesOf,
  itemsOf,
  type MatrixAttack,
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
    const moments = plannedMoments(timed.plan, footage, arm.frameCount).map(({ seconds }) => seconds);
    // A frame count in the arm's name is a fixed plan of its own.
    found.push(fragmentVisibility(footage, moments, arm.frameCount === null ? timed.plan : undefined));
  }
  return found;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The blind-spot bound of every attack and run, before any model is asked: what cannot be seen cannot be refused for its sight. */
export async function matrixVisibility({ groups, attacks, signal }: MatrixOptions): Promise<MatrixVisibility[]> {
  const rows: MatrixVisibility[] = [];
  const names = groups[0]?.runs.map(({ name }) => name) ?? [];
  const visible = async (attack: MatrixAttack, intensity: number | null, run: string): Promise<void> => {
    const found: FragmentVisibility[] = [];
    for (const group of groups) {
      const member = group.runs.find(({ name }) => name === run) as MatrixRun;
      found.push(...(await ofGroup(itemsOf(group, attack), member, attackArm(attack, intensity), signal)));
    }
    if (found.length === 0) return;
    rows.push({
      attack: attack.name,
      intensity,
      run,
      contentSeconds: mean(found.map(({ contentSeconds }) => contentSeconds)),
      longestGapSeconds: mean(found.map(({ longestGapSeconds }) => longestGapSeconds)),
      predicted: mean(found.map(({ catchProbability }) => catchProbability)),
      shown: mean(found.map(({ shown }) => (shown > 0 ? 1 : 0))),
    });
  };
  for (const attack of attacks)
    for (const intensity of intensitiesOf(attack)) for (const run of names) await visible(attack, intensity, run);
  return rows;
}
