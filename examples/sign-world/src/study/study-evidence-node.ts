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

/** Reads a folder of results: `seed-N`, `alarm-heads.jsonl`, `architectures/NAME/seed-N`. @throws Error for a file that is none */
export function readStudy(folder: string): StudyEvidence {
  const heads = join(folder, "alarm-heads.jsonl");
  const others = join(folder, "architectures");
  const names = existsSync(others) ? readdirSync(others).sort() : [];
  return {
    results: readAllResults(folder),
    heads: existsSync(heads) ? readAlarmHeads(readFileSync(heads, "utf8")) : [],
    architectures: new Map(names.map((name) => [name, readAllResults(join(others, name))])),
  };
}
