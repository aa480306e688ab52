import type { SampledVideo } from "@videosafety/video-sampler";
import type { EvalVideo, FrameSource } from "./frame-source.js";

/**
 * Remembers sampled videos up to a number of bytes, least recently used out first, so that the arms of an item share
 * one decoding. Hashes are remembered for good. At most `decoders` videos are decoded at a time.
 */
export function cacheFrames(source: FrameSource, options: { maxBytes?: number; decoders?: number } = {}): FrameSource {
  const maxBytes = options.maxBytes ?? 256 * 2 ** 20;
  const decoders = options.decoders ?? 2;
  const hashes = new Map<string, Promise<string>>();
  const sampled = new Map<string, { readonly video: Promise<SampledVideo>; bytes: number }>();
  const waiting: (() => void)[] = [];
  let total = 0;
  let decoding = 0;

  const forget = (key: string): void => {
    total -= sampled.get(key)?.bytes ?? 0;
    sampled.delete(key);
  };

  // Shared by several requests, so that no single request's signal may cancel it.
  async function decode(video: EvalVideo, frameCount: number | null): Promise<SampledVideo> {
    while (decoding >= decoders) await new Promise<void>((resolve) => waiting.push(resolve));
    decoding++;
    try {
      return await source.sample(video, { frameCount });
    } finally {
      decoding--;
      waiting.shift()?.();
    }
  }

  return {
    parameters: source.parameters,
    ...(source.timed === undefined ? {} : { timed: source.timed }),
    sha256(video) {
      let hash = hashes.get(video.path);
      if (hash === undefined) {
        hash = source.sha256(video, {});
        hash.catch(() => hashes.delete(video.path));
        hashes.set(video.path, hash);
      }
      return hash;
    },
    async sample(video, { frameCount, signal }) {
      signal?.throwIfAborted();
      const key = `${frameCount}\u0000${video.path}`;
      const known = sampled.get(key);
      if (known !== undefined) {
        sampled.delete(key);
        sampled.set(key, known);
        return known.video;
      }
      const entry = { video: decode(video, frameCount), bytes: 0 };
      sampled.set(key, entry);
      try {
        const result = await entry.video;
        entry.bytes = result.frames.data.byteLength;
        total += entry.bytes;
        for (const oldest of sampled.keys()) {
          if (total <= maxBytes || oldest === key) break;
          if ((sampled.get(oldest)?.bytes ?? 0) > 0) forget(oldest);
        }
        return result;
      } catch (error) {
        sampled.delete(key);
        throw error;
      }
    },
  };
}
