import { type SampledVideo, type SamplePlan, sampleFrames } from "@videosafety/video-sampler";
import { OptionsError } from "../errors.js";
import { type SampleLimits, samplePlanFor, toldFrameRate } from "../vision/sample-plan.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import type { VideoLlm } from "./video-llm.js";

/** What a {@link FeatureCache} needs of a model. */
export type FeatureModel = Pick<VideoLlm, "encodeVideo" | "config">;

/** What {@link FeatureCache} takes. */
export interface FeatureCacheOptions {
  /** How files are sampled: a plan, or bounds on the plan of the model's family. */
  readonly sampling?: SamplePlan | SampleLimits;
  /** Files whose features are kept; the one used longest ago goes first. Default 4096. */
  readonly maxFiles?: number;
  /** Leave the vision encoder for when features are first used. Default false. */
  readonly lazy?: boolean;
}

/**
 * Visual features of videos, each made once: as long as the vision encoder is frozen they serve every stage and every
 * query. Features are kept in memory. A video that cannot be read is not remembered: the next call tries again.
 */
export class FeatureCache {
  /** How files are sampled. */
  readonly plan: SamplePlan;
  readonly #model: FeatureModel;
  readonly #options: { readonly maxFiles: number; readonly lazy: boolean };
  readonly #byPath = new Map<string, Promise<VisualFeatures>>();
  readonly #byVideo = new WeakMap<SampledVideo, Promise<VisualFeatures>>();

  /** @throws OptionsError when `maxFiles` is not a whole number of at least 1 */
  constructor(model: FeatureModel, { sampling = {}, maxFiles = 4096, lazy = false }: FeatureCacheOptions = {}) {
    if (!(Number.isInteger(maxFiles) && maxFiles >= 1))
      throw new OptionsError(`expected a whole number maxFiles >= 1, found ${maxFiles}`);
    this.plan = "type" in sampling ? sampling : samplePlanFor(model.config.family, sampling);
    this.#model = model;
    this.#options = { maxFiles, lazy };
  }

  /** Features of a file. @throws what `sampleFrames` and `encodeVideo` throw */
  ofFile(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<VisualFeatures> {
    const kept = this.#byPath.get(path);
    if (kept !== undefined) this.#byPath.delete(path);
    const features = kept ?? sampleFrames(path, this.plan, options).then((video) => this.ofVideo(video, options));
    this.#byPath.set(path, features);
    if (kept === undefined) features.catch(() => this.#byPath.delete(path));
    const [oldest] = this.#byPath.keys();
    if (this.#byPath.size > this.#options.maxFiles && oldest !== undefined) this.#byPath.delete(oldest);
    return features;
  }

  /** Features of frames that were sampled elsewhere; kept as long as the frames are. @throws what `encodeVideo` throws */
  ofVideo(video: SampledVideo, options: { readonly signal?: AbortSignal } = {}): Promise<VisualFeatures> {
    const kept = this.#byVideo.get(video);
    if (kept !== undefined) return kept;
    const { lazy } = this.#options;
    const features = this.#model.encodeVideo(video, {
      lazy,
      ...toldFrameRate(this.#model.config.family, video),
      ...options,
    });
    this.#byVideo.set(video, features);
    features.catch(() => this.#byVideo.delete(video));
    return features;
  }
}
