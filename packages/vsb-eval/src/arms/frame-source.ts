import type { EvalItem } from "@videosafety/safety-data";
import type { SampledVideo } from "@videosafety/video-sampler";
import type { Json } from "../content-key.js";

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
