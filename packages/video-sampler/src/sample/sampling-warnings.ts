import type { FrameInfo, SamplingWarning, VideoInfo } from "../video/sampled-video.js";
import type { FrameListing } from "./list-frames.js";

/** Warnings that follow from how the frames were found. */
export function listingWarnings(
  info: VideoInfo,
  { frames, reachable }: FrameListing,
  toneMapped: boolean,
): SamplingWarning[] {
  const warnings: SamplingWarning[] = [];
  if (!reachable)
    warnings.push({
      code: "NO_TIMESTAMPS",
      message:
        "Timestamps are missing or repeated, so everything was decoded; times come from the decoder's best guess.",
    });
  const { num, den } = info.timeBase;
  const first = frames.pts[0] as number;
  const end = (frames.pts[frames.pts.length - 1] as number) + frames.lastDuration;
  // Some containers count their duration from the first frame, others (Matroska) from time 0.
  const held = (Math.max(end - first, end) * num) / den;
  const declared = info.declaredDurationSeconds;
  if (declared !== null && declared - held > Math.max(1, 0.02 * declared))
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
export function frameWarnings(frameInfo: readonly FrameInfo[]): SamplingWarning[] {
  const damaged = frameInfo.filter(({ decodeError }) => decodeError).length;
  if (damaged === 0) return [];
  return [
    {
      code: "DAMAGED_FRAMES",
      message: `The decoder reported damage in ${damaged} of ${frameInfo.length} sampled frames; see frameInfo[].decodeError.`,
    },
  ];
}

/** Said when the plan had to be applied again to the frames that really decode. */
export const REINDEXED: SamplingWarning = {
  code: "REINDEXED",
  message:
    "Some frames that the container lists do not decode. The plan was applied again to the frames that do, as ffmpeg would; times are theirs.",
};
