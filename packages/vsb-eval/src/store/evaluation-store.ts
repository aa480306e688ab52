import type {
  ResponseRecord,
  RunRecord,
  StoreRecord,
  Unit,
  UnitRecord,
  VerdictRecord,
} from "../run/records/outcome.js";

/** Answers and verdicts, addressed by content, appended and never changed. */
export interface EvaluationStore {
  /** The latest response with this key. */
  response(key: string): ResponseRecord | undefined;
  /** The response of a unit of a run. */
  unit(run: string, unit: Unit): UnitRecord | undefined;
  /** What a run is; undefined for an unknown one. */
  configuration(run: string): RunRecord | undefined;
  /** The latest verdict of a judge on a response. */
  verdict(judge: string, response: string): VerdictRecord | undefined;
  /** The latest verdict with this content key, on whatever response. */
  verdictByKey(key: string): VerdictRecord | undefined;
  /** Ids of the runs, in the order of their first unit. */
  runs(): string[];
  /** Ids of the judges that have given a verdict, in the order of their first. */
  judges(): string[];
  /** Units of a run, in the order they were stored. */
  units(run: string): Iterable<UnitRecord>;
  /** Resolves once the records are durable. */
  append(records: readonly StoreRecord[]): Promise<void>;
  /** Flushes and releases what the store holds. */
  close(): Promise<void>;
}

const unitKey = ({ item, arm, epoch, probe }: Unit): string =>
  `${arm}\u0000${epoch}\u0000${item}${probe === undefined ? "" : `\u0000${probe}`}`;

/** The in-memory index behind every store: the last record of a key wins, so that a retried error is replaced. */
export class StoreIndex {
  readonly #responses = new Map<string, ResponseRecord>();
  readonly #units = new Map<string, Map<string, UnitRecord>>();
  readonly #runs = new Map<string, RunRecord>();
  readonly #judges = new Set<string>();
  readonly #verdicts = new Map<string, VerdictRecord>();
  readonly #verdictsByKey = new Map<string, VerdictRecord>();

  /** Adds one record. */
  add(record: StoreRecord): void {
    switch (record.kind) {
      case "response":
        this.#responses.set(record.key, record);
        return;
      case "run":
        this.#runs.set(record.run, record);
        return;
      case "verdict":
        this.#judges.add(record.judge);
        this.#verdicts.set(`${record.judge}\u0000${record.response}`, record);
        this.#verdictsByKey.set(record.key, record);
        return;
      case "unit": {
        const units = this.#units.get(record.run) ?? new Map<string, UnitRecord>();
        this.#units.set(record.run, units);
        units.set(unitKey(record), record);
      }
    }
  }

  /** Every record once: runs, responses, units, verdicts. */
  *all(): Generator<StoreRecord, void, void> {
    yield* this.#runs.values();
    yield* this.#responses.values();
    for (const units of this.#units.values()) yield* units.values();
    yield* this.#verdicts.values();
  }

  /** See {@link EvaluationStore.response}. */
  response(key: string): ResponseRecord | undefined {
    return this.#responses.get(key);
  }

  /** See {@link EvaluationStore.unit}. */
  unit(run: string, unit: Unit): UnitRecord | undefined {
    return this.#units.get(run)?.get(unitKey(unit));
  }

  /** See {@link EvaluationStore.verdict}. */
  verdict(judge: string, response: string): VerdictRecord | undefined {
    return this.#verdicts.get(`${judge}\u0000${response}`);
  }

  /** See {@link EvaluationStore.verdictByKey}. */
  verdictByKey(key: string): VerdictRecord | undefined {
    return this.#verdictsByKey.get(key);
  }

  /** See {@link EvaluationStore.runs}. */
  runs(): string[] {
    return [...this.#units.keys()];
  }

  /** See {@link EvaluationStore.configuration}. */
  configuration(run: string): RunRecord | undefined {
    return this.#runs.get(run);
  }
  /** See {@link EvaluationStore.judges}. */
  judges(): string[] {
    return [...this.#judges];
  }
  /** See {@link EvaluationStore.units}. */
  units(run: string): Iterable<UnitRecord> {
    return this.#units.get(run)?.values() ?? [];
  }
}

/**
 * Adds what another store holds and this one lacks: answers and verdicts are addressed by content, so the first one
 * wins and copies from at-least-once delivery do nothing. Errors and failed judgements never replace results.
 *
 * @returns how many records were added.
 */
export async function mergeInto(target: EvaluationStore, source: StoreIndex): Promise<number> {
  const isNew = (record: StoreRecord): boolean => {
    if (record.kind === "run") return target.configuration(record.run) === undefined;
    if (record.kind === "unit") return target.unit(record.run, record) === undefined;
    if (record.kind === "verdict") return (target.verdict(record.judge, record.response)?.verdict ?? null) === null;
    const known = target.response(record.key);
    return known === undefined || known.outcome === "error";
  };
  const added = [...source.all()].filter(isNew);
  for (let start = 0; start < added.length; start += 1000) await target.append(added.slice(start, start + 1000));
  return added.length;
}

/** A store that lives as long as the process: for tests, browsers and short runs. */
export class MemoryStore extends StoreIndex implements EvaluationStore {
  /** @param records a store's former content. */
  constructor(records: Iterable<StoreRecord> = []) {
    super();
    for (const record of records) this.add(record);
  }

  /** Adds the records at once. */
  async append(records: readonly StoreRecord[]): Promise<void> {
    for (const record of records) this.add(record);
  }

  /** Nothing to release. */
  async close(): Promise<void> {}
}
