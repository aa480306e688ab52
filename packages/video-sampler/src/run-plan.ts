import { scheduleDecode } from "./decode-schedule.js";
import type { DecodeOutput, VideoDecoder } from "./decoder.js";
import { frameTimeSeconds } from "./frame-index.js";
import { type FrameListing, listDecodedFrames, listFrames } from "./frame-listing.js";
import { type FrameRequest, planFrames } from "./plan-frames.js";
import { prepareResizePillow } from "./resize-pillow.js";
import { checkOutput, checkPixels, outputSize, type SampleOptions } from "./sample-options.js";
import type { ResolvedPlan } from "./sample-plan.js";
import type { FrameInfo, ImageSize, SampledVideo, SamplingWarning } from "./sampled-video.js";

interface Attempt {
  readonly listing: FrameListing;
  readonly requests: readonly FrameRequest[];
  readonly size: ImageSize;
  readonly data: Uint8Array;
  /** By display index: whether the decoder reported damage. */
  readonly decoded: ReadonlyMap<number, boolean>;
}

/** Samples an opened video: list the frames, plan, decode, and put every picture where it was asked for. */
export async function runPlan(
  decoder: VideoDecoder,
  plan: ResolvedPlan,
  options: SampleOptions,
): Promise<SampledVideo> {
  const { info } = decoder;
  checkPixels(info, options.limits);
  const warnings: SamplingWarning[] = [];
  const listing = await listFrames(decoder, options.signal);
  if (!listing.reachable)
    warnings.push({
      code: "NO_TIMESTAMPS",
      message:
        "Timestamps are missing or repeated, so everything was decoded; times come from the decoder's best guess.",
    });
  let attempt = await decodeRequests(decoder, plan, options, listing);
  if (attempt.decoded.size < new Set(attempt.requests.map(({ index }) => index)).size) {
    warnings.push({
      code: "REINDEXED",
      message:
        "Some frames that the container lists do not decode. The plan was applied again to the frames that do, as ffmpeg would; times are theirs.",
    });
    attempt = await decodeRequests(decoder, plan, options, await listDecodedFrames(decoder, options.signal));
  }
  const { frames } = attempt.listing;
  const frameInfo = attempt.requests.map(
    (request): FrameInfo => ({
      index: request.index,
      ptsTicks: frames.pts[request.index] as number,
      timeSeconds: frameTimeSeconds(frames, request.index),
      requestedTimeSeconds: request.requestedTimeSeconds,
      labelSeconds: request.labelSeconds,
      keyframe: frames.keyframe[request.index] === 1,
      decodeError: attempt.decoded.get(request.index) ?? true,
    }),
  );
  warnings.push(...qualityWarnings(decoder, attempt.listing, frameInfo));
  return {
    frames: { data: attempt.data, dims: [attempt.requests.length, attempt.size.height, attempt.size.width, 3] },
    timestampsSeconds: Float64Array.from(frameInfo, ({ labelSeconds }) => labelSeconds),
    frameInfo,
    warnings,
    info,
    stats: { backend: decoder.backend, ...decoder.counters, framesInVideo: frames.pts.length },
  };
}

async function decodeRequests(
  decoder: VideoDecoder,
  plan: ResolvedPlan,
  options: SampleOptions,
  listing: FrameListing,
): Promise<Attempt> {
  const { frames, reachable } = listing;
  const requests = planFrames(plan, frames, decoder.info);
  const size = outputSize(options.size, decoder.info, requests.length);
  checkOutput(requests.length, size, options.limits);
  const frameBytes = size.height * size.width * 3;
  const data = new Uint8Array(requests.length * frameBytes);
  const slots = new Map<number, number[]>();
  for (const [slot, { index }] of requests.entries()) slots.set(index, [...(slots.get(index) ?? []), slot]);
  const indexByPts = new Map([...slots.keys()].map((index) => [frames.pts[index] as number, index]));
  const fast = options.resize === "fast";
  const output: DecodeOutput = {
    ...(fast && options.size !== undefined ? { scaleTo: size } : {}),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const source = reachable
    ? decoder.decodeSegments(frames, scheduleDecode(frames, slots.keys()), output)
    : decoder.decodeSequentially(new Set(slots.keys()), output);
  const fit = imageFitter(size);
  const decoded = new Map<number, boolean>();
  for await (const frame of source) {
    const index = reachable ? indexByPts.get(frame.ptsTicks) : frame.ordinal;
    const targets = index === undefined ? undefined : slots.get(index);
    if (frame.image === null || index === undefined || targets === undefined) continue;
    const image = fit(frame.image, frame.size);
    for (const slot of targets) data.set(image, slot * frameBytes);
    decoded.set(index, frame.decodeError);
    if (decoded.size === slots.size) break;
  }
  return { listing, requests, size, data, decoded };
}

/** Resizes to one size; the weights are kept while the source size stays the same. */
function imageFitter(target: ImageSize): (image: Uint8Array, size: ImageSize) => Uint8Array {
  let prepared: { size: ImageSize; resize: (image: Uint8Array) => Uint8Array } | undefined;
  return (image, size) => {
    if (size.height === target.height && size.width === target.width) return image;
    if (prepared?.size.height !== size.height || prepared.size.width !== size.width)
      prepared = { size, resize: prepareResizePillow(size, target) };
    return prepared.resize(image);
  };
}

function qualityWarnings(
  decoder: VideoDecoder,
  { frames }: FrameListing,
  frameInfo: readonly FrameInfo[],
): SamplingWarning[] {
  const warnings: SamplingWarning[] = [];
  const { info } = decoder;
  const damaged = frameInfo.filter(({ decodeError }) => decodeError).length;
  if (damaged > 0)
    warnings.push({
      code: "DAMAGED_FRAMES",
      message: `The decoder reported damage in ${damaged} of ${frameInfo.length} sampled frames; see frameInfo[].decodeError.`,
    });
  const { num, den } = info.timeBase;
  const last = frames.pts.length - 1;
  const shown = (((frames.pts[last] as number) + frames.lastDuration - (frames.pts[0] as number)) * num) / den;
  const declared = info.declaredDurationSeconds;
  if (declared !== null && declared - shown > Math.max(1, 0.02 * declared))
    warnings.push({
      code: "TRUNCATED_TAIL",
      message: `The container declares ${declared.toFixed(2)} s but holds ${shown.toFixed(2)} s of video: the file is probably cut off, and sampling covers the part that is there.`,
    });
  if (info.highDynamicRange)
    warnings.push({
      code: "HIGH_DYNAMIC_RANGE",
      message: `The video is HDR (${info.colorTransfer}); without tone mapping the colours look washed out to a model trained on SDR.`,
    });
  return warnings;
}
