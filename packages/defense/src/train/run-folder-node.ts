import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { FileLockError } from "@videosafety/safety-data";
import { lockFile } from "@videosafety/safety-data/node";
import { stringify } from "yaml";
import { DefenseError } from "../errors.js";
import { checkpointHash } from "../model/open-checkpoint-node.js";
import { differingKeys } from "../run-file/differences.js";
import { isObject } from "../run-file/override.js";
import type { ResolvedStage } from "../run-file/resolve-stages.js";
import type { RunFile } from "../run-file/run-schema.js";

/** Everything that a run's numbers depend on. */
interface RunIdentity {
  readonly seed: number;
  readonly model: Omit<RunFile["model"], "threads" | "maxTokensPerRun" | "source" | "adapter">;
  /** SHA-256 of the model that the run began with. */
  readonly modelHash: string;
  /** Without places on the disk: the trainers recognise the records themselves. */
  readonly data: Readonly<Record<string, Omit<RunFile["data"][string], "file" | "mediaRoot">>>;
  readonly frames: RunFile["frames"];
  readonly maxLength: number | null;
  readonly rewards: RunFile["rewards"];
  readonly stages: readonly ResolvedStage[];
}

/** What `run.json` says: what the run is, and how far it is. */
export interface RunRecord {
  readonly version: 1;
  readonly identity: RunIdentity;
  readonly completed: Readonly<Record<string, string>>;
  /** SHA-256 of the models that complete stages left, by stage. */
  readonly models: Readonly<Record<string, string>>;
}

/** Members of a stage's configuration that may change when a run goes on: its trainer allows them to. */
const FREE = new Set(["perDeviceTrainBatchSize", "microBatchTokens", "saveSteps", "saveTotalLimit", "evalSteps"]);

/** What makes a run the run it is. */
export function runIdentity(run: RunFile, stages: readonly ResolvedStage[], modelHash: string): RunIdentity {
  const { threads: _, maxTokensPerRun: __, source: ___, adapter: ____, ...model } = run.model;
  const { seed, frames, rewards, maxLength = null } = run;
  const data = Object.fromEntries(
    Object.entries(run.data).map(([name, { file: _file, mediaRoot: _root, ...rest }]) => [name, rest]),
  );
  return { seed, model, modelHash, data, frames, maxLength, rewards, stages };
}

/**
 * The folder of one run. `run.json` holds what the run is and which stages are complete; it is replaced as a whole, so that a killed run
 * finds the old state or the new one. `resolved.yaml` is the run file with every default.
 */
export class RunFolder {
  #record: RunRecord;

  private constructor(
    readonly path: string,
    record: RunRecord,
    private readonly unlock: () => Promise<void>,
  ) {
    this.#record = record;
  }

  /**
   * Opens a folder for a run, new or (with `resume`) as an earlier process left it, for this process alone.
   *
   * @throws DefenseError `run-differs` for a folder that holds a run without `resume`, or another run; `run-locked`; `disk-full`
   */
  static async open(run: RunFile, identity: RunIdentity, resume: boolean): Promise<RunFolder> {
    const path = run.out;
    try {
      mkdirSync(path, { recursive: true });
    } catch (cause) {
      throw new DefenseError(
        "invalid-input",
        `${path}: expected a folder that can be written, found: ${(cause as Error).message}`,
        { cause },
      );
    }
    const unlock = await lockFile(join(path, "lock")).catch((cause) => {
      if (!(cause instanceof FileLockError)) throw cause;
      throw new DefenseError("run-locked", `${path}: ${cause.message}`, { cause });
    });
    try {
      const folder = new RunFolder(path, recordOf(path, identity, resume), unlock);
      folder.#write();
      writeWhole(folder.file("resolved.yaml"), stringify(run, { lineWidth: 0, aliasDuplicateObjects: false }));
      return folder;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** A file or folder of this run. */
  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** What a completed stage said, or undefined. */
  completed(stage: string): string | undefined {
    return this.#record.completed[stage];
  }

  /** What is recorded of this run. */
  get record(): RunRecord {
    return this.#record;
  }

  /** Records that a stage is complete, with what it said and the hash of the model that it left. */
  complete(stage: string, summary: string, modelHash: string): void {
    const { completed, models } = this.#record;
    this.#record = {
      ...this.#record,
      completed: { ...completed, [stage]: summary },
      models: { ...models, [stage]: modelHash },
    };
    this.#write();
  }

  /** Lets another process in. */
  close(): Promise<void> {
    return this.unlock();
  }

  #write(): void {
    writeWhole(this.file("run.json"), `${JSON.stringify(this.#record, null, 2)}\n`);
  }
}

/** Writes a file as a whole or not at all. */
export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** What `run.json` of a folder says. @throws DefenseError `run-differs` when there is none, or it is damaged */
export function readRunRecord(path: string): RunRecord {
  const file = join(path, "run.json");
  let record: RunRecord | null = null;
  try {
    record = JSON.parse(readFileSync(file, "utf8")) as RunRecord | null;
  } catch (cause) {
    throw new DefenseError(
      "run-differs",
      `${path}: expected a run, found no run.json that can be read: videosafety train makes one`,
      { cause },
    );
  }
  if (record?.version === 1 && isObject(record.completed) && isObject(record.models)) return record;
  throw new DefenseError("run-differs", `${file}: expected a run of this version, found another; take a new out`);
}

/**
 * Checks that the model of a complete stage is the one that the run made.
 *
 * @param directory of the model; null: nothing to check
 * @throws DefenseError `run-differs` for a model that is not there, or another one
 */
export async function checkMade(run: string, { models }: RunRecord, directory: string | null): Promise<void> {
  if (directory === null) return;
  const stage = basename(directory);
  const expected = models[stage];
  const found = await checkpointHash([directory]).catch(() => null);
  if (expected !== undefined && found === expected) return;
  throw new DefenseError(
    "run-differs",
    `${join(run, "models", stage)}: expected the model that this run made (${expected?.slice(0, 12)}…), found ${found === null ? "none that can be read" : `another (${found.slice(0, 12)}…)`}; put it back, or take a new out`,
  );
}

function recordOf(path: string, identity: RunIdentity, resume: boolean): RunRecord {
  if (!existsSync(join(path, "run.json"))) return { version: 1, identity, completed: {}, models: {} };
  if (!resume)
    throw new DefenseError(
      "run-differs",
      `${path} holds a run already: add --resume to go on with it, or take another out`,
    );
  const record = readRunRecord(path);
  const now: RunIdentity = JSON.parse(JSON.stringify(identity));
  // Stages may be added after those that the run had.
  const before = { ...now, stages: now.stages.slice(0, record.identity.stages.length) };
  const changed = differingKeys(withoutFree(record.identity), withoutFree(before));
  if (changed.length === 0) return { ...record, identity: now };
  throw new DefenseError(
    "run-differs",
    `${path} holds another run: ${changed.join(", ")} ${changed.length === 1 ? "differs" : "differ"}; go on with its own settings (resolved.yaml), or take another out`,
  );
}

function withoutFree(identity: RunIdentity): unknown {
  return {
    ...identity,
    stages: identity.stages.map((stage) => ({
      ...stage,
      config: Object.fromEntries(Object.entries(stage.config).filter(([key]) => !FREE.has(key))),
    })),
  };
}
