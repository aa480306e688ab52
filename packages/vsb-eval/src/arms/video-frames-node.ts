import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { probe, type SampleOptions, type SamplePlan, sampleFrames } from "@videosafety/video-sampler";
import type { Json } from "../content-key.js";
import { regularFile } from "../data/regular-file-node.js";
import { VsbEvalError } from "../errors.js";
import { cacheFrames } from "./cached-frames.js";
import type { EvalVideo, FrameSource, TimedFrames, VideoFacts } from "./frame-source.js";
import { drawnPlan } from "./planned-moments.js";

/** Options of {@link videoFrames}. */
export interface VideoFramesOptions {
  /** Folder that relative paths of items start from; default: the working directory. */
  readonly root?: string;
  /** Plan of arms without a frame count; default VideoLLaMA3's: 1 frame a second, at most 90. */
  readonly plan?: SamplePlan;
  /** The plan that attacks on video believe in; default: `plan`. */
  readonly assumedPlan?: SamplePlan;
  /** Size, resize, backend, limits. A size given as a function needs `sizeName`. */
  readonly sample?: Omit<SampleOptions, "signal">;
  /** Stands for a size function in the content key. */
  readonly sizeName?: string;
  /** Bytes of decoded frames remembered between arms; default 256 MiB. */
  readonly cacheBytes?: number;
}

/** Seconds that a video at a URL may take. */
const FETCH_SECONDS = 600;

/**
 * SHA-256 of a regular file, or of what a URL serves, lower-case hexadecimal, read as a stream.
 *
 * @throws {VsbEvalError} `media_missing` for a path that is no regular file, or a URL that serves no video; the signal's reason
 *   when aborted
 */
export async function sha256File(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<string> {
  const { signal } = options;
  const hash = createHash("sha256");
  if (/^https?:/i.test(path)) {
    const limit = AbortSignal.timeout(1000 * FETCH_SECONDS);
    const response = await fetch(path, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
    if (!response.ok || response.body === null)
      throw new VsbEvalError(
        "media_missing",
        `expected a video at ${path}, found HTTP ${response.status}: check the address`,
      );
    for await (const chunk of response.body) hash.update(chunk);
    return hash.digest("hex");
  }
  await regularFile(path, "a video");
  for await (const chunk of createReadStream(path, signal === undefined ? {} : { signal }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/**
 * Frames of local video files through `@videosafety/video-sampler`, decoded once for all arms of an item. Arms with a
 * frame count sample that many frames evenly, first and last included.
 *
 * @throws {VsbEvalError} `invalid_input` for a size function without a name; sampling throws the sampler's own errors.
 */
export function videoFrames(options: VideoFramesOptions = {}): FrameSource {
  const { root = ".", plan = { type: "videollama3-reference" }, sample = {}, sizeName } = options;
  if (typeof sample.size === "function" && sizeName === undefined) {
    throw new VsbEvalError(
      "invalid_input",
      "expected `sizeName` beside a size function: it stands for it in the content key",
    );
  }
  const locate = (path: string): string => {
    if (/^https?:/i.test(path)) return path;
    if (/^file:/i.test(path)) return fileURLToPath(path);
    return isAbsolute(path) ? path : resolve(root, path);
  };
  const size = typeof sample.size === "function" ? (sizeName as string) : (sample.size ?? null);
  const placeOf = async ({ path }: EvalVideo): Promise<string> => {
    const place = locate(path);
    if (!/^https?:/i.test(place)) await regularFile(place, "a video");
    return place;
  };
  const facts = new Map<string, Promise<VideoFacts>>();
  const timed: TimedFrames = {
    plan,
    ...(options.assumedPlan === undefined ? {} : { assumedPlan: options.assumedPlan }),
    facts(video) {
      const known = facts.get(video.path) ?? placeOf(video).then((place) => probe(place));
      facts.set(video.path, known);
      known.catch(() => facts.delete(video.path));
      return known;
    },
    async at(video, seconds, { signal, variant }) {
      if (variant !== undefined)
        throw new VsbEvalError(
          "invalid_input",
          `expected a clip as its file shows it, found the variant "${variant.name}": only a source that makes its clips can`,
        );
      const moments: SamplePlan = { type: "timestamps", timestampsSeconds: [...seconds], short: "repeat" };
      return sampleFrames(await placeOf(video), moments, { ...sample, ...(signal === undefined ? {} : { signal }) });
    },
  };
  const source: FrameSource = {
    timed,
    parameters: { plan, size, resize: sample.resize ?? "pillow" } as unknown as Json,
    sha256: ({ path }, options) => sha256File(locate(path), options),
    async sample(video, { frameCount, signal }) {
      return sampleFrames(
        await placeOf(video),
        frameCount === null ? drawnPlan(plan, video) : { type: "uniform", frameCount },
        {
          ...sample,
          ...(signal === undefined ? {} : { signal }),
        },
      );
    },
  };
  return cacheFrames(source, options.cacheBytes === undefined ? {} : { maxBytes: options.cacheBytes });
}
