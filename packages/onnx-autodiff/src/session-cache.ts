import { ShapeError } from "./errors.js";
import type { Session } from "./session.js";

/** The smallest bucket that holds `length`. @throws ShapeError when none does */
export function bucketOf(length: number, buckets: readonly number[]): number {
  const fitting = buckets.filter((bucket) => bucket >= length);
  if (fitting.length === 0)
    throw new ShapeError(
      `length ${length} exceeds every bucket (${buckets.join(", ")}); add a larger one or shorten the input`,
    );
  return Math.min(...fitting);
}

/**
 * Sessions by key (shapes, mode), least recently used disposed first. Graphs are static, so pad inputs to a bucket and
 * keep a few compiled graphs instead of one per length. Concurrent requests for one key share one build.
 */
export class SessionCache {
  readonly #sessions = new Map<string, Promise<Session>>();

  /** @param capacity - sessions kept, at least 1 */
  constructor(readonly capacity: number) {
    if (!(Number.isInteger(capacity) && capacity >= 1))
      throw new RangeError(`capacity must be a positive integer, found ${capacity}`);
  }

  /** Number of sessions held. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The session of `key`, built at first use; a failed build is not kept. */
  async get(key: string, build: () => Promise<Session>): Promise<Session> {
    let session = this.#sessions.get(key);
    if (!session) {
      session = build();
      session.catch(() => this.#sessions.delete(key));
    }
    this.#sessions.delete(key); // re-insert as the most recent
    this.#sessions.set(key, session);
    while (this.#sessions.size > this.capacity) {
      const [oldest] = this.#sessions.keys();
      const dropped = this.#sessions.get(oldest as string);
      this.#sessions.delete(oldest as string);
      await dropped?.then((s) => s.dispose()).catch(() => undefined);
    }
    return session;
  }

  /** Disposes every session. */
  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(sessions.map(async (session) => (await session).dispose()));
  }
}
