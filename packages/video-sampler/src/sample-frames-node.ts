import { InvalidPlanError, SamplingTimeoutError } from "./errors.js";
import { openSource } from "./open-source-node.js";
import { runPlan } from "./run-plan.js";
import type { SampleOptions } from "./sample-options.js";
import { resolvePlan, type SamplePlan } from "./sample-plan.js";
import type { SampledVideo } from "./sampled-video.js";

/**
 * Samples a video file: exactly the frames the plan names, with their times.
 *
 * @param path a local file
 * @param plan which frames, such as `{ type: "uniform", frameCount: 16 }`
 * @returns frames uint8 `[T, H, W, 3]` (upright RGB), timestamps `[T]` in seconds, facts about each frame, warnings
 * @throws NotFoundError, NotMediaError, NoVideoStreamError, TruncatedError, DecoderMissingError, DecodeFailedError,
 * NoBackendError, InvalidPlanError, LimitExceededError, SamplingTimeoutError, or the signal's reason
 */
export async function sampleFrames(path: string, plan: SamplePlan, options: SampleOptions = {}): Promise<SampledVideo> {
  const resolved = resolvePlan(plan);
  return withTimeout(options, async (signal) => {
    const decoder = await openSource(path, options);
    try {
      return await runPlan(decoder, resolved, signal === undefined ? options : { ...options, signal });
    } finally {
      await decoder.close();
    }
  });
}

async function withTimeout<T>(
  { signal, timeoutMs }: SampleOptions,
  run: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  if (timeoutMs === undefined) return run(signal);
  if (!(timeoutMs > 0)) throw new InvalidPlanError(`timeoutMs must be positive, got ${timeoutMs}.`);
  const controller = new AbortController();
  const late = new SamplingTimeoutError(`Sampling took longer than ${timeoutMs} ms; raise timeoutMs or ask for less.`);
  const timer = setTimeout(() => controller.abort(late), timeoutMs);
  const forward = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}
