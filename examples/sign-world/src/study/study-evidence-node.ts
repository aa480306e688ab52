import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AlarmHeads, readAlarmHeads } from "./alarm-heads/alarm-heads.js";
import { type ArmResults, readAllResults } from "./arm-results-node.js";

/** Everything that the study left. */
export interface StudyEvidence {
  /** Arms on the world's own bases. */
  readonly results: readonly ArmResults[];
  /** What classifiers tell apart. */
  readonly heads: readonly AlarmHeads[];
  /** Base and stages on bases of another shape, by its name. */
  readonly architectures: ReadonlyMap<string, readonly ArmResults[]>;
}

/**
 * Reads a folder of results: `seed-N`, `alarm-heads.jsonl`, `architectures/NAME/seed-N`.
 *
 * @throws Error for a file that is none, and for classifiers of another draw or another base than their seed's arms
 */
export function readStudy(folder: string): StudyEvidence {
  const heads = join(folder, "alarm-heads.jsonl");
  const others = join(folder, "architectures");
  const names = existsSync(others) ? readdirSync(others).sort() : [];
  const results = readAllResults(folder);
  const measured = existsSync(heads) ? readAlarmHeads(readFileSync(heads, "utf8")) : [];
  for (const { arm, seed, draw, base } of measured) {
    const other = results.find(
      (one) => one.seed === seed && (one.draw !== draw || (base !== null && one.base !== null && one.base !== base)),
    );
    if (other !== undefined)
      throw new Error(
        `${heads}: ${arm}, seed ${seed}: expected draw and base of ${other.arm}, found others; run it again`,
      );
  }
  return {
    results,
    heads: measured,
    architectures: new Map(names.map((name) => [name, readAllResults(join(others, name))])),
  };
}
