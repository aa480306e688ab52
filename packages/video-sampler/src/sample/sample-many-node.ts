import { availableParallelism } from "node:os";
import { resolvePlan, type SamplePlan } from "../plan/sample-plan.js";
import { sourceForChild } from "../source/local-file-node.js";
import type { VideoSource } from "../source/video-source.js";
import type { SampledVideo } from "../video/sampled-video.js";
import { checkOptions } from "./check-options.js";
import { SamplerProcess } from "./isolated/sampler-process-node.js";
import { sampleManyOptionsSchema } from "./options-schema.js";
import type { SampleOptions } from "./sample-options.js";
import { withTimeout } from "./timeout.js";

/** Options of {@link sampleMany}. */
export interface SampleManyOptions extends Omit<SampleOptions, "onProgress" | "isolate"> {
  /** Child processes that decode side by side. Default: the number of cores. */
  readonly concurrency?: number;
  /** No new video is started while finished ones that nobody has taken yet hold this many bytes. Default 2^30. */
  readonly maxBufferedBytes?: number;
}

/** The outcome for one source of {@link sampleMany}. */
export type SampledItem =
  | { readonly index: number; readonly source: VideoSource; readonly video: SampledVideo }
  | { readonly index: number; readonly source: VideoSource; readonly error: Error };

/**
 * Samples many videos over a pool of child processes, each with one decoder thread (the least CPU per video). Yields in the
 * order they finish; a video that fails yields its error and the others go on. Sources are pulled only when a process is
 * free and the results waiting to be taken are within the bound, so memory stays flat however long the list.
 * @throws InvalidPlanError for a malformed plan, the signal's reason, or what the list of sources throws, once the videos
 * pulled before are out
 */
export async function* sampleMany(
  sources: Iterable<VideoSource> | AsyncIterable<VideoSource>,
  plan: SamplePlan,
  options: SampleManyOptions = {},
): AsyncGenerator<SampledItem> {
  checkOptions(sampleManyOptionsSchema, options, "sampleMany");
  const { concurrency = availableParallelism(), maxBufferedBytes = 2 ** 30, ...sampling } = options;
  resolvePlan(plan);
  const idle = Array.from({ length: concurrency }, () => new SamplerProcess());
  const all = [...idle];
  const iterator = Symbol.asyncIterator in sources ? sources[Symbol.asyncIterator]() : sources[Symbol.iterator]();
  const running = new Map<number, Promise<void>>();
  const finished: SampledItem[] = [];
  let bufferedBytes = 0;
  let started = 0;
  let exhausted = false;
  let pulling: Promise<void> | undefined;
  let sourceFailure: { readonly error: unknown } | undefined;

  const start = async (): Promise<void> => {
    let next: IteratorResult<VideoSource>;
    try {
      next = await iterator.next();
    } catch (error) {
      exhausted = true;
      sourceFailure = { error };
      return;
    }
    if (next.done === true) {
      exhausted = true;
      return;
    }
    const index = started++;
    const child = idle.pop() as SamplerProcess;
    const job = sampleOne(child, next.value, plan, sampling).then((outcome) => {
      finished.push({ index, source: next.value, ...outcome });
      if ("video" in outcome) bufferedBytes += outcome.video.frames.data.length;
      running.delete(index);
      idle.push(child);
    });
    running.set(index, job);
  };

  try {
    for (;;) {
      options.signal?.throwIfAborted();
      // A source that is slow to come must not hold back videos that are finished.
      if (!exhausted && idle.length > 0 && bufferedBytes < maxBufferedBytes)
        pulling ??= start().finally(() => {
          pulling = undefined;
        });
      const item = finished.shift();
      if (item !== undefined) {
        if ("video" in item) bufferedBytes -= item.video.frames.data.length;
        yield item;
      } else if (pulling !== undefined || running.size > 0)
        await Promise.race(pulling === undefined ? running.values() : [pulling, ...running.values()]);
      else if (sourceFailure !== undefined) throw sourceFailure.error;
      else return;
    }
  } finally {
    for (const child of all) child.kill();
    await Promise.allSettled(running.values());
    await iterator.return?.();
  }
}

async function sampleOne(
  child: SamplerProcess,
  source: VideoSource,
  plan: SamplePlan,
  options: SampleOptions,
): Promise<{ video: SampledVideo } | { error: Error }> {
  try {
    const video = await withTimeout(options, async (bounded) => {
      const file = await sourceForChild(source, bounded);
      try {
        return await child.sample(file.path, plan, bounded);
      } finally {
        await file.remove();
      }
    });
    return { video };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}
