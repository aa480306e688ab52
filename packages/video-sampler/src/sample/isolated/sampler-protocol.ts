import type { VideoSamplerErrorCode } from "../../errors.js";
import type { SamplePlan } from "../../plan/sample-plan.js";
import type { SampledVideo } from "../../video/sampled-video.js";
import type { SampleOptions } from "../sample-options.js";

/** What the parent asks a decoding child process to do. */
export interface SamplerRequest {
  /** A local path, or an http or https address. */
  readonly path: string;
  /** Which frames. */
  readonly plan: SamplePlan;
  /** Options without functions and signals. */
  readonly options: Omit<SampleOptions, "signal" | "onProgress" | "isolate" | "timeoutMs">;
}

/** What the child answers. */
export type SamplerReply =
  | { readonly type: "progress"; readonly framesDone: number; readonly framesTotal: number }
  | { readonly type: "sampled"; readonly video: SampledVideo }
  | { readonly type: "failed"; readonly code: VideoSamplerErrorCode | null; readonly message: string };
