import type { OpenOptions } from "../decode/open-options.js";
import { InvalidPlanError } from "../errors.js";
import {
  type QwenPixelRange,
  type QwenVlSizeOptions,
  qwen3VlImageSize,
  qwenVlHfImageSize,
  qwenVlImageSize,
} from "../model-inputs/qwen-vl-size.js";
import { videoLlama3ImageSize } from "../model-inputs/video-llama3-image-size.js";
import type { ImageSize, VideoInfo } from "../video/sampled-video.js";

/** A size rule by the model's name, so that it can cross a process boundary. */
export type ModelImageSize =
  | VideoLlama3ModelSize
  | ({ readonly model: "qwen2.5-vl" } & QwenVlSizeOptions)
  | ({ readonly model: "qwen2.5-vl-hf" } & QwenPixelRange)
  | ({ readonly model: "qwen3-vl" } & QwenPixelRange);

/** VideoLLaMA3's size rule and its settings. */
export interface VideoLlama3ModelSize {
  /** Whose rule. */
  readonly model: "videollama3";
  /** Patches merged per token along each side. Default 2. */
  readonly mergeSize?: number;
  /** Fewest merged tokens of a frame. Default 16. */
  readonly minTokens?: number;
  /** Most merged tokens of the video. Default 16384. */
  readonly maxTokens?: number;
}

/** The size of the output frames: fixed, by a model's rule, or computed from the source. */
export type OutputSize =
  | ImageSize
  | ModelImageSize
  | ((source: ImageSize & { readonly frameCount: number }) => ImageSize);

/** Options of {@link sampleFrames}. */
export interface SampleOptions extends OpenOptions {
  /** Output size; frames are resized one by one as they are decoded. Default: the source's own. */
  readonly size?: OutputSize;
  /** `pillow`: bit-exact bicubic (default). `fast`: swscale's bicubic, about 4 times faster, off by 0.1 grey levels on average. */
  readonly resize?: "pillow" | "fast";
  /** Stretch to square pixels where the sample aspect ratio is another. Default false, as every reference does. */
  readonly squarePixels?: boolean;
  /** Map HDR (PQ, HLG) to SDR with the Hable curve. Default false; HDR then gives a warning. */
  readonly toneMap?: boolean;
  /** Called after every distinct frame. */
  readonly onProgress?: (progress: { readonly framesDone: number; readonly framesTotal: number }) => void;
  /**
   * Decode in a child process, so that a fault in a decoder cannot take this one down: for files from strangers. Costs
   * about 0.3 s to start. Size functions cannot cross; name a model or give numbers. Default false.
   */
  readonly isolate?: boolean;
  /** Fail with SamplingTimeoutError after this many milliseconds. Default: none. */
  readonly timeoutMs?: number;
}

/** Options of one sampling of an opened video. */
export type OpenedSampleOptions = Pick<
  SampleOptions,
  "size" | "resize" | "squarePixels" | "toneMap" | "limits" | "signal" | "onProgress"
>;

/** The options of an opened video among those of a whole sampling. */
export function openedOptions(options: SampleOptions): OpenedSampleOptions {
  const { backend: _b, threads: _t, stream: _s, isolate: _i, timeoutMs: _m, ...opened } = options;
  return opened;
}

/** The options of opening among those of a whole sampling. */
export function openingOptions({ backend, threads, stream, limits, signal }: SampleOptions): OpenOptions {
  return Object.fromEntries(
    Object.entries({ backend, threads, stream, limits, signal }).filter(([, value]) => value !== undefined),
  );
}

/** The size as shown: after rotation, and with square pixels if asked. */
export function displaySize(info: VideoInfo, squarePixels = false): ImageSize {
  const { width, height, rotationDegrees, sampleAspectRatio } = info;
  if (!squarePixels) return { height, width };
  const stretch = sampleAspectRatio.num / sampleAspectRatio.den;
  // The stored width is what stretches; turned by a quarter, that is the shown height.
  return rotationDegrees % 180 === 0
    ? { height, width: Math.max(1, Math.round(width * stretch)) }
    : { height: Math.max(1, Math.round(height * stretch)), width };
}

/** The size rule of the model that a plan is named after; undefined for general plans. */
export function sizeOfModel(planType: string): ModelImageSize | undefined {
  if (planType.startsWith("videollama3-")) return { model: "videollama3" };
  return planType === "qwen2.5-vl" || planType === "qwen2.5-vl-hf" || planType === "qwen3-vl"
    ? { model: planType }
    : undefined;
}

/** The output size for `frameCount` frames of a source. @throws InvalidPlanError on a size that is not positive integers */
export function outputSize(rule: OutputSize | undefined, source: ImageSize, frameCount: number): ImageSize {
  let size: ImageSize;
  if (rule === undefined) size = { height: source.height, width: source.width };
  else if (typeof rule === "function") size = rule({ height: source.height, width: source.width, frameCount });
  else if ("model" in rule) size = modelSize(rule, source, Math.max(1, frameCount));
  else size = rule;
  for (const side of [size.height, size.width])
    if (!Number.isSafeInteger(side) || side < 1)
      throw new InvalidPlanError(`The output size must be positive integers, got ${size.height} x ${size.width}.`);
  return size;
}

function modelSize(rule: ModelImageSize, source: ImageSize, frameCount: number): ImageSize {
  if (rule.model === "qwen2.5-vl") return qwenVlImageSize(source, frameCount, rule);
  if (rule.model === "qwen2.5-vl-hf") return qwenVlHfImageSize(source, rule);
  if (rule.model === "qwen3-vl") return qwen3VlImageSize(source, frameCount, rule);
  const { model: _model, ...settings } = rule;
  return videoLlama3ImageSize(source, { ...settings, frameCount });
}
