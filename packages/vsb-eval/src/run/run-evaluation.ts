import type { EvalItem } from "@videosafety/safety-data";
import { type Arm, parseArm } from "../arms/arm.js";
import { armApplies, armFrames, chooseVideos, type VideoChoice } from "../arms/arm-frames.js";
import type { FrameSource } from "../arms/frame-source.js";
import { RequestError, VsbEvalError } from "../errors.js";
import type { Judge } from "../judge/verdict.js";
import { splitCompletion } from "../judge/visible-answer.js";
import type { EvaluationStore } from "../store/evaluation-store.js";
import { AbortHub } from "./abort-hub.js";
import { AdaptiveLimiter, type LimiterOptions } from "./adaptive-limiter.js";
import { attempt, describeError, type RetryOptions, toRequestError } from "./attempt.js";
import { EventQueue } from "./event-queue.js";
import { type JudgedPart, Judging } from "./judging.js";
import type { ResponseRecord, Unit, UnitRecord, VerdictRecord } from "./outcome.js";
import { type RunConfiguration, responseKey, runId } from "./record-keys.js";
import {
  DEFAULT_GENERATION,
  type GenerationOptions,
  type Responder,
  type ResponderAnswer,
  type ResponderRequest,
} from "./responder.js";
import { TaskGroup } from "./task-group.js";

/** What to evaluate and how. */
export interface EvaluationOptions {
  /** The benchmark's items; ids must be unique. */
  readonly items: readonly EvalItem[];
  /** The model under test. */
  readonly responder: Responder;
  /** Names of arms, see `parseArm`; an arm is skipped for items it does not apply to. */
  readonly arms: readonly string[];
  /** Decides what each answer does; null only collects answers. */
  readonly judge: Judge | null;
  /** Where answers and verdicts go; what it already holds is not asked again. */
  readonly store: EvaluationStore;
  /** Where frames come from; null when every arm is `text`. */
  readonly sampling: FrameSource | null;
  /** Changes to `DEFAULT_GENERATION`. */
  readonly generation?: Partial<GenerationOptions>;
  /** Answers per item and arm; epoch e is generated with `seed + e`. Default 1. */
  readonly epochs?: number;
  /** Requests per `respondMany` call; default 8. */
  readonly batchSize?: number;
  /** Bounds on requests to the responder; with `respondMany` one batch is in flight at a time. */
  readonly concurrency?: LimiterOptions;
  /** Bounds on requests to the judge. */
  readonly judgeConcurrency?: LimiterOptions;
  /** Retries and time-out of each request to the responder and the judge. */
  readonly retry?: RetryOptions;
  /** Also judge answers cut by the token limit. Default false: they stay unscored and lower the coverage. */
  readonly judgeTruncated?: boolean;
  /** Also judge the reasoning in `<think>`, scored apart as `TaggedOutput.thinkLeak`; default false. */
  readonly judgeThink?: boolean;
  /** Stops the run: nothing new starts, requests in flight are cancelled, what was answered is kept. */
  readonly signal?: AbortSignal;
}

/** Progress of a run. */
export type EvaluationEvent =
  | {
      /** First event. */
      readonly type: "start";
      /** Id of the run's configuration in the store. */
      readonly run: string;
      /** Units of the run. */
      readonly total: number;
    }
  | {
      /** A unit's answer is in the store. */
      readonly type: "response";
      /** Item, arm and epoch. */
      readonly unit: Unit;
      /** The answer. */
      readonly record: ResponseRecord;
      /** Whether it was there before. */
      readonly cached: boolean;
    }
  | {
      /** A unit's verdict is in the store. */
      readonly type: "verdict";
      /** Item, arm and epoch. */
      readonly unit: Unit;
      /** The verdict. */
      readonly record: VerdictRecord;
      /** Whether it was there before. */
      readonly cached: boolean;
    }
  | {
      /** A unit is finished. */
      readonly type: "progress";
      /** Units finished. */
      readonly done: number;
      /** Units of the run. */
      readonly total: number;
      /** Requests to the responder allowed in flight now. */
      readonly concurrency: number;
    };

interface AddressedUnit {
  readonly unit: PlannedUnit;
  readonly key: string;
}

interface PlannedUnit {
  readonly item: EvalItem;
  readonly arm: Arm;
  readonly epoch: number;
}

/** Most events held for a slow consumer, and most units waiting for a judge. */
const BACKLOG = 1024;

function* plan(
  items: readonly EvalItem[],
  arms: readonly Arm[],
  epochs: number,
  chunk: number,
  choose: VideoChoice,
): Generator<PlannedUnit> {
  for (let start = 0; start < items.length; start += chunk) {
    const end = Math.min(start + chunk, items.length);
    for (const arm of arms) {
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (let i = start; i < end; i++) {
          const item = items[i] as EvalItem;
          if (armApplies(arm, item, choose)) yield { item, arm, epoch };
        }
      }
    }
  }
}

function checkUnique(items: readonly EvalItem[]): void {
  const seen = new Set<string>();
  for (const { id } of items) {
    if (seen.has(id)) throw new VsbEvalError("invalid_input", `expected unique item ids, found "${id}" twice`);
    seen.add(id);
  }
}

function responseRecord(key: string, frames: number, answer: ResponderAnswer): ResponseRecord {
  const { text, finishReason, usage } = answer;
  const base = { kind: "response" as const, key, text, frames, ...(usage === undefined ? {} : { usage }) };
  if (finishReason === "blocked") return { ...base, outcome: "blocked" };
  if (finishReason === "length") return { ...base, outcome: "truncated" };
  if (splitCompletion(text).answer === "") {
    const error = { code: "empty_answer", message: "the model stopped without an answer for the user" };
    return { ...base, outcome: "error", error };
  }
  return { ...base, outcome: "answered" };
}

/** An error that another run may not meet again; an empty answer is final. */
const isPassing = (record: ResponseRecord): boolean =>
  record.outcome === "error" && record.error?.code !== "empty_answer";

class Evaluation {
  readonly events = new EventQueue<EvaluationEvent>(BACKLOG);
  readonly #options: EvaluationOptions;
  readonly #arms: readonly Arm[];
  readonly #choose: VideoChoice;
  readonly #generation: GenerationOptions;
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
  #run = "";
  #done = 0;
  #total = 0;

  constructor(options: EvaluationOptions, controller: AbortController) {
    checkUnique(options.items);
    this.#options = options;
    this.#signal = controller.signal;
    this.#hub = new AbortHub(controller.signal);
    this.#abort = (reason) => controller.abort(reason);
    this.#arms = options.arms.map(parseArm);
    this.#choose = chooseVideos(options.items);
    this.#generation = { ...DEFAULT_GENERATION, ...options.generation };
    this.#configuration = {
      responder: options.responder.id,
      generation: this.#generation,
      sampling: options.sampling?.parameters ?? null,
    };
    if (options.sampling === null && this.#arms.some(({ kind }) => kind !== "text")) {
      throw new VsbEvalError(
        "invalid_input",
        "expected a frame source for arms with video, found null: pass `sampling`",
      );
    }
    const batched = options.responder.respondMany !== undefined;
    this.#batchSize = batched ? Math.max(1, options.batchSize ?? 8) : 1;
    this.#limiter = new AdaptiveLimiter(batched ? { start: 1, max: 1 } : options.concurrency);
    const { judge, store, judgeConcurrency, retry } = options;
    const judging = (part: JudgedPart): Judging | null =>
      judge === null ? null : new Judging(judge, store, this.#hub, { concurrency: judgeConcurrency, retry, part });
    this.#judging = judging("answer");
    this.#thinkJudging = options.judgeThink === true ? judging("think") : null;
  }

  #plan(): Generator<PlannedUnit> {
    const { items, epochs } = this.#options;
    return plan(items, this.#arms, epochs ?? 1, this.#batchSize, this.#choose);
  }

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
    return this.#run;
  }

  /** Answers and judges one unit, or finds both in the store. */
  async evaluate({ item: id, arm: name, epoch }: Unit): Promise<ResponseRecord> {
    const item = this.#options.items.find((other) => other.id === id);
    const arm = parseArm(name);
    if (item === undefined || !armApplies(arm, item, this.#choose)) {
      throw new VsbEvalError("invalid_input", `expected a unit of the items, found item "${id}" under ${name}`);
    }
    return this.#single({ item, arm, epoch });
  }

  async #key({ item, arm, epoch }: PlannedUnit): Promise<string> {
    const video = arm.kind === "text" ? null : this.#choose(item, arm);
    const media =
      video === null ? null : (video.sha256 ?? (await this.#source().sha256(video, { signal: this.#signal })));
    return responseKey(this.#configuration, item, arm, epoch, media);
  }

  #source(): FrameSource {
    return this.#options.sampling as FrameSource;
  }

  #stored(key: string): ResponseRecord | undefined {
    const record = this.#options.store.response(key);
    return record === undefined || isPassing(record) ? undefined : record;
  }

  async #request({ item, arm, epoch }: PlannedUnit, signal: AbortSignal): Promise<ResponderRequest> {
    let frames: ResponderRequest["frames"] = null;
    if (arm.kind !== "text") {
      try {
        frames = await armFrames(arm, item, this.#source(), this.#choose, { signal });
      } catch (error) {
        if (signal.aborted || error instanceof RequestError) throw error;
        throw new RequestError("media_unreadable", (error as Error).message, { cause: error });
      }
    }
    const generation = { ...this.#generation, seed: this.#generation.seed + epoch };
    return { item, arm: arm.name, query: item.query, frames, generation };
  }

  async #single(unit: PlannedUnit): Promise<ResponseRecord> {
    const key = await this.#key(unit).catch((error: unknown) => toRequestError(error));
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
    let frames = 0;
    let record: ResponseRecord;
    try {
      const answer = await attempt(
        async (options) => {
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
    await this.#options.store.append([record, this.#unitRecord(unit, key)]);
    return record;
  }

  #failed(key: string, frames: number, error: unknown): ResponseRecord {
    this.#signal.throwIfAborted();
    const failure = toRequestError(error);
    if (failure.fatal) throw new VsbEvalError("fatal_responder", failure.message, { cause: failure });
    return { kind: "response", key, outcome: "error", text: "", frames, error: describeError(failure) };
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
      if (toRequestError(error).fatal)
        throw new VsbEvalError("fatal_responder", (error as Error).message, { cause: error });
      // One bad request must not fail its neighbours: ask one by one.
      for (const { unit } of batch) await this.#single(unit);
      return;
    }
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

  #unitRecord({ item, arm, epoch }: PlannedUnit, response: string): UnitRecord {
    return { kind: "unit", run: this.#run, item: item.id, arm: arm.name, epoch, response };
  }

  async #finish(planned: PlannedUnit, record: ResponseRecord, cached: boolean): Promise<ResponseRecord> {
    const { store, judgeTruncated } = this.#options;
    const unit: Unit = { item: planned.item.id, arm: planned.arm.name, epoch: planned.epoch };
    if (store.unit(this.#run, unit)?.response !== record.key)
      await store.append([this.#unitRecord(planned, record.key)]);
    await this.events.push({ type: "response", unit, record, cached });
    const judged = record.outcome === "answered" || (record.outcome === "truncated" && judgeTruncated === true);
    if (this.#judging !== null && judged) {
      const verdict = await this.#judging.judge(planned.item, record);
      await this.events.push({ type: "verdict", unit, ...verdict });
      if (splitCompletion(record.text).think !== null) await this.#thinkJudging?.judge(planned.item, record);
    }
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

/**
 * Asks a model every item under every arm, judges the answers and stores both, yielding progress. What the store
 * already holds is not asked again, except errors and failed judgements. Leaving the loop early, or aborting
 * the signal, cancels requests in flight and keeps what was answered; the same call resumes.
 *
 * @throws {VsbEvalError} `invalid_input`, `invalid_arm`, `store_write_failed`, or `fatal_responder` when every other
 *   request would fail the same way; the signal's reason when aborted.
 */
export async function* runEvaluation(options: EvaluationOptions): AsyncGenerator<EvaluationEvent, void, void> {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(options.signal?.reason);
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const evaluation = new Evaluation(options, controller);
  const finished = evaluation.execute().then(
    () => evaluation.events.end(),
    (error: unknown) => evaluation.events.end({ error }),
  );
  try {
    yield* evaluation.events;
  } finally {
    controller.abort(new DOMException("the evaluation's consumer stopped", "AbortError"));
    evaluation.events.end();
    await finished;
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** Evaluates single units on demand: what a queue's worker needs. */
export interface UnitRunner {
  /** Id of the configuration, as in the `start` event. */
  readonly run: string;
  /** Answers and judges a unit, or finds both in the store; errors are records, as in `runEvaluation`. */
  evaluate(unit: Unit): Promise<ResponseRecord>;
}

/** A runner over the same options as `runEvaluation`, without `respondMany`. Abort `options.signal` to stop it. */
export async function createUnitRunner(options: EvaluationOptions): Promise<UnitRunner> {
  const controller = new AbortController();
  options.signal?.addEventListener("abort", () => controller.abort(options.signal?.reason), { once: true });
  const evaluation = new Evaluation(options, controller);
  evaluation.events.end();
  return { run: await evaluation.start(), evaluate: (unit) => evaluation.evaluate(unit) };
}
