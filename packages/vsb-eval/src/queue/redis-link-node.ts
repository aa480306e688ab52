import { createRedactor } from "@videosafety/endpoint";
import type { Redis } from "ioredis";
import { VsbEvalError } from "../errors.js";

/** Where Redis is and how long it may be away. */
export interface RedisOptions {
  /** Address of Redis or Valkey, e.g. `redis://host:6379`, with AOF on and `maxmemory-policy noeviction`. */
  readonly url: string;
  /** Its password, kept out of the address: addresses stand in process lists and messages. */
  readonly password?: string;
  /** Seconds that Redis may be away, at the start and later; default 60. */
  readonly deadlineSeconds?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** A connection that is given up when Redis stays away. */
export interface RedisLink {
  /** The connection; it connects again by itself. */
  readonly connection: Redis;
  /** Waits for work that needs Redis, but no longer than Redis may be away, nor than the signal lets it. */
  guard<T>(work: Promise<T>): Promise<T>;
  /** Disconnects. */
  close(): void;
}

/** Address without credentials. */
const shown = (url: string): string => url.replace(/\/\/[^/@]*@/, "//");

/** What Redis says when the password is wrong or missing: waiting does not help. */
const REFUSED = /WRONGPASS|NOAUTH|NOPERM|ERR AUTH|invalid (username-)?password/i;

/** bullmq and ioredis are optional peers, loaded when a queue is used. */
export async function loadBull() {
  const [{ Queue, Worker, UnrecoverableError, DelayedError }, { Redis }] = await Promise.all([
    import("bullmq"),
    import("ioredis"),
  ]).catch((cause: unknown) => {
    throw new VsbEvalError(
      "invalid_input",
      "expected the optional packages bullmq and ioredis, found neither or only one: npm install bullmq ioredis",
      { cause },
    );
  });
  return { Queue, Worker, UnrecoverableError, DelayedError, Redis };
}

/**
 * Connects to Redis and waits until it answers.
 *
 * @throws {VsbEvalError} `queue_unreachable` when it does not within the deadline, or refuses the password; `invalid_input` for an
 *   address that is none. The signal's reason when aborted.
 */
export async function linkRedis(options: RedisOptions): Promise<RedisLink> {
  const { url, password, deadlineSeconds = 60, signal } = options;
  if (!/^rediss?:\/\//.test(url))
    throw new VsbEvalError(
      "invalid_input",
      `expected an address such as redis://host:6379, found another: write the scheme`,
    );
  const { Redis } = await loadBull();
  const redact = createRedactor(password === undefined ? [] : [password]).message;
  let downSince: number | null = performance.now();
  let reason = "no answer";
  const connection = new Redis(url, {
    maxRetriesPerRequest: null,
    connectTimeout: 5000,
    retryStrategy: (tries) => Math.min(100 * 2 ** Math.min(tries, 10), 2000),
    ...(password === undefined ? {} : { password }),
  });
  connection.on("ready", () => {
    downSince = null;
  });
  connection.on("close", () => {
    downSince ??= performance.now();
  });
  connection.on("error", (error: Error) => {
    reason = redact(error.message || (error as NodeJS.ErrnoException).code || "no answer");
  });
  const failure = (): VsbEvalError | null => {
    if (REFUSED.test(reason) && downSince !== null)
      return new VsbEvalError(
        "queue_unreachable",
        `expected to log in at ${shown(url)}, found ${reason}: check the password's variable`,
      );
    if (downSince === null || performance.now() - downSince < 1000 * deadlineSeconds) return null;
    const next = "start it, or check the address; what is done is kept";
    return new VsbEvalError(
      "queue_unreachable",
      `expected Redis at ${shown(url)} within ${deadlineSeconds} s, found ${reason}: ${next}`,
    );
  };
  const guard = <T>(work: Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (signal?.aborted) {
        work.catch(() => undefined);
        reject(signal.reason);
        return;
      }
      const end = (settle: () => void): void => {
        clearInterval(timer);
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = (): void => end(() => reject(signal?.reason));
      const timer = setInterval(() => {
        const error = failure();
        if (error !== null) end(() => reject(error));
      }, 50);
      signal?.addEventListener("abort", onAbort, { once: true });
      work.then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(failure() ?? error)),
      );
    });
  try {
    await guard(connection.ping());
  } catch (error) {
    connection.disconnect();
    throw error;
  }
  return { connection, guard, close: () => connection.disconnect() };
}
