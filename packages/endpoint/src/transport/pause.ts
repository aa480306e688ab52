/** Timers hold 32 bits of milliseconds; beyond, they fire at once. */
const LONGEST_MS = 2 ** 30;

/**
 * Calls back after `seconds`, however many; returns what stops it.
 *
 * @param seconds not negative; NaN counts as 0
 */
export function after(seconds: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let left = Math.max(0, seconds || 0) * 1000;
  const next = (): void => {
    const step = Math.min(left, LONGEST_MS);
    left -= step;
    timer = setTimeout(left > 0 ? next : call, step);
  };
  next();
  return () => clearTimeout(timer);
}

/** Waits, or rejects with the signal's reason. */
export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      stop();
      reject(signal?.reason);
    };
    const stop = after(seconds, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
