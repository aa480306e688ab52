import { InvalidPlanError, SamplingTimeoutError } from "../errors.js";

/**
 * Runs with a signal that also fires when the time is up.
 * @throws SamplingTimeoutError, or the given signal's reason
 */
export async function withTimeout<T, O extends { signal?: AbortSignal; timeoutMs?: number }>(
  options: O,
  run: (bounded: O) => Promise<T>,
): Promise<T> {
  const { signal, timeoutMs } = options;
  signal?.throwIfAborted();
  if (timeoutMs === undefined) return run(options);
  if (!(timeoutMs > 0)) throw new InvalidPlanError(`timeoutMs must be positive, got ${timeoutMs}.`);
  const controller = new AbortController();
  const late = new SamplingTimeoutError(`Sampling took longer than ${timeoutMs} ms; raise timeoutMs or ask for less.`);
  const timer = setTimeout(() => controller.abort(late), timeoutMs);
  const forward = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  try {
    return await run({ ...options, signal: controller.signal });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}
