import { aucInterval } from "@videosafety/alarm-tokens";
import * as z from "zod";
import { titleOf } from "../arms.js";
import { table } from "../study-report.js";

const area = z.strictObject({
  auc: z.number().min(0).max(1),
  harmful: z.int().positive(),
  safe: z.int().positive(),
});

/** What the classifiers of one arm and seed tell apart. */
export const alarmHeadsSchema = z.strictObject({
  arm: z.string(),
  seed: z.int(),
  draw: z.string(),
  base: z.string().nullable().describe("SHA-256 of the base's weights; null for readers that are no models"),
  visual: area.nullable().describe("clips with a hazard sign against others; null where nothing reads clips"),
  textual: area.nullable().describe("harmful queries against others; null where nothing reads queries"),
  environment: z.unknown(),
});

/** A line of `alarm-heads.jsonl`. */
export type AlarmHeads = z.output<typeof alarmHeadsSchema>;

/** Regressions on the words of the query and on coarse colours of the frames, in place of a model. */
export const READERS = "readers";

/** The lines of `alarm-heads.jsonl`. */
export const readAlarmHeads = (text: string): AlarmHeads[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => alarmHeadsSchema.parse(JSON.parse(line)));

const rowTitle = (name: string): string =>
  name === READERS ? "*regressions on frames and on words, no model*" : titleOf(name);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Areas under the ROC curve: the mean over the seeds, each seed's, and how wide a seed's interval is. */
export function alarmHeadsTable(rows: readonly AlarmHeads[]): string {
  const seen = new Map<string, string>();
  for (const { arm, seed, draw, base } of rows) {
    const key = `${arm} ${seed}`;
    if (seen.has(key)) throw new RangeError(`expected one line per arm and seed, found two of ${arm}, seed ${seed}`);
    seen.set(key, draw);
    const other = rows.find((one) => one.seed === seed && one.base !== null && base !== null && one.base !== base);
    if (other !== undefined || new Set(seen.values()).size > 1)
      throw new RangeError(`${arm}, seed ${seed}: expected draw and base of the seed's other lines; run it again`);
  }
  const names = [...new Set(rows.map(({ arm }) => arm))];
  const cell = (name: string, modality: "visual" | "textual"): string => {
    const areas = rows.flatMap((row) => (row.arm === name && row[modality] !== null ? [row[modality]] : []));
    if (areas.length === 0) return "-";
    const widest = Math.max(...areas.map(({ auc, harmful, safe }) => halfWidth(auc, harmful, safe)));
    const each = areas.map(({ auc }) => auc.toFixed(3)).join(", ");
    return `**${mean(areas.map(({ auc }) => auc)).toFixed(3)}** (${each}; each +- ${widest.toFixed(3)})`;
  };
  const seeds = (name: string): string => rows.flatMap((row) => (row.arm === name ? [row.seed] : [])).join(", ");
  return table([
    ["arm", "seeds", "hazard in the clip", "harmful query"],
    ...names.map((name) => [rowTitle(name), seeds(name), cell(name, "visual"), cell(name, "textual")]),
  ]);
}

function halfWidth(auc: number, harmful: number, safe: number): number {
  const [lower, upper] = aucInterval(auc, harmful, safe);
  return (upper - lower) / 2;
}
