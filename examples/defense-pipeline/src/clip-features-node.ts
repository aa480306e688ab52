import type { VideoLlm, VisualFeatures } from "@videosafety/video-llm";
import { type SampledVideo, sampleFrames } from "@videosafety/video-sampler";
import type { PipelineConfig } from "./pipeline-config.js";

/**
 * Frames and visual features of clips, each decoded once a run. The vision encoder is frozen in every stage, so features
 * serve all of them.
 */
export class ClipFeatures {
  readonly #model: VideoLlm;
  readonly #sampling: PipelineConfig["sampling"];
  readonly #byPath = new Map<string, Promise<VisualFeatures>>();
  readonly #byVideo = new WeakMap<SampledVideo, Promise<VisualFeatures>>();

  constructor(model: VideoLlm, sampling: PipelineConfig["sampling"]) {
    this.#model = model;
    this.#sampling = sampling;
  }

  /** The plan every clip is sampled with: the paper's (1 fps, rounding down, capped). */
  get plan() {
    return { type: "videollama3-reference", ...this.#sampling } as const;
  }

  /** Features of a clip file. */
  ofFile(path: string, signal?: AbortSignal): Promise<VisualFeatures> {
    let features = this.#byPath.get(path);
    if (features === undefined) {
      features = sampleFrames(path, this.plan, signal ? { signal } : {}).then((video) => this.ofVideo(video));
      this.#byPath.set(path, features);
    }
    return features;
  }

  /** Features of frames sampled elsewhere. */
  ofVideo(video: SampledVideo): Promise<VisualFeatures> {
    let features = this.#byVideo.get(video);
    if (features === undefined) {
      features = this.#model.encodeVideo(video);
      this.#byVideo.set(video, features);
    }
    return features;
  }
}
