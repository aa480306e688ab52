import type { DecodeSegment } from "../plan/decode-schedule.js";
import type { FrameIndex, PacketEntry } from "../plan/frame-index.js";
import type { ImageSize, VideoInfo } from "../video/sampled-video.js";

/** A frame that came out of a decoder: upright packed RGB, or the planes as stored. */
export interface DecodedFrame {
  /** Presentation time in ticks. */
  readonly ptsTicks: number;
  /** Position among the frames shown when decoding from the start; -1 when decoding segments. */
  readonly ordinal: number;
  /** Duration in ticks; 0 when unknown. */
  readonly duration: number;
  /** Whether it is a keyframe. */
  readonly keyframe: boolean;
  /** Whether the decoder reported damage. */
  readonly decodeError: boolean;
  /** `[height, width, 3]` bytes, or the stored planes if asked; null for frames that were only counted. */
  readonly image: Uint8Array | null;
  /** Size of `image`, or of the frame where it is null. */
  readonly size: ImageSize;
}

/** How a decoder delivers pixels. */
export interface DecodeOutput {
  /**
   * `rgb`, upright (default), or `stored`: the decoded planes one after the other without padding, neither converted nor
   * turned, as `ffmpeg -noautorotate -f rawvideo` writes them. Decoders are compared by these.
   */
  readonly pixels?: "rgb" | "stored";
  /** Scale with swscale's bicubic to this size; absent: native size, upright. */
  readonly scaleTo?: ImageSize;
  /** Map HDR to SDR before anything else. */
  readonly toneMap?: boolean;
  /** Stops the work; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Counters a decoder keeps. */
export interface DecoderCounters {
  /** Frames that came out of the decoder. */
  framesDecoded: number;
  /** Jumps within the file. */
  seeks: number;
  /** Frames that came out damaged, wanted or not. */
  damagedFrames: number;
}

/** One opened video in one backend. Both backends give the same frames with the same timestamps. */
export interface VideoDecoder {
  /** `node-av`, `ffmpeg` or `webcodecs`. */
  readonly backend: string;
  /** About the stream. */
  readonly info: VideoInfo;
  /** Time 0 in ticks: the start of the file. */
  readonly originTicks: number;
  /** Work done so far. */
  readonly counters: DecoderCounters;
  /** Lists the packets of the stream in decode order, by demuxing only. */
  readPackets(signal?: AbortSignal): Promise<PacketEntry[]>;
  /** Decodes just the wanted frames, jumping where that saves work. Damaged files may yield fewer. */
  decodeSegments(
    frames: FrameIndex,
    segments: readonly DecodeSegment[],
    output: DecodeOutput,
  ): AsyncGenerator<DecodedFrame>;
  /** Decodes everything from the start: the frames with a wanted ordinal with pixels, the others without. */
  decodeSequentially(wanted: ReadonlySet<number>, output: DecodeOutput): AsyncGenerator<DecodedFrame>;
  /** Releases everything. May be called twice. */
  close(): Promise<void>;
}

/** libavfilter's HDR to SDR chain: to linear light, Hable curve, BT.709. */
export const TONE_MAP_FILTERS = [
  "zscale=t=linear:npl=100",
  "format=gbrpf32le",
  "zscale=p=bt709",
  "tonemap=hable:desat=0",
  "zscale=t=bt709:m=bt709:r=tv",
  "format=yuv444p",
] as const;
