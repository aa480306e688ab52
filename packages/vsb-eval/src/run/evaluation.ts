// long: the state of one run; its steps share limiter, store, counters and the abort signal, and nothing outside needs them.
import type { EvalItem } from "@videosafety/safety-data";
import { type Arm, parseArm } from "../arms/arm.js";
import { armApplies, chooseVideos, type VideoChoice } from "../arms/arm-frames.js";
import { checkArmAttacks } from "../arms/attacked-input.js";
import type { Attack } from "../attacks/attack.js";
import { RequestError, VsbEvalError } from "../errors.js";
import { splitCompletion } from "../judge/visible-answer.js";
import type { EvaluationEvent, EvaluationOptions } from "./evaluation-options.js";
import { type JudgedPart, Judging } from "./judging.js";
import { itemFingerprint } from "./records/item-fingerprint.js";
import type { ResponseRecord, Unit, UnitRecord } from "./records/outcome.js";
import { comprehensionProbe, type PlannedUnit, planUnits } from "./records/plan-units.js";
import { type RunConfiguration, responseKey, runId } from "./records/record-keys.js";
import { failureRecord, isJudgeable, isPassingError, responseRecord } from "./records/response-record.js";
import { DEFAULT_GENERATION, type ResponderAnswer, type ResponderRequest } from "./responder.js";
import { AbortHub } from "./scheduling/abort-hub.js";
import { AdaptiveLimiter } from "./scheduling/adaptive-limiter.js";
import { attempt, toRequestError } from "./scheduling/attempt.js";
import { EventQueue } from "./scheduling/event-queue.js";
import { TaskGroup } from "./scheduling/task-group.js";
import { byId, unitKey, unitRequest } from "./unit-request.js";

interface AddressedUnit {
  readonly unit: PlannedUnit;
  readonly key: string;
}

/** Most events held for a slow consumer, and most units waiting for a judge. */
const BACKLOG = 1024;
/** One evaluation: asks, stores, judges, and reports events. See `runEvaluation`. */
export class Evaluation {
  /** Progress; ended by whoever started the evaluation. */
  readonly events = new EventQueue<EvaluationEvent>(BACKLOG);
  readonly #options: EvaluationOptions;
  readonly #items: ReadonlyMap<string, EvalItem>;
  readonly #arms: readonly Arm[];
  readonly #attacks: readonly Attack[];
  readonly #choose: VideoChoice;
  readonly #configuration: RunConfiguration;
  readonly #limiter: AdaptiveLimiter;
  readonly #judging: Judging | null;
  readonly #thinkJudging: Judging | null;
  readonly #signal: AbortSignal;
  readonly #hub: AbortHub;
  readonly #abort: (reason: unknown) => void;
  readonly #batchSize: number;
  /** Content keys being answered right now, so that equal units share one request. */
  readonly #answering = new Map<string, Promise<ResponseRecord>>();
  /** Content keys asked by this evaluation, so that `retryOutcomes` asks each once. */
  readonly #asked = new Set<string>();
  /** Resolves when the keys of all units so far are made; never rejects. */
  #keysMet: Promise<void> = Promise.resolve();
  #run = "";
  #done = 0;
  #total = 0;

  /** @param controller aborted at the first failure. */
  constructor(options: EvaluationOptions, controller: AbortController) {
    this.#items = byId(options.items);
    this.#options = options;
    this.#signal = controller.signal;
    this.#hub = new AbortHub(controller.signal);
    this.#abort = (reason) => controller.abort(reason);
    this.#arms = options.arms.map(parseArm);
    this.#attacks = options.attacks ?? [];
    this.#choose = chooseVideos(options.items);
    this.#configuration = {
      responder: options.responder.id,
      generation: { ...DEFAULT_GENERATION, ...options.generation },
      sampling: options.sampling?.parameters ?? null,
    };
    for (const arm of this.#arms) checkArmAttacks(arm, this.#attacks, options.sampling);
    if (options.sampling === null && this.#arms.some(({ kind }) => kind !== "text")) {
      throw new VsbEvalError(
        "invalid_input",
        "expected a frame source for arms with video, found null: pass `sampling`",
      );
    }
    const batched = options.responder.respondMany !== undefined;
    this.#batchSize = batched ? Math.max(1, options.batchSize ?? 8) : 1;
    this.#limiter = new AdaptiveLimiter(batched ? { start: 1, max: 1 } : options.concurrency);
    const { judge, store, judgeConcurrency, retry: modelRetry, judgeRetry: retry = modelRetry } = options;
    const judging = (part: JudgedPart): Judging | null =>
      judge === null ? null : new Judging(judge, store, this.#hub, { concurrency: judgeConcurrency, retry, part });
    this.#judging = judging("answer");
    this.#thinkJudging = options.judgeThink === true ? judging("think") : null;
  }

  #plan(): Generator<PlannedUnit> {
    const { items, epochs } = this.#options;
    return planUnits(items, this.#arms, epochs ?? 1, this.#batchSize, this.#choose, this.#attacks);
  }

  /** Every unit of the run. */
  async execute(): Promise<void> {
    await this.start();
    for (const _ of this.#plan()) this.#total++;
    await this.events.push({ type: "start", run: this.#run, total: this.#total });
    const most = 2 * (this.#options.concurrency?.max ?? 64) + BACKLOG;
    const tasks = new TaskGroup(this.#batchSize === 1 ? most : 4 * this.#batchSize, (error) => this.#abort(error));
    if (this.#batchSize === 1) {
      for (const unit of this.#plan()) {
        if (this.#signal.aborted) break;
        await tasks.start(async () => void (await this.#single(unit)));
      }
    } else await this.#batches(tasks);
    await tasks.drain();
    this.#signal.throwIfAborted();
  }

  /** Stored units finish at once; the rest are asked in batches of one arm. */
  async #batches(tasks: TaskGroup): Promise<void> {
    let batch: AddressedUnit[] = [];
    const flush = async (): Promise<void> => {
      const full = batch;
      batch = [];
      if (full.length > 0) await tasks.start(() => this.#answerMany(full));
    };
    for (const unit of this.#plan()) {
      if (this.#signal.aborted) return;
      const key = await this.#key(unit).catch((error: unknown) => toRequestError(error));
      const stored = typeof key === "string" ? this.#stored(key) : undefined;
      if (typeof key !== "string") await tasks.start(async () => void (await this.#unreadable(unit, key)));
      else if (stored !== undefined) await tasks.start(async () => void (await this.#finish(unit, stored, true)));
      else {
        if (batch[0] !== undefined && batch[0].unit.arm !== unit.arm) await flush();
        batch.push({ unit, key });
        if (batch.length >= this.#batchSize) await flush();
      }
    }
    await flush();
  }

  /** Id of the configuration. */
  async start(): Promise<string> {
    this.#run = await runId(this.#configuration);
    const { store } = this.#options;
    if (store.configuration(this.#run) === undefined) {
      await store.append([{ kind: "run", run: this.#run, ...this.#configuration }]);
    }
    return this.#run;
  }

  /** Answers and judges one unit, or finds both in the store. */
  async evaluate({ item: id, arm: name, epoch }: Unit): Promise<ResponseRecord> {
    const item = this.#items.get(id);
    const arm = parseArm(name);
    if (item === undefined || !armApplies(arm, item, this.#choose, this.#attacks)) {
      throw new VsbEvalError("invalid_input", `expected a unit of the items, found item "${id}" under ${name}`);
    }
    return this.#single({ item, arm, epoch });
  }

  #key(unit: PlannedUnit): Promise<string> {
    return unitKey(this.#configuration, unit, {
      choose: this.#choose,
      source: this.#options.sampling,
      attacks: this.#attacks,
      signal: this.#signal,
    });
  }

  #stored(key: string): ResponseRecord | undefined {
    const record = this.#options.store.response(key);
    if (record === undefined || isPassingError(record)) return undefined;
    const again = this.#options.retryOutcomes?.includes(record.outcome) === true && !this.#asked.has(key);
    return again ? undefined : record;
  }

  #request(unit: PlannedUnit, signal: AbortSignal): Promise<ResponderRequest> {
    return unitRequest(unit, {
      choose: this.#choose,
      source: this.#options.sampling,
      attacks: this.#attacks,
      generation: this.#configuration.generation,
      signal,
    });
  }

  async #single(unit: PlannedUnit): Promise<ResponseRecord> {
    // Keys are made together and met in the order of the units: of equal requests the first unit's is asked, however long its hash takes.
    const [before, own] = [this.#keysMet, this.#key(unit).catch((error: unknown) => toRequestError(error))];
    this.#keysMet = Promise.all([before, own]).then(() => {});
    await before;
    const key = await own;
    if (typeof key !== "string") return this.#unreadable(unit, key);
    const stored = this.#stored(key);
    if (stored !== undefined) return this.#finish(unit, stored, true);
    const shared = this.#answering.get(key);
    if (shared !== undefined) return this.#finish(unit, await shared, true);
    const answering = this.#answer(unit, key);
    this.#answering.set(key, answering);
    try {
      return await this.#finish(unit, await answering, false);
    } finally {
      this.#answering.delete(key);
    }
  }

  /** Asks, and stores the answer or the failure. */
  async #answer(unit: PlannedUnit, key: string): Promise<ResponseRecord> {
    const { store } = this.#options;
    const before = store.response(key);
    this.#asked.add(key);
    let frames = 0;
    let attempts = 0;
    let record: ResponseRecord;
    try {
      const answer = await attempt(
        async (options) => {
          attempts += 1;
          const request = await this.#request(unit, options.signal);
          frames = request.frames?.frames.dims[0] ?? 0;
          return this.#options.responder.respond(request, options);
        },
        this.#limiter,
        this.#options.retry ?? {},
        this.#hub,
      );
      record = responseRecord(key, frames, answer);
    } catch (error) {
      record = this.#failed(key, frames, error);
    }
    if (attempts > 1) record = { ...record, attempts };
    // Asked again in vain: what is there is worth more than a failure.
    if (record.outcome === "error" && before !== undefined && before.outcome !== "error") return before;
    await store.append([record, this.#unitRecord(unit, key)]);
    return record;
  }

  #failed(key: string, frames: number, error: unknown): ResponseRecord {
    this.#signal.throwIfAborted();
    return failureRecord(key, frames, error);
  }

  async #answerMany(batch: readonly AddressedUnit[]): Promise<void> {
    const { responder, retry, store } = this.#options;
    let frames: number[] = [];
    let answers: ResponderAnswer[];
    try {
      answers = await attempt(
        async (options) => {
          const requests: ResponderRequest[] = [];
          for (const { unit } of batch) requests.push(await this.#request(unit, options.signal));
          frames = requests.map((request) => request.frames?.frames.dims[0] ?? 0);
          const many = (await responder.respondMany?.(requests, options)) ?? [];
          if (many.length !== batch.length) {
            const message = `expected ${batch.length} answers from respondMany, found ${many.length}`;
            throw new RequestError("invalid_response", message);
          }
          return many;
        },
        this.#limiter,
        { ...retry, maxRetries: 0 },
        this.#hub,
      );
    } catch (error) {
      this.#signal.throwIfAborted();
      const failure = toRequestError(error);
      if (failure.fatal) throw new VsbEvalError("fatal_responder", failure.message, { cause: failure });
      // One bad request must not fail its neighbours: ask one by one.
      for (const { unit } of batch) await this.#single(unit);
      return;
    }
    for (const { key } of batch) this.#asked.add(key);
    const records = batch.map(({ key }, i) => responseRecord(key, frames[i] as number, answers[i] as ResponderAnswer));
    await store.append(
      batch.flatMap(({ unit, key }, i) => [records[i] as ResponseRecord, this.#unitRecord(unit, key)]),
    );
    await Promise.all(batch.map(({ unit }, i) => this.#finish(unit, records[i] as ResponseRecord, false)));
  }

  /** A unit whose media cannot be hashed gets an address of its own, so that another try can succeed later. */
  async #unreadable(unit: PlannedUnit, failure: RequestError): Promise<ResponseRecord> {
    const key = await responseKey(this.#configuration, unit.item, unit.arm, unit.epoch, `unreadable:${unit.item.id}`);
    const typed = new RequestError("media_unreadable", failure.message, { cause: failure });
    const record = this.#failed(key, 0, typed);
    await this.#options.store.append([record, this.#unitRecord(unit, key)]);
    return this.#finish(unit, record, false);
  }

  /** Asks the comprehension question in a request of its own, so that neither answer changes the other. */
  async #probe(planned: PlannedUnit): Promise<void> {
    const probe = this.#options.comprehension === false ? null : comprehensionProbe(planned);
    if (probe === null) return;
    const key = await this.#key(probe).catch(() => null);
    if (key === null) return;
    const stored = this.#stored(key);
    if (stored === undefined) await this.#answer(probe, key);
    else await this.#options.store.append([this.#unitRecord(probe, key)]);
  }

  #unitRecord({ item, arm, epoch, probe }: PlannedUnit, response: string): UnitRecord {
    return {
      kind: "unit",
      run: this.#run,
      item: item.id,
      arm: arm.name,
      epoch,
      ...(probe === undefined ? {} : { probe }),
      response,
      itemHash: itemFingerprint(item),
    };
  }

  async #finish(planned: PlannedUnit, record: ResponseRecord, cached: boolean): Promise<ResponseRecord> {
    const { store, truncated = "judge" } = this.#options;
    const unit: Unit = { item: planned.item.id, arm: planned.arm.name, epoch: planned.epoch };
    const stored = store.unit(this.#run, unit);
    if (stored?.response !== record.key || stored.itemHash !== itemFingerprint(planned.item))
      await store.append([this.#unitRecord(planned, record.key)]);
    await this.events.push({ type: "response", unit, record, cached });
    if (this.#judging !== null && isJudgeable(record, truncated)) {
      const verdict = await this.#judging.judge(planned.item, record);
      await this.events.push({ type: "verdict", unit, ...verdict });
      if (splitCompletion(record.text, record.reasoning).think !== null)
        await this.#thinkJudging?.judge(planned.item, record);
    }
    await this.#probe(planned);
    this.#done++;
    await this.events.push({
      type: "progress",
      done: this.#done,
      total: this.#total,
      concurrency: this.#limiter.limit,
    });
    return record;
  }
}
