import { after } from "@videosafety/endpoint";
import type { RequestError } from "../../errors.js";
import type { AbortHub } from "./abort-hub.js";

/** Bounds of {@link AdaptiveLimiter}. */
export interface LimiterOptions {
  /** Requests in flight at the start; default 4. */
  readonly start?: number;
  /** Most requests in flight; default 64. */
  readonly max?: number;
  /** Milliseconds since some fixed time; default `performance.now`. For tests. */
  readonly now?: () => number;
}

/** After a cut, seconds without growth or another cut. */
const COOL_DOWN_MS = 15_000;
const CUT = 0.8;
const GROWTH = 1.05;
const IN_USE = 0.8;

/**
 * How many requests may be in flight at one endpoint. Starts low and doubles each clean round (slow start) until the
 * first rate limit; from then on additive increase, multiplicative decrease: x0.8 on a rate limit (at most once in
 * 15 s, and no growth for as long), +5 % (at least 1) a clean round. A round is as many successes as the limit. It grows only when
 * at least 80 % of the limit was in use. A server error pauses growth; Retry-After pauses everything.
 */
export class AdaptiveLimiter {
  readonly #max: number;
  readonly #now: () => number;
  readonly #queue: (() => void)[] = [];
  #limit: number;
  #active = 0;
  #peak = 0;
  #successes = 0;
  #slowStart = true;
  #lastCutMs = Number.NEGATIVE_INFINITY;
  #growthFromMs = Number.NEGATIVE_INFINITY;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** Ends the wait for a server's Retry-After; null when nobody waits. */
  #stop: (() => void) | null = null;

  /** @param options bounds; `start` is cut to `max`. */
  constructor(options: LimiterOptions = {}) {
    this.#max = Math.max(1, options.max ?? 64);
    this.#limit = Math.max(1, Math.min(options.start ?? 4, this.#max));
    this.#now = options.now ?? (() => performance.now());
  }

  /** Requests allowed in flight now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Requests in flight now. */
  get active(): number {
    return this.#active;
  }

  /** Waits for a place, first come first served. Every `acquire` needs one `release`. */
  acquire(hub?: AbortHub): Promise<void> {
    return new Promise((resolve, reject) => {
      if (hub?.signal.aborted) return reject(hub.signal.reason);
      const forget = hub?.onAbort(() => {
        this.#queue.splice(this.#queue.indexOf(admit), 1);
        // A timer for nobody would keep the process alive.
        if (this.#queue.length === 0) this.#stop?.();
        if (this.#queue.length === 0) this.#stop = null;
        reject(hub.signal.reason);
      });
      const admit = (): void => {
        forget?.();
        resolve();
      };
      this.#queue.push(admit);
      this.#admit();
    });
  }

  /** Gives a place back and learns from how the request ended: null for a success. */
  release(failure: RequestError | null): void {
    this.#active--;
    const now = this.#now();
    if (failure === null) this.#succeeded(now);
    else if (failure.code === "rate_limited") {
      if (now - this.#lastCutMs >= COOL_DOWN_MS) {
        this.#limit = Math.max(1, Math.floor(this.#limit * CUT));
        this.#lastCutMs = now;
      }
      this.#slowStart = false;
      this.#successes = 0;
      this.#growthFromMs = now + COOL_DOWN_MS;
      const pauseMs = (failure.retryAfterSeconds ?? 0) * 1000;
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, now + pauseMs);
    } else if (failure.code === "server_error") {
      this.#successes = 0;
      this.#growthFromMs = now + COOL_DOWN_MS;
    }
    this.#admit();
  }

  #succeeded(now: number): void {
    this.#successes++;
    if (this.#successes < this.limit) return;
    if (now >= this.#growthFromMs && this.#peak >= IN_USE * this.limit) {
      const grown = this.#slowStart ? this.#limit * 2 : Math.max(this.#limit + 1, this.#limit * GROWTH);
      this.#limit = Math.min(this.#max, grown);
    }
    this.#successes = 0;
    this.#peak = this.#active;
  }

  #admit(): void {
    const wait = this.#pausedUntilMs - this.#now();
    if (wait > 0) {
      if (this.#stop !== null || this.#queue.length === 0) return;
      this.#stop = after(wait / 1000, () => {
        this.#stop = null;
        this.#admit();
      });
      return;
    }
    while (this.#active < this.limit) {
      const admit = this.#queue.shift();
      if (admit === undefined) return;
      this.#active++;
      this.#peak = Math.max(this.#peak, this.#active);
      admit();
    }
  }
}
