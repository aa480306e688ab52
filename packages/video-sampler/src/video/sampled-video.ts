import type { Rational } from "./rational.js";

/** A stack of RGB images, row-major `[T, H, W, 3]`, one byte per channel. */
export interface RgbFrames {
  /** T * H * W * 3 bytes. */
  readonly data: Uint8Array;
  /** `[frames, height, width, 3]`. */
  readonly dims: readonly [number, number, number, number];
}

/** Height and width in pixels. */
export interface ImageSize {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/** What the container says about the stream that is sampled. */
export interface VideoInfo {
  /** Index of the sampled stream in the container. */
  readonly streamIndex: number;
  /** Demuxer name as libav gives it, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container: string;
  /** Codec name, such as `h264`. */
  readonly codec: string;
  /** Pixels across as shown: after rotation, and after the sample aspect ratio where that option is on. */
  readonly width: number;
  /** Pixels down as shown. */
  readonly height: number;
  /** Pixels across as stored. */
  readonly codedWidth: number;
  /** Pixels down as stored. */
  readonly codedHeight: number;
  /** Clockwise rotation that shows the picture upright: 0, 90, 180 or 270. */
  readonly rotationDegrees: number;
  /** Width over height of one stored pixel; 1/1 when square or unknown. */
  readonly sampleAspectRatio: Rational;
  /** Seconds per tick. */
  readonly timeBase: Rational;
  /** Start of the file on the container's clock: time 0 of `timeSeconds`. */
  readonly startTimeSeconds: number;
  /** Start of this stream on the container's clock. */
  readonly streamStartTimeSeconds: number;
  /** Length the container declares, or null. */
  readonly declaredDurationSeconds: number | null;
  /** Average frames per second that the container declares; 0 when unknown. */
  readonly averageFrameRate: number;
  /** Pixel format as libav names it, such as `yuv420p10le`. */
  readonly pixelFormat: string;
  /** Colour matrix (`bt709`, `smpte170m`, ...), or `unknown`. */
  readonly colorMatrix: string;
  /** Colour primaries (`bt709`, `bt2020`, ...), or `unknown`. */
  readonly colorPrimaries: string;
  /** `tv` (limited), `pc` (full), or `unknown`. */
  readonly colorRange: string;
  /** Transfer curve, such as `bt709`, `smpte2084` (PQ) or `arib-std-b67` (HLG). */
  readonly colorTransfer: string;
  /** Whether the transfer curve is PQ or HLG. */
  readonly highDynamicRange: boolean;
}

/** Facts about one sampled frame. */
export interface FrameInfo {
  /** Position in display order within the whole video, from 0. */
  readonly index: number;
  /** Presentation time in ticks of `info.timeBase`, exactly as stored. */
  readonly ptsTicks: number;
  /** When the frame appears, in seconds since the start of the file. */
  readonly timeSeconds: number;
  /** The time the plan asked for, in seconds since the start of the file; null for plans that name frames. */
  readonly requestedTimeSeconds: number | null;
  /** The time the model is told; equals `timestampsSeconds[t]`. */
  readonly labelSeconds: number;
  /** Whether the frame is a keyframe. */
  readonly keyframe: boolean;
  /** Whether the decoder reported damage in it. */
  readonly decodeError: boolean;
}

/** Something a caller should know about that did not stop the sampling. */
export interface SamplingWarning {
  /** Stable identifier. */
  readonly code:
    | "TRUNCATED_TAIL"
    | "DAMAGED_FRAMES"
    | "NO_TIMESTAMPS"
    | "TIMESTAMPS_DISCONTINUOUS"
    | "REINDEXED"
    | "FRAME_RATE_CORRECTED"
    | "SHORT_CLIP"
    | "HIGH_DYNAMIC_RANGE";
  /** What was expected, found, and what it means. */
  readonly message: string;
}

/** How much work the sampling took. */
export interface SamplingStats {
  /** `node-av`, `ffmpeg` or `webcodecs`. */
  readonly backend: string;
  /** Frames that came out of the decoder. */
  readonly framesDecoded: number;
  /** Jumps within the file. */
  readonly seeks: number;
  /** Frames the stream holds. */
  readonly framesInVideo: number;
}

/** The sampled frames of one video with everything known about them. */
export interface SampledVideo {
  /** Pixels, uint8 RGB `[T, H, W, 3]`. */
  readonly frames: RgbFrames;
  /** The time of each frame as the model is told it, `[T]` seconds. */
  readonly timestampsSeconds: Float64Array;
  /** One entry per frame. */
  readonly frameInfo: readonly FrameInfo[];
  /**
   * Sampled frames per second of video: frames / (frames in the range) x the video's rate, as transformers and qwen-vl-utils
   * count it. Qwen2.5-VL's seconds per grid are 2 / this.
   */
  readonly sampledFrameRate: number;
  /** Empty when all went well. */
  readonly warnings: readonly SamplingWarning[];
  /** About the stream. */
  readonly info: VideoInfo;
  /** Work done. */
  readonly stats: SamplingStats;
}
