import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PipelineConfig } from "./pipeline-config.js";
import { PipelineError, UsageError } from "./pipeline-error.js";

interface RunRecord {
  readonly config: PipelineConfig;
  readonly completed: Record<string, unknown>;
}

/**
 * The folder of one run: `run.json` holds the configuration and, for every completed step, what it returned. It is replaced
 * atomically, so a killed run always finds either the old or the new state.
 */
export class RunFolder {
  readonly path: string;
  #record: RunRecord;

  private constructor(path: string, record: RunRecord) {
    this.path = path;
    this.#record = record;
  }

  /**
   * Opens `path`, new or (with `resume`) as a killed run left it.
   * @throws UsageError when the folder holds a run and `resume` is off, or a run of another configuration.
   */
  static open(path: string, config: PipelineConfig, resume: boolean): RunFolder {
    const file = join(path, "run.json");
    if (!existsSync(file)) {
      mkdirSync(path, { recursive: true });
      const folder = new RunFolder(path, { config, completed: {} });
      folder.#write();
      return folder;
    }
    if (!resume) {
      throw new UsageError(
        `${path} already holds a run: add --resume to continue it, or choose another folder with --out`,
      );
    }
    let record: RunRecord;
    try {
      record = JSON.parse(readFileSync(file, "utf8"));
    } catch (cause) {
      throw new PipelineError(`${file} is not readable as JSON: choose another folder with --out`, { cause });
    }
    if (JSON.stringify(record.config) !== JSON.stringify(config)) {
      throw new UsageError(
        `${path} holds a run with other settings (seed ${record.config.seed}): resume it with its own flags, or choose another folder with --out`,
      );
    }
    return new RunFolder(path, record);
  }

  /** A file or folder of this run. */
  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** What a completed step returned, or undefined. */
  completed<T>(step: string): T | undefined {
    return this.#record.completed[step] as T | undefined;
  }

  /** Records that a step is complete, with what later steps need of it (JSON). */
  complete(step: string, value: unknown): void {
    this.#record = { ...this.#record, completed: { ...this.#record.completed, [step]: value } };
    this.#write();
  }

  #write(): void {
    const file = join(this.path, "run.json");
    writeFileSync(`${file}.new`, `${JSON.stringify(this.#record, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  }
}
