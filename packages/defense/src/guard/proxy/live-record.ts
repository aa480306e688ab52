import type { EngineAssessment } from "../engine/guard-engine.js";

/** What became of a chat request. */
export type ProxyVerdict =
  | "allow"
  | "refuse"
  | "warn"
  | "route"
  | "not-assessed"
  | "failed-open"
  | "failed-closed"
  | "unreadable";

/** One chat request on the page. Nothing of what it said. */
export interface LiveEvent {
  /** From 1, rising. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly verdict: ProxyVerdict;
  /** Of the turn that decided, or the last one; null where nothing was assessed. */
  readonly score: number | null;
  readonly visual: number | null;
  readonly textual: number | null;
  readonly tier: EngineAssessment["tier"] | null;
  readonly turns: number;
  /** Turns that had been assessed before. */
  readonly cachedTurns: number;
  readonly guardMilliseconds: number;
}

/** The latest chat requests, and how many there were of each verdict. */
export class LiveRecord {
  readonly counts: Record<ProxyVerdict, number> = {
    allow: 0,
    refuse: 0,
    warn: 0,
    route: 0,
    "not-assessed": 0,
    "failed-open": 0,
    "failed-closed": 0,
    unreadable: 0,
  };
  readonly #events: LiveEvent[] = [];
  #number = 0;

  /** @param capacity events that are kept. */
  constructor(readonly capacity = 400) {}

  /** Adds an event. */
  add(event: Omit<LiveEvent, "number">): void {
    this.counts[event.verdict]++;
    this.#events.push({ ...event, number: ++this.#number });
    if (this.#events.length > this.capacity) this.#events.shift();
  }

  /** The kept events after one, oldest first. */
  after(number: number): readonly LiveEvent[] {
    return this.#events.filter((event) => event.number > number);
  }
}
