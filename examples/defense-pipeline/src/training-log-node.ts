import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** What one rollout of stage 4 earned. */
export interface RewardRow {
  /** Index of the rollout, from 0. */
  readonly rollout: number;
  /** Mean total reward. */
  readonly reward: number;
  /** Mean of each term over the completions: `format`, and of DRA `alpha`, `rouge`, `text`, `visual`, `textual`. */
  readonly parts: Readonly<Record<string, number>>;
  /** Share of groups without reward variance, which teach nothing. */
  readonly deadGroups: number;
}

/**
 * The rewards of a run over time, one JSON line per rollout. A rollout that is done again after a kill replaces its line, so
 * the file of a resumed run equals that of an uninterrupted one.
 */
export class RewardLog {
  readonly #rows = new Map<number, RewardRow>();

  constructor(readonly file: string) {
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").split("\n")) {
      if (line === "") continue;
      const row: RewardRow = JSON.parse(line);
      this.#rows.set(row.rollout, row);
    }
  }

  /** In order of rollouts. */
  get rows(): RewardRow[] {
    return [...this.#rows.values()].sort((a, b) => a.rollout - b.rollout);
  }

  /** Adds or replaces a row; the file is replaced atomically. */
  put(row: RewardRow): void {
    this.#rows.set(row.rollout, row);
    writeFileSync(`${this.file}.new`, this.rows.map((one) => `${JSON.stringify(one)}\n`).join(""));
    renameSync(`${this.file}.new`, this.file);
  }
}
