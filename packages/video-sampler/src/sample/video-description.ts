import type { DecodeSegment } from "../plan/decode-schedule.js";
import type { FrameRequest } from "../plan/frame-request.js";
import type { FrameInfo, ImageSize, VideoInfo } from "../video/sampled-video.js";

/** What `describe` finds by reading the whole container. */
export interface VideoDescription extends VideoInfo {
  /** Frames shown. */
  readonly frameCount: number;
  /** Keyframes among them. */
  readonly keyframeCount: number;
  /** When the last frame ends, in seconds since the start of the file. */
  readonly durationSeconds: number;
  /** Frames per second by the frames themselves; `averageFrameRate` is what the container declares. */
  readonly frameRate: number;
  /** Whether frames stay on screen for different times (by more than a tick). */
  readonly variableFrameRate: boolean;
}

/** What a plan would do, without decoding a picture. */
export interface PlanExplanation {
  /** The frames, in the order of the output. */
  readonly requests: readonly (FrameRequest & { readonly timeSeconds: number })[];
  /** The size of the output frames. */
  readonly size: ImageSize;
  /** Runs of packets that are read, each from a keyframe. */
  readonly segments: readonly DecodeSegment[];
  /** Packets sent to the decoder at most; skipping non-reference frames saves some of them. */
  readonly packetsToDecode: number;
  /** Packets in the stream: what decoding everything would take. */
  readonly packetsInVideo: number;
}

/** One frame of `stream`. */
export interface StreamedFrame {
  /** uint8 RGB `[height, width, 3]`. */
  readonly image: Uint8Array;
  /** Size of `image`. */
  readonly size: ImageSize;
  /** Facts about it. */
  readonly info: FrameInfo;
}
