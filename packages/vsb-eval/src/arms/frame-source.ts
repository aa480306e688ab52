import type { EvalItem } from "@videosafety/safety-data";
import type { Json } from "../content-key.js";

/** What the arms need of `@videosafety/video-sampler`'s `SampledVideo`; its other fields are passed through. */
export interface SampledVideo {
  /** Frames uint8 [T, H, W, 3], row-major RGB. */
  readonly frames: { readonly data: Uint8Array; readonly dims: readonly [number, number, number, number] };
  /** Time of each frame in seconds [T]. */
  readonly timestampsSeconds: Float64Array;
}

/** A video of the benchmark. */
export type EvalVideo = NonNullable<EvalItem["video"]>;

/** Where an arm's frames come from. */
export interface FrameSource {
  /** Everything that decides which pixels come out (plan, size, sampler version); part of the content key. */
  readonly parameters: Json;
  /** SHA-256 of the media file; part of the content key. */
  sha256(video: EvalVideo, options: { signal?: AbortSignal }): Promise<string>;
  /** Frames of a video: `frameCount` of them, spread evenly, or the source's own plan when null. */
  sample(
    video: EvalVideo,
    options: { readonly frameCount: number | null; readonly signal?: AbortSignal },
  ): Promise<SampledVideo>;
}
