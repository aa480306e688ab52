import { LimitExceededError } from "../errors.js";
import type { ImageSize, VideoInfo } from "./sampled-video.js";

/** Bounds on what a source may ask of this process. */
export interface SamplingLimits {
  /** Most pixels of one stored frame. Default 2^26 (67 million, above 8K). */
  readonly maxPixels?: number;
  /** Most bytes of output frames. Default 2^31. */
  readonly maxOutputBytes?: number;
  /** Most bytes that are read of a URL, stream or blob; a URL's file may be longer. Default 2^32. */
  readonly maxSourceBytes?: number;
  /** Most frames a source may list. Default 2^21 (19 hours at 30 frames per second). */
  readonly maxFrames?: number;
  /** Most redirects a URL may take. Default 5. */
  readonly maxRedirects?: number;
  /** How often a request is repeated after a server's transient error (429, 500, 502, 503, 504) or a broken connection. Default 3. */
  readonly maxRetries?: number;
  /**
   * Whether URLs may lead to loopback, link-local, private and other special addresses. Default: only where the caller's own URL
   * names such a host, and only there; a redirect from elsewhere may not. `true`: always. `false`: never.
   */
  readonly allowPrivateAddresses?: boolean;
  /** Most bytes of memory the child process of `isolate` may take, its ffmpeg program included. Default 2^31. */
  readonly maxMemoryBytes?: number;
}

/** The limit on frames, with its default. */
export function maxFramesOf({ maxFrames = 2 ** 21 }: SamplingLimits = {}): number {
  return maxFrames;
}

/** @throws LimitExceededError when more frames are listed than the limit allows */
export function checkFrameCount(count: number, limits: SamplingLimits = {}): void {
  if (count > maxFramesOf(limits))
    throw new LimitExceededError(
      `The video has more than ${maxFramesOf(limits)} frames; raise limits.maxFrames if you trust it.`,
    );
}

/** @throws LimitExceededError when a stored frame is larger than the limit */
export function checkPixels(info: Pick<VideoInfo, "codedWidth" | "codedHeight">, limits: SamplingLimits = {}): void {
  const { maxPixels = 2 ** 26 } = limits;
  if (info.codedWidth * info.codedHeight > maxPixels)
    throw new LimitExceededError(
      `The video's frames are ${info.codedWidth} x ${info.codedHeight}, above the limit of ${maxPixels} pixels; raise limits.maxPixels if you trust it.`,
    );
}

/** @throws LimitExceededError when the output would be larger than the limit */
export function checkOutput(frameCount: number, size: ImageSize, limits: SamplingLimits = {}): void {
  const { maxOutputBytes = 2 ** 31 } = limits;
  const bytes = frameCount * size.height * size.width * 3;
  if (bytes > maxOutputBytes)
    throw new LimitExceededError(
      `${frameCount} frames of ${size.height} x ${size.width} need ${bytes} bytes, above the limit of ${maxOutputBytes}. Ask for fewer frames, give options.size, or raise limits.maxOutputBytes.`,
    );
}
