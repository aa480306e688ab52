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

interface Entry {
  readonly session: Promise<Session>;
  users: number;
  evicted: boolean;
}

/**
 * Sessions by key (shapes, mode), least recently used disposed first. Graphs are static, so pad inputs to a bucket and
 * keep a few compiled graphs instead of one per length. Concurrent requests for one key share one build.
 */
export class SessionCache {
  readonly #entries = new Map<string, Entry>();

  /** @param capacity - sessions kept, at least 1 */
  constructor(readonly capacity: number) {
    if (!(Number.isInteger(capacity) && capacity >= 1))
      throw new RangeError(`capacity must be a positive integer, found ${capacity}`);
  }

  /** Number of sessions held. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The session of `key`, built at first use; a failed build is not kept. A later call may dispose it: where calls overlap,
   * work inside `use`.
   */
  get(key: string, build: () => Promise<Session>): Promise<Session> {
    return this.use(key, build, async (session) => session);
  }

  /** Runs `work` with the session of `key`, built at first use; it is not disposed before `work` is done. */
  async use<T>(key: string, build: () => Promise<Session>, work: (session: Session) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? start(build);
    this.#entries.delete(key); // re-insert as the most recent
    this.#entries.set(key, entry);
    entry.users += 1;
    try {
      for (const oldest of this.#entries.keys()) {
        if (this.#entries.size <= this.capacity) break;
        await this.#evict(oldest);
      }
      const session = await entry.session.catch((error: unknown) => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
        throw error;
      });
      return await work(session);
    } finally {
      entry.users -= 1;
      await free(entry);
    }
  }

  /** Disposes every session, those in use when their work is done. */
  async dispose(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((key) => this.#evict(key)));
  }

  async #evict(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    entry.evicted = true;
    await free(entry);
  }
}

function start(build: () => Promise<Session>): Entry {
  const session = build();
  session.catch(() => undefined); // seen by whoever awaits it
  return { session, users: 0, evicted: false };
}

async function free({ session, users, evicted }: Entry): Promise<void> {
  if (evicted && users === 0) await session.then((s) => s.dispose()).catch(() => undefined);
}
