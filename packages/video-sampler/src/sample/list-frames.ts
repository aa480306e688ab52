import type { VideoDecoder } from "../decode/decoder.js";
import { DecodeFailedError } from "../errors.js";
import { buildFrameIndex, type FrameIndex, type PacketEntry } from "../plan/frame-index.js";

/** How the frames of a video were found. */
export interface FrameListing {
  /** The frames. */
  readonly frames: FrameIndex;
  /** Whether they can be reached by jumping; otherwise only by decoding from the start and counting. */
  readonly reachable: boolean;
}

/** Lists the frames by demuxing; where timestamps are missing or repeated, by decoding everything once. */
export async function listFrames(decoder: VideoDecoder, signal?: AbortSignal): Promise<FrameListing> {
  const packets = await decoder.readPackets(signal);
  const frames = buildFrameIndex(packets, decoder.info.timeBase, decoder.originTicks);
  return frames === null ? listDecodedFrames(decoder, signal) : { frames, reachable: true };
}

/**
 * Lists the frames that really come out of the decoder, by decoding everything once without converting.
 * Where times are missing or run backwards, the average frame rate fills them in.
 * @throws DecodeFailedError when none comes out
 */
export async function listDecodedFrames(decoder: VideoDecoder, signal?: AbortSignal): Promise<FrameListing> {
  const { timeBase, averageFrameRate } = decoder.info;
  const step = Math.max(1, Math.round(timeBase.den / timeBase.num / (averageFrameRate || 25)));
  const entries: PacketEntry[] = [];
  let previous = Number.NEGATIVE_INFINITY;
  for await (const frame of decoder.decodeSequentially(new Set(), signal === undefined ? {} : { signal })) {
    const guess = entries.length === 0 ? decoder.originTicks : previous + step;
    const pts = frame.ptsTicks > previous ? frame.ptsTicks : guess;
    entries.push({ pts, duration: frame.duration || step, keyframe: frame.keyframe, discard: false });
    previous = pts;
  }
  const frames = buildFrameIndex(entries, timeBase, decoder.originTicks);
  if (frames === null)
    throw new DecodeFailedError(
      `Not one frame could be decoded from the ${decoder.info.codec} stream in ${decoder.info.container}. The file is damaged, or needs another decoder (backend "ffmpeg").`,
    );
  return { frames, reachable: false };
}
