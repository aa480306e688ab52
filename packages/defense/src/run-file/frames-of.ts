import type { SampleLimits } from "@videosafety/video-llm";
import type { RunFile } from "./run-schema.js";

/** An object without the members that are undefined. */
export const defined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** Frames of a run file without what it leaves open. */
export const framesOf = ({ frames }: RunFile): SampleLimits & { readonly maxVisualTokens?: number } => defined(frames);

/** Bounds on the frames of videos, for a plan of sampling. */
export function sampleLimitsOf(run: RunFile): SampleLimits {
  const { maxVisualTokens: _, ...limits } = framesOf(run);
  return limits;
}

/** Where a run keeps features; null: nowhere but in memory. */
export const featureDiskOf = ({ featureCache }: RunFile): { directory?: string; maxBytes: number } | null =>
  featureCache === null ? null : { maxBytes: featureCache.maxBytes, ...defined({ directory: featureCache.directory }) };
