import { after } from "@videosafety/endpoint";
import { RequestError } from "../../errors.js";
import { toRunnerError } from "../../openai/chat-completion.js";
import type { AbortHub } from "./abort-hub.js";
import type { AdaptiveLimiter } from "./adaptive-limiter.js";

/** How failed requests are tried again. */
export interface RetryOptions {
  /** Attempts after the first; 0 = none. Default 4. */
  readonly maxRetries?: number;
  /** First pause in seconds, doubled each time up to 60, of which a random part is left out; Retry-After wins. Default 1. */
  readonly baseDelaySeconds?: number;
  /** Source of that part, at most a half; default `Math.random`: when requests are tried again decides no answer. */
  readonly random?: { uniform(): number };
  /** Seconds before an attempt is given up as `timeout`. Default 600. */
  readonly timeoutSeconds?: number;
  /** Longest wait that a server may ask for, in seconds; a longer one stops the run as `wait_too_long`. Default 300. */
  readonly maxWaitSeconds?: number;
}

/** Waits, or rejects with the signal's reason. */
function delay(seconds: number, hub: AbortHub): Promise<void> {
  return new Promise((resolve, reject) => {
    if (hub.signal.aborted) return reject(hub.signal.reason);
    const forget = hub.onAbort(() => {
      stop();
      reject(hub.signal.reason);
    });
    const stop = after(seconds, () => {
      forget();
      resolve();
    });
  });
}

/** A wait that nobody sits out: every other request would be told the same. */
function bounded(failure: RequestError, longest: number): RequestError {
  const wait = failure.retryAfterSeconds ?? 0;
  if (!failure.retryable || wait <= longest) return failure;
  const message = `expected a wait of at most ${longest} s, found ${Math.round(wait)} s: run again then. ${failure.message}`;
  return new RequestError("wait_too_long", message, { fatal: true, cause: failure });
}

async function withTimeout<T>(
  task: (options: { signal: AbortSignal }) => Promise<T>,
  seconds: number,
  hub: AbortHub,
): Promise<T> {
  const controller = new AbortController();
  const forget = hub.onAbort(() => controller.abort(hub.signal.reason));
  let stop: (() => void) | undefined;
  try {
    hub.signal.throwIfAborted();
    const late = new Promise<never>((_, reject) => {
      stop = after(seconds, () => {
        const error = new RequestError(
          "timeout",
          `expected an answer within ${seconds} s: raise the time-out or the capacity`,
        );
        controller.abort(error);
        reject(error);
      });
    });
    return await Promise.race([task({ signal: controller.signal }), late]);
  } finally {
    stop?.();
    forget();
  }
}

/** Any thrown value as a {@link RequestError}; what is neither one nor an endpoint's error becomes `exception`, which is not retried. */
export function toRequestError(error: unknown): RequestError {
  const typed = toRunnerError(error);
  if (typed instanceof RequestError) return typed;
  const message = error instanceof Error ? error.message : String(error);
  return new RequestError("exception", message, { cause: error });
}

/** What a store keeps of a failure. */
export function describeError({ code, message }: RequestError): { readonly code: string; readonly message: string } {
  return { code, message: message.slice(0, 500) };
}

/**
 * Runs a request inside the limiter's places, retrying what is worth it. The place is free while it waits.
 *
 * @throws {RequestError} the last failure, or the signal's reason when it was aborted.
 */
export async function attempt<T>(
  task: (options: { signal: AbortSignal }) => Promise<T>,
  limiter: AdaptiveLimiter,
  retry: RetryOptions,
  hub: AbortHub,
): Promise<T> {
  const maxRetries = retry.maxRetries ?? 4;
  for (let tries = 0; ; tries++) {
    await limiter.acquire(hub);
    let failure: RequestError | null = null;
    try {
      return await withTimeout(task, retry.timeoutSeconds ?? 600, hub);
    } catch (error) {
      failure = bounded(toRequestError(error), retry.maxWaitSeconds ?? 300);
    } finally {
      limiter.release(failure);
    }
    hub.signal.throwIfAborted();
    if (failure.fatal || !failure.retryable || tries >= maxRetries) throw failure;
    const jitter = 1 - 0.5 * (retry.random?.uniform() ?? Math.random());
    const backoff = jitter * Math.min(60, (retry.baseDelaySeconds ?? 1) * 2 ** tries);
    await delay(failure.retryAfterSeconds ?? backoff, hub);
  }
}
