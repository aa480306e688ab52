import type { EvalItem } from "@videosafety/safety-data";
import type { ScoredUnit } from "../metrics/scored-unit.js";
import { loadRun } from "../results/evaluated-run.js";
import { runId } from "../run/records/record-keys.js";
import { DEFAULT_GENERATION } from "../run/responder.js";
import { type LayeredUnit, layeredUnits } from "./layered-units.js";
import {
  itemsOf,
  type MatrixAttack,
  type MatrixDefense,
  type MatrixGroup,
  type MatrixOptions,
  rowsBySplit,
} from "./matrix-options.js";
import { matrixArms } from "./run-matrix.js";

/** Units by seed, run, and the items and arm of a row. */
export type MatrixUnits = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, readonly ScoredUnit[]>>>;

const unitsKey = ({ split }: Pick<MatrixAttack, "split">, arm: string): string => `${split ?? ""}\u0000${arm}`;

/** An item whose clip is another than the same path of another seed. */
function ofSeed(item: EvalItem, seed: number, several: boolean): EvalItem {
  if (!several) return item;
  const { production, family, video } = item;
  return {
    ...item,
    id: `${seed}/${item.id}`,
    ...(production === undefined ? {} : { production: `${seed}/${production}` }),
    ...(family === undefined ? {} : { family: `${seed}/${family}` }),
    video: video === null ? null : { ...video, path: `${seed}/${video.path}` },
  };
}

/** Every unit of the matrix as the stores have it, items told apart by seed where there are several. */
export async function loadMatrixUnits(options: MatrixOptions): Promise<MatrixUnits> {
  const several = options.groups.length > 1;
  const units = new Map<string, Map<string, Map<string, ScoredUnit[]>>>();
  for (const group of options.groups) {
    const byRun = new Map<string, Map<string, ScoredUnit[]>>();
    units.set(String(group.seed), byRun);
    for (const run of group.runs) {
      const store = await options.openStore(group, run);
      try {
        const id = await runId({
          responder: run.responder.id,
          generation: { ...DEFAULT_GENERATION, ...run.generation },
          sampling: run.sampling.parameters,
        });
        const byArm = new Map<string, ScoredUnit[]>();
        for (const attacks of rowsBySplit(options.attacks)) {
          const [row] = attacks as [MatrixAttack];
          const loaded = loadRun(store, {
            name: run.name,
            responder: run.responder.id,
            judge: options.judge.id,
            run: id,
            items: itemsOf(group, row),
            arms: matrixArms({ attacks }),
            truncated: options.truncated ?? "judge",
            ...(run.attacks === undefined ? {} : { attacks: run.attacks }),
          });
          for (const unit of loaded.units) {
            const key = unitsKey(row, unit.arm);
            const list = byArm.get(key) ?? [];
            list.push({ ...unit, item: ofSeed(unit.item, group.seed, several) });
            byArm.set(key, list);
          }
        }
        byRun.set(run.name, byArm);
      } finally {
        await store.close();
      }
    }
  }
  return units;
}

/** The units of a defense under an arm, by group: as its runs one after the other would have answered. */
export function defendedUnits(
  units: MatrixUnits,
  groups: readonly MatrixGroup[],
  { runs }: MatrixDefense,
  row: Pick<MatrixAttack, "split">,
  arm: string,
): LayeredUnit[][] {
  const key = unitsKey(row, arm);
  return groups.map(({ seed }) => layeredUnits(runs.map((run) => units.get(String(seed))?.get(run)?.get(key) ?? [])));
}
