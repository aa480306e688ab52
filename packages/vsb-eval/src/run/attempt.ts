import { RequestError } from "../errors.js";
import type { AbortHub } from "./abort-hub.js";
import type { AdaptiveLimiter } from "./adaptive-limiter.js";

/** How failed requests are tried again. */
export interface RetryOptions {
  /** Attempts after the first; 0 = none. Default 4. */
  readonly maxRetries?: number;
  /** First pause in seconds, doubled each time up to 60; Retry-After wins. Default 1. */
  readonly baseDelaySeconds?: number;
  /** Seconds before an attempt is given up as `timeout`. Default 600. */
  readonly timeoutSeconds?: number;
}

/** Waits, or rejects with the signal's reason. */
function delay(milliseconds: number, hub: AbortHub): Promise<void> {
  return new Promise((resolve, reject) => {
    if (hub.signal.aborted) return reject(hub.signal.reason);
    const forget = hub.onAbort(() => {
      clearTimeout(timer);
      reject(hub.signal.reason);
    });
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, milliseconds);
  });
}

async function withTimeout<T>(
  task: (options: { signal: AbortSignal }) => Promise<T>,
  seconds: number,
  hub: AbortHub,
): Promise<T> {
  const controller = new AbortController();
  const forget = hub.onAbort(() => controller.abort(hub.signal.reason));
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    hub.signal.throwIfAborted();
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new RequestError(
          "timeout",
          `expected an answer within ${seconds} s: raise the time-out or the capacity`,
        );
        controller.abort(error);
        reject(error);
      }, seconds * 1000);
    });
    return await Promise.race([task({ signal: controller.signal }), late]);
  } finally {
    clearTimeout(timer);
    forget();
  }
}

/** Any thrown value as a {@link RequestError}; what is not one becomes `exception`, which is not retried. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
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
      failure = toRequestError(error);
    } finally {
      limiter.release(failure);
    }
    hub.signal.throwIfAborted();
    if (failure.fatal || !failure.retryable || tries >= maxRetries) throw failure;
    const backoff = Math.min(60, (retry.baseDelaySeconds ?? 1) * 2 ** tries);
    await delay(1000 * (failure.retryAfterSeconds ?? backoff), hub);
  }
}
