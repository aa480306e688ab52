import type { VideoDecoder } from "../decode/decoder.js";
import { DecodeFailedError } from "../errors.js";
import {
  BREAKING_CONTAINERS,
  buildFrameIndex,
  type DecodedTime,
  type FrameIndex,
  indexDecodedFrames,
  type StreamClock,
} from "../plan/frame-index.js";

/** How the frames of a video were found. */
export interface FrameListing {
  /** The frames. */
  readonly frames: FrameIndex;
  /** Whether they can be reached by jumping; otherwise only by decoding from the start and counting. */
  readonly reachable: boolean;
}

/** Lists the frames by demuxing; where timestamps are missing, repeated or run backwards, by decoding everything once. */
export async function listFrames(decoder: VideoDecoder, signal?: AbortSignal): Promise<FrameListing> {
  const frames = buildFrameIndex(await decoder.readPackets(signal), clockOf(decoder));
  return frames === null ? listDecodedFrames(decoder, signal) : { frames, reachable: true };
}

/**
 * Lists the frames that really come out of the decoder, by decoding everything once without converting.
 * Where times are missing, the average frame rate fills them in.
 * @throws DecodeFailedError when none comes out
 */
export async function listDecodedFrames(decoder: VideoDecoder, signal?: AbortSignal): Promise<FrameListing> {
  const decoded: DecodedTime[] = [];
  for await (const { ptsTicks, duration, keyframe } of decoder.decodeSequentially(
    new Set(),
    signal === undefined ? {} : { signal },
  ))
    decoded.push({ pts: ptsTicks, duration, keyframe });
  const frames = indexDecodedFrames(decoded, clockOf(decoder));
  if (frames === null)
    throw new DecodeFailedError(
      `Not one frame could be decoded from the ${decoder.info.codec} stream in ${decoder.info.container}. The file is damaged, or needs another decoder (backend "ffmpeg").`,
    );
  return { frames, reachable: false };
}

function clockOf({ info: { timeBase, averageFrameRate, container }, originTicks }: VideoDecoder): StreamClock {
  return {
    timeBase,
    originTicks,
    stepTicks: Math.max(1, Math.round(timeBase.den / timeBase.num / (averageFrameRate || 25))),
    mayBreak: BREAKING_CONTAINERS.includes(container),
  };
}
