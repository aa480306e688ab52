import { createHash } from "node:crypto";
import type { VideoLlm, VisualFeatures } from "@videosafety/video-llm";
import { compressionMask, type SampledVideo } from "@videosafety/video-sampler";
import { processorMilliseconds } from "./remembered.js";

/** Frames with their times. */
export type ShownFrames = Pick<SampledVideo, "frames" | "timestampsSeconds">;

interface EncodedFrame {
  /** [tokens, d]: every token of the frame. */
  readonly embeddings: Float32Array;
  readonly milliseconds: number;
}

/** Embeddings of single frames by vision weights and pixels; models that share a vision encoder share them. */
export type FrameTable = Map<string, EncodedFrame>;

/** Pixels of each frame, by hash. */
export function frameHashes({ frames }: Pick<ShownFrames, "frames">): string[] {
  const [count, height, width] = frames.dims;
  const size = height * width * 3;
  return Array.from({ length: count }, (_, t) =>
    createHash("sha1")
      .update(frames.data.subarray(t * size, (t + 1) * size))
      .digest("base64url"),
  );
}

/**
 * Features of videos from features of their frames, each encoded once: VideoLLaMA3's encoder looks at one frame at a time, and the frames
 * of attacked clips repeat. Equal to `encodeVideo` (tested).
 */
export class FrameFeatures {
  readonly #weights: string;

  /** @param table shared by models and plans */
  constructor(
    readonly model: VideoLlm,
    readonly table: FrameTable = new Map(),
  ) {
    this.#weights = visionHash(model);
  }

  /** Features of a video, and the processor time of encoding its frames when they were encoded. */
  async of(
    video: ShownFrames,
    hashes: readonly string[] = frameHashes(video),
  ): Promise<{ features: VisualFeatures; milliseconds: number }> {
    const { frames, timestampsSeconds } = video;
    const [count, height, width] = frames.dims;
    const size = height * width * 3;
    const encoded: EncodedFrame[] = [];
    for (const [t, hash] of hashes.entries())
      encoded.push(await this.#frame(hash, frames.data.subarray(t * size, (t + 1) * size), height, width));
    const { mergeSize, patchSize, imageStd } = this.model.preprocessor;
    const [rows, columns] = [height / patchSize, width / patchSize];
    const perFrame = (rows * columns) / mergeSize ** 2;
    const std = imageStd as unknown as readonly [number, number, number];
    const mask = compressionMask(frames, { patchSize, mergeSize, std });
    const kept: number[] = [];
    const frameTokenCounts = new Int32Array(count);
    for (let token = 0; token < count * perFrame; token++) {
      if (count > 1 && this.model.config.useTokenCompression && mask[token] === 0) continue;
      kept.push(token);
      const frame = Math.floor(token / perFrame);
      frameTokenCounts[frame] = (frameTokenCounts[frame] as number) + 1;
    }
    const { hiddenSize } = this.model;
    const data = new Float32Array(kept.length * hiddenSize);
    for (const [i, token] of kept.entries()) {
      const { embeddings } = encoded[Math.floor(token / perFrame)] as EncodedFrame;
      const at = (token % perFrame) * hiddenSize;
      data.set(embeddings.subarray(at, at + hiddenSize), i * hiddenSize);
    }
    const times = Float64Array.from(timestampsSeconds);
    const step = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (count - 1);
    const features = this.model.importFeatures({
      kind: "video",
      timestampsSeconds: times,
      secondsPerGrid: step > 0 ? step : 1,
      grid: [count, rows, columns],
      mergeSize,
      keptTokens: Int32Array.from(kept),
      frameTokenCounts,
      embeddings: { data, dims: [kept.length, hiddenSize] },
    });
    return { features, milliseconds: encoded.reduce((sum, { milliseconds }) => sum + milliseconds, 0) };
  }

  async #frame(hash: string, rgb: Uint8Array, height: number, width: number): Promise<EncodedFrame> {
    const key = `${this.#weights} ${hash}`;
    const known = this.table.get(key);
    if (known !== undefined) return known;
    const started = processorMilliseconds();
    const frames = { data: rgb, dims: [1, height, width, 3] as const };
    const features = await this.model.encodeVideo({ frames, timestampsSeconds: [0] }, { kind: "video" });
    const embeddings = await this.model.visualEmbeddings(features);
    const [, rows, columns] = features.grid;
    if (rows * this.model.preprocessor.patchSize !== height || columns * this.model.preprocessor.patchSize !== width)
      throw new RangeError(
        `expected a model that takes frames of ${width} x ${height} as they are, found a grid of ${columns} x ${rows}`,
      );
    const encoded = { embeddings, milliseconds: processorMilliseconds() - started };
    this.table.set(key, encoded);
    return encoded;
  }
}

/** Names what decides a frame's embeddings: weights of vision encoder and projector. */
function visionHash(model: VideoLlm): string {
  const hash = createHash("sha256");
  for (const [name, { data, group }] of model.tensors)
    if (group === "visionEncoder" || group === "projector")
      hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest("base64url").slice(0, 16);
}
