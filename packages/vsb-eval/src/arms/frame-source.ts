import type { EvalItem } from "@videosafety/safety-data";
import type { SampledVideo, SamplePlan } from "@videosafety/video-sampler";
import type { Json } from "../content-key.js";

/** A video of the benchmark. */
export type EvalVideo = NonNullable<EvalItem["video"]>;

/** Length and rate of a video. */
export interface VideoFacts {
  /** Seconds until the last frame ends. */
  readonly durationSeconds: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** The stretch that carries what the item is about, where it is known. */
  readonly content?: readonly [startSeconds: number, endSeconds: number];
}

/** What attacks on video need of a source beside whole samplings: single moments, and its plan as arithmetic. */
export interface TimedFrames {
  /** Length and rate of a video. */
  facts(video: EvalVideo, options: { readonly signal?: AbortSignal }): Promise<VideoFacts>;
  /** The frames on screen at given moments, in the order given; a moment past the end is the last frame. A source that cannot make the
   * variant of a clip must refuse it. */
  at(
    video: EvalVideo,
    seconds: readonly number[],
    options: { readonly signal?: AbortSignal; readonly variant?: { readonly name: string; readonly share: number } },
  ): Promise<SampledVideo>;
  /** The source's plan. */
  readonly plan: SamplePlan;
  /** The plan that an attacker believes in; default: {@link plan}. */
  readonly assumedPlan?: SamplePlan;
  /**
   * Pictures after attacks have changed them, kept for whoever shows the same moment again: several sources of a matrix can share one.
   * Left out: each is made when it is shown.
   */
  readonly edited?: Map<string, Uint8Array>;
  /** The harmless clip to hide a video in, such as the same scene without what is harmful; left out or null: another item's. */
  carrierOf?(video: EvalVideo): EvalVideo | null;
}

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
  /** Single moments and the plan as arithmetic: what arms with attacks on video need. */
  readonly timed?: TimedFrames;
}
