import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  type ContentLedger,
  openContentLedger,
  type SampleLimits,
  samplePlanFor,
  toldFrameRate,
  type VideoLlm,
  type VisualFeatures,
} from "@videosafety/video-llm";
import { type SampledVideo, type SamplePlan, sampleFrames } from "@videosafety/video-sampler";
import { cacheFolder } from "../model/cache-folder-node.js";
import { FeatureFolder } from "./feature-folder-node.js";
import { visionHash } from "./vision-hash-node.js";

/** A file to look at. */
export interface MediaInput {
  readonly kind: "video" | "image";
  readonly path: string;
}

/** What {@link FeatureStore.open} takes. */
export interface FeatureStoreOptions {
  /** Bounds on the frames of videos. */
  readonly frames?: SampleLimits;
  /** Where features are kept between processes; null: in memory only. */
  readonly disk: { readonly directory?: string; readonly maxBytes: number } | null;
  /** Most bytes of embeddings in memory. Default 1 GiB. */
  readonly memoryBytes?: number;
  /** False where the vision encoder or the projector is trained: features keep their patches, and stay in memory. Default true. */
  readonly frozen?: boolean;
  /** What the model runs on: features of another provider are other features. */
  readonly providers?: readonly string[];
}

type Signal = { readonly signal?: AbortSignal };
/** How an image is read: as a video of one frame. */
export const IMAGE_PLAN: SamplePlan = { type: "uniform", frameCount: 1 };

/**
 * Features of videos and images for a model whose vision encoder stays as it is: each made once, by the content of the file, and kept
 * in memory and on disk within bounds. A file that cannot be read is not remembered.
 */
export class FeatureStore {
  /** How videos are sampled. */
  readonly plan: SamplePlan;
  /** Where features came from. */
  readonly counts = { memory: 0, disk: 0, encoded: 0 };
  readonly #memory = new Map<string, { readonly features: VisualFeatures; readonly bytes: number }>();
  readonly #pending = new Map<string, Promise<VisualFeatures>>();
  readonly #byVideo = new WeakMap<SampledVideo, Promise<VisualFeatures>>();
  #memoryBytes = 0;

  private constructor(
    readonly model: VideoLlm,
    readonly disk: FeatureFolder | null,
    private readonly hash: string,
    private readonly ledger: ContentLedger,
    private readonly maxMemoryBytes: number,
    private readonly frozen: boolean,
    frames: SampleLimits,
  ) {
    this.plan = samplePlanFor(model.config.family, frames);
  }

  /** Opens a store for a model. */
  static async open(model: VideoLlm, options: FeatureStoreOptions): Promise<FeatureStore> {
    const { frames = {}, memoryBytes = 2 ** 30, frozen = true, providers } = options;
    const disk = frozen ? options.disk : null;
    const hash = disk === null ? "" : visionHash(model, providers);
    const folder =
      disk === null ? null : await FeatureFolder.open(disk.directory ?? join(cacheFolder(), "features"), disk.maxBytes);
    return new FeatureStore(model, folder, hash, await openContentLedger(cacheFolder()), memoryBytes, frozen, frames);
  }

  /** Features of a file. @throws what `sampleFrames` and `encodeVideo` throw */
  async ofFile({ kind, path }: MediaInput, { signal }: Signal = {}): Promise<VisualFeatures> {
    const content = await this.ledger.hash(path);
    const plan = kind === "image" ? IMAGE_PLAN : this.plan;
    return this.#get(`${this.hash}|${kind}|${JSON.stringify(plan)}|${content}`, async () => {
      const video = await sampleFrames(path, plan, signal === undefined ? {} : { signal });
      return this.#encode(video, kind, signal);
    });
  }

  /** Features of frames that were sampled elsewhere. @throws what `encodeVideo` throws */
  ofVideo(video: SampledVideo, { signal }: Signal = {}): Promise<VisualFeatures> {
    const kept = this.#byVideo.get(video);
    if (kept !== undefined) return kept;
    const { frames, timestampsSeconds, info } = video;
    const content = createHash("sha256")
      .update(`${frames.dims}|${info.declaredDurationSeconds}|`)
      .update(new Uint8Array(timestampsSeconds.buffer, timestampsSeconds.byteOffset, timestampsSeconds.byteLength))
      .update(frames.data)
      .digest("hex");
    const features = this.#get(`${this.hash}|frames|${content}`, () => this.#encode(video, "video", signal));
    this.#byVideo.set(video, features);
    features.catch(() => this.#byVideo.delete(video));
    return features;
  }

  /** Remembers the files' hashes for the next process. */
  close(): Promise<void> {
    return this.ledger.save();
  }

  #encode(video: SampledVideo, kind: "video" | "image", signal: AbortSignal | undefined): Promise<VisualFeatures> {
    const rate = kind === "video" ? toldFrameRate(this.model.config.family, video) : {};
    return this.model.encodeVideo(video, { kind, ...rate, ...(signal === undefined ? {} : { signal }) });
  }

  #get(key: string, make: () => Promise<VisualFeatures>): Promise<VisualFeatures> {
    const kept = this.#memory.get(key);
    if (kept !== undefined) {
      this.#memory.delete(key);
      this.#memory.set(key, kept);
      this.counts.memory += 1;
      return Promise.resolve(kept.features);
    }
    const pending = this.#pending.get(key) ?? this.#load(key, make).finally(() => this.#pending.delete(key));
    this.#pending.set(key, pending);
    return pending;
  }

  async #load(key: string, make: () => Promise<VisualFeatures>): Promise<VisualFeatures> {
    const stored = await this.disk?.get(key);
    if (stored) {
      this.counts.disk += 1;
      return this.#keep(key, this.model.importFeatures(stored), stored.embeddings.data.byteLength);
    }
    const encoded = await make();
    this.counts.encoded += 1;
    if (!this.frozen) return this.#keep(key, encoded, encoded.patches.pixel_values.data.byteLength);
    const exported = await this.model.exportFeatures(encoded);
    await this.disk?.put(key, exported);
    // Without the patches: they are many times larger, and of no use while the vision encoder is frozen.
    return this.#keep(key, this.model.importFeatures(exported), exported.embeddings.data.byteLength);
  }

  #keep(key: string, features: VisualFeatures, bytes: number): VisualFeatures {
    this.#memory.set(key, { features, bytes });
    this.#memoryBytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#memory) {
      if (this.#memoryBytes <= this.maxMemoryBytes || oldest === key) break;
      this.#memory.delete(oldest);
      this.#memoryBytes -= freed;
    }
    return features;
  }
}
