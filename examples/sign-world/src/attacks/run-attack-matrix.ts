import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "@videosafety/safety-data/node";
import { createRuleJudge } from "@videosafety/vsb-eval";
import type { MatrixAttack, MatrixGroup, MatrixResults } from "@videosafety/vsb-eval/matrix";
import { captureEnvironment, matrixInFolder } from "@videosafety/vsb-eval/node";
import { hashOfWeights } from "../base/record-training-node.js";
import { attackItems } from "./attack-items.js";
import { type Column, defensesOf } from "./defenses/columns.js";
import type { Checkpoints } from "./defenses/seed-models.js";
import { finetuningRecords } from "./defenses/train-attacked.js";
import { type MatrixCounts, prepareSeed } from "./prepared-seed.js";

/** What a matrix of this world takes. */
export interface AttackMatrixOptions {
  /** Gets answers, trained models, matrix.json and matrix.html; a run that was stopped goes on from it. */
  readonly out: string;
  /** Models by seed; the matrix pools them. */
  readonly seeds: ReadonlyMap<number, Checkpoints>;
  /** How much is measured. */
  readonly counts: MatrixCounts;
  /** Columns. */
  readonly columns: readonly Column[];
  /** Rows. */
  readonly rows: readonly MatrixAttack[];
  /** Threads of the engine; undefined is one per core. */
  readonly threads?: number;
  /** Progress. */
  readonly say: (line: string) => void;
}

/** Settings that a folder was made with do not change: what is there would be mixed with other things. */
const SETTINGS = "settings.json";

/**
 * Holds a folder to the settings that it was begun with. More seeds, columns and rows can be added.
 *
 * @throws {RangeError} naming each setting that differs
 */
export function holdSettings(
  out: string,
  counts: MatrixCounts,
  seeds: ReadonlyMap<number, Checkpoints>,
): Record<string, unknown> {
  const weights: Record<string, string | null> = {};
  for (const [seed, { base, stage2, stage4 }] of seeds)
    for (const [name, folder] of Object.entries({ base, "stage 2": stage2 ?? null, "stage 4": stage4 ?? null }))
      weights[`seed ${seed}, ${name}`] = folder === null ? null : hashOfWeights(folder).slice(0, 16);
  // A grammar or a scene that changed is another world: what was kept of the old one does not belong to it.
  for (const seed of seeds.keys()) weights[`seed ${seed}, items and records`] = worldHash(seed, counts);
  const file = join(out, SETTINGS);
  const known: Record<string, unknown> = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const wanted: Record<string, unknown> = { ...counts, ...weights };
  const told = (value: unknown): string => (value === null ? "trained here" : String(value));
  const differing = Object.entries(wanted).filter(([name, value]) => name in known && known[name] !== value);
  if (differing.length > 0)
    throw new RangeError(
      `${out} was begun with other settings: ${differing
        .map(([name, value]) => `expected ${name} ${told(known[name])}, found ${told(value)}`)
        .join("; ")}. Give the same ones, or another --out`,
    );
  return { ...known, ...wanted };
}

/** Names all that a seed is asked, calibrated on and trained with. */
function worldHash(seed: number, { videoItems, queryItems, calibration, records }: MatrixCounts): string {
  const drawn = [
    attackItems(seed, "attacks", { video: videoItems, query: queryItems }),
    attackItems(seed, "calibration", { video: calibration, query: calibration }),
    finetuningRecords(seed, records),
  ];
  return createHash("sha256").update(JSON.stringify(drawn)).digest("hex").slice(0, 16);
}

/**
 * The matrix of attacks and defenses on this world: trains what is not given, calibrates guards, searches adaptive attacks against every
 * column, asks everything, and writes one results file and one page, anew after each seed.
 *
 * @throws {RangeError} for a folder that was begun with other settings, before anything is trained or asked
 */
export async function runAttackMatrix(options: AttackMatrixOptions): Promise<MatrixResults> {
  const { out, seeds, counts, columns, rows, say } = options;
  mkdirSync(out, { recursive: true });
  const settings = holdSettings(out, counts, seeds);
  await replaceFile(join(out, SETTINGS), `${JSON.stringify(settings, null, 2)}\n`);
  const common = {
    folder: out,
    title: "Attacks against defenses on the sign world",
    attacks: rows,
    defenses: defensesOf(columns),
    judge: createRuleJudge(),
    page: { minimumCell: 10 },
    environment: environmentOf(settings),
  };
  const groups: MatrixGroup[] = [];
  let results: MatrixResults | undefined;
  for (const [seed, checkpoints] of seeds) {
    const prepared = await prepareSeed({
      seed,
      checkpoints,
      counts,
      columns,
      asked: (attack) => rows.some(({ arm }) => arm.includes(attack)),
      folder: join(out, "models", `seed-${seed}`),
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      say,
    });
    let last = "";
    const onProgress = ({ run, done, total }: { run: string; done: number; total: number }): void => {
      const line = `seed ${seed}, ${run}: ${Math.floor((2 * done) / total) * 50} %`;
      if (line !== last) say(line);
      last = line;
    };
    // One seed is asked at a time, with its models open; the page shows all that are done.
    await matrixInFolder({ ...common, groups: [prepared.group], clipsPerRow: 0, onProgress });
    groups.push(prepared.group);
    results = await matrixInFolder({ ...common, groups, only: "report" });
    await prepared.dispose();
    say(`seed ${seed}: ${join(out, "matrix.html")}`);
  }
  if (results === undefined) throw new RangeError("expected at least one seed, found none");
  return results;
}

function environmentOf(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = (from: object): [string, string][] =>
    Object.entries(from).map(([name, value]) => [name, Array.isArray(value) ? value.join(" ") : String(value)]);
  return Object.fromEntries([
    ...texts(captureEnvironment()),
    ...texts(settings).map(([name, value]) => [name, value === "null" ? "trained here" : value] as const),
  ]);
}
