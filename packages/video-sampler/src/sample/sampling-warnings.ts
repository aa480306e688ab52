import { frameRateOf } from "../plan/frame-rate.js";
import type { FrameRequest } from "../plan/frame-request.js";
import type { FrameInfo, SamplingWarning, VideoInfo } from "../video/sampled-video.js";
import type { FrameListing } from "./list-frames.js";

/** Warnings that follow from how the frames were found. */
export function listingWarnings(
  info: VideoInfo,
  { frames, reachable }: FrameListing,
  toneMapped: boolean,
): SamplingWarning[] {
  const warnings: SamplingWarning[] = [];
  if (frames.discontinuities > 0)
    warnings.push({
      code: "TIMESTAMPS_DISCONTINUOUS",
      message: `The clock jumps at ${frames.discontinuities} place(s): recordings were joined, or one was interrupted. Frames come in the order of the file, and times run on across each jump.`,
    });
  else if (!reachable)
    warnings.push({
      code: "NO_TIMESTAMPS",
      message:
        "Timestamps are missing or repeated, so everything was decoded; times come from the decoder's best guess.",
    });
  const { corrected, framesPerSecond } = frameRateOf(frames, info.averageFrameRate);
  if (corrected !== null)
    warnings.push({
      code: "FRAME_RATE_CORRECTED",
      message: `The container declares ${corrected.toFixed(3)} frames per second, its frames come at ${framesPerSecond.toFixed(3)}; plans reckon with the latter.`,
    });
  const { num, den } = info.timeBase;
  const first = frames.timeTicks[0] as number;
  const end = (frames.timeTicks[frames.timeTicks.length - 1] as number) + frames.lastDuration;
  // Some containers count their duration from the first frame, others (Matroska) from time 0.
  const held = (Math.max(end - first, end) * num) / den;
  const declared = info.declaredDurationSeconds;
  if (declared !== null && frames.discontinuities === 0 && declared - held > Math.max(1, 0.02 * declared))
    warnings.push({
      code: "TRUNCATED_TAIL",
      message: `The container declares ${declared.toFixed(2)} s but holds ${held.toFixed(2)} s of video: the file is probably cut off, and sampling covers the part that is there.`,
    });
  if (info.highDynamicRange && !toneMapped)
    warnings.push({
      code: "HIGH_DYNAMIC_RANGE",
      message: `The video is HDR (${info.colorTransfer}); without toneMap the colours look washed out to a model trained on SDR.`,
    });
  return warnings;
}

/** Warnings that follow from what was sampled. */
export function frameWarnings(frameInfo: readonly FrameInfo[], damageNearby: boolean): SamplingWarning[] {
  const damaged = frameInfo.filter(({ decodeError }) => decodeError).length;
  if (damaged === 0 && damageNearby)
    return [
      {
        code: "DAMAGED_FRAMES",
        message:
          "The decoder reported damage in frames beside the sampled ones; what is predicted from them may show it, and may look different when the file is read from its start.",
      },
    ];
  if (damaged === 0) return [];
  return [
    {
      code: "DAMAGED_FRAMES",
      message: `The decoder reported damage in ${damaged} of ${frameInfo.length} sampled frames; see frameInfo[].decodeError.`,
    },
  ];
}

/** Said when a clip has fewer frames than the plan asks for and its last one is repeated. */
export function shortClipWarning(requests: readonly FrameRequest[], totalFrames: number): SamplingWarning[] {
  const [last, before] = [requests.at(-1), requests.at(-2)];
  if (before === undefined || last?.index !== before.index || requests.length <= totalFrames) return [];
  const message = `The clip has ${totalFrames} frame(s) and the plan asks for ${requests.length}; the last one is repeated.`;
  return [{ code: "SHORT_CLIP", message }];
}

/** Said when the plan had to be applied again to the frames that really decode. */
export const REINDEXED: SamplingWarning = {
  code: "REINDEXED",
  message:
    "Some frames that the container lists do not decode. The plan was applied again to the frames that do, as ffmpeg would; times are theirs.",
};
