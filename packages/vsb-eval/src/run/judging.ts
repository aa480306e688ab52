import type { EvalItem } from "@videosafety/safety-data";
import { VsbEvalError } from "../errors.js";
import type { Judge } from "../judge/verdict.js";
import { splitCompletion } from "../judge/visible-answer.js";
import type { EvaluationStore } from "../store/evaluation-store.js";
import type { ResponseRecord, VerdictRecord } from "./records/outcome.js";
import { verdictKey } from "./records/record-keys.js";
import type { AbortHub } from "./scheduling/abort-hub.js";
import { AdaptiveLimiter, type LimiterOptions } from "./scheduling/adaptive-limiter.js";
import { attempt, describeError, type RetryOptions, toRequestError } from "./scheduling/attempt.js";

/** A verdict and whether it was in the store before. */
export interface JudgedResponse {
  /** The stored verdict. */
  readonly record: VerdictRecord;
  /** Whether nobody was asked for it. */
  readonly cached: boolean;
}

/** What of a completion is judged: what the user reads, or the reasoning in `<think>`. */
export type JudgedPart = "answer" | "think";

/** Id under which verdicts on the reasoning are stored, beside those on the answer. */
export function thinkJudgeId(judge: string): string {
  return `${judge};part=think`;
}

/** Whether an id is one of {@link thinkJudgeId}. */
export function isThinkJudge(id: string): boolean {
  return id.endsWith(";part=think");
}

/** Judges stored answers, each equal question and answer once, also when many are judged at the same time. */
export class Judging {
  readonly #judge: Judge;
  readonly #store: EvaluationStore;
  readonly #hub: AbortHub;
  readonly #limiter: AdaptiveLimiter;
  readonly #part: JudgedPart;
  readonly #retry: RetryOptions;
  readonly #inFlight = new Map<string, Promise<VerdictRecord>>();

  /** @param hub aborts judgements in flight. */
  constructor(
    judge: Judge,
    store: EvaluationStore,
    hub: AbortHub,
    options: {
      readonly concurrency?: LimiterOptions | undefined;
      readonly retry?: RetryOptions | undefined;
      readonly part?: JudgedPart;
    },
  ) {
    this.#part = options.part ?? "answer";
    this.#judge = this.#part === "think" ? { id: thinkJudgeId(judge.id), judge: judge.judge.bind(judge) } : judge;
    this.#store = store;
    this.#hub = hub;
    this.#limiter = new AdaptiveLimiter(options.concurrency);
    this.#retry = options.retry ?? {};
  }

  /** The verdict on a response: from the store, or asked for and stored. A failed judgement is asked for again. */
  async judge(item: EvalItem, response: ResponseRecord): Promise<JudgedResponse> {
    const parts = splitCompletion(response.text, response.reasoning);
    const answer = (this.#part === "think" ? parts.think : parts.answer) ?? "";
    const key = await verdictKey(this.#judge.id, item, answer);
    const stored = this.#store.verdict(this.#judge.id, response.key);
    if (stored?.key === key && stored.verdict !== null) return { record: stored, cached: true };
    const equal = this.#store.verdictByKey(key);
    let judging = equal !== undefined && equal.verdict !== null ? Promise.resolve(equal) : this.#inFlight.get(key);
    const cached = judging !== undefined;
    if (judging === undefined) {
      judging = this.#ask(item, answer, key, response.key);
      this.#inFlight.set(key, judging);
    }
    try {
      const record = { ...(await judging), response: response.key };
      await this.#store.append([record]);
      return { record, cached };
    } finally {
      this.#inFlight.delete(key);
    }
  }

  async #ask(item: EvalItem, answer: string, key: string, response: string): Promise<VerdictRecord> {
    const base = { kind: "verdict" as const, key, response, judge: this.#judge.id };
    try {
      const verdict = await attempt(
        (options) => this.#judge.judge({ item, query: item.query, answer }, options),
        this.#limiter,
        this.#retry,
        this.#hub,
      );
      return { ...base, verdict };
    } catch (error) {
      this.#hub.signal.throwIfAborted();
      const failure = toRequestError(error);
      if (failure.fatal) throw new VsbEvalError("fatal_responder", `judge: ${failure.message}`, { cause: failure });
      return { ...base, verdict: null, error: describeError(failure) };
    }
  }
}
