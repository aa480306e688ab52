import { type BlindSpotReport, type BlindSpotSettings, blindSpotReport } from "../blind-spots/blind-spot-report.js";
import type { VideoDecoder } from "../decode/decoder.js";
import { DecodeFailedError, InvalidPlanError } from "../errors.js";
import { scheduleDecode } from "../plan/decode-schedule.js";
import { endSeconds, type FrameIndex, frameTimeSeconds } from "../plan/frame-index.js";
import { frameRateOf } from "../plan/frame-rate.js";
import { type FrameRequest, thin } from "../plan/frame-request.js";
import { framesInRange, planFrames } from "../plan/plan-frames.js";
import { type ResolvedPlan, resolvePlan, type SamplePlan } from "../plan/sample-plan.js";
import { findScenes } from "../plan/scene-frames.js";
import type { FrameInfo, ImageSize, RgbFrames, SampledVideo, VideoInfo } from "../video/sampled-video.js";
import { checkOutput } from "../video/sampling-limits.js";
import { checkOptions } from "./check-options.js";
import { decodeFrames, type WantedFrame } from "./decode-frames.js";
import { type FrameListing, listDecodedFrames, listFrames } from "./list-frames.js";
import { openedSampleOptionsSchema } from "./options-schema.js";
import { displaySize, type OpenedSampleOptions, outputSize, sizeOfModel } from "./sample-options.js";
import { frameWarnings, listingWarnings, REINDEXED, shortClipWarning } from "./sampling-warnings.js";
import type { PlanExplanation, StreamedFrame, VideoDescription } from "./video-description.js";

/** An opened video that can be sampled several times, one after the other; its frames are listed once. Close it when done. */
export class OpenedVideo implements AsyncDisposable {
  readonly #decoder: VideoDecoder;
  readonly #release: () => Promise<void>;
  #listing: FrameListing | undefined;
  #inUse = false;

  /** @internal Use `openVideo`. */
  constructor(decoder: VideoDecoder, release: () => Promise<void>) {
    this.#decoder = decoder;
    this.#release = release;
  }

  /** What the container says. */
  get info(): VideoInfo {
    return this.#decoder.info;
  }

  /** Reads the container through and counts. */
  async describe(signal?: AbortSignal): Promise<VideoDescription> {
    const { frames } = await this.#list(signal);
    const gaps = new Set<number>();
    const { timeTicks } = frames;
    for (let i = 1; i < timeTicks.length; i++) gaps.add((timeTicks[i] as number) - (timeTicks[i - 1] as number));
    return {
      ...this.info,
      frameCount: timeTicks.length,
      keyframeCount: frames.keyframe.reduce((sum, flag) => sum + flag, 0),
      durationSeconds: endSeconds(frames),
      frameRate: frameRateOf(frames, this.info.averageFrameRate).framesPerSecond,
      variableFrameRate: gaps.size > 0 && Math.max(...gaps) - Math.min(...gaps) > 1,
    };
  }

  /** Which frames a plan takes and what they cost. @throws InvalidPlanError */
  async explain(plan: SamplePlan, options: OpenedSampleOptions = {}): Promise<PlanExplanation> {
    checkOptions(openedSampleOptionsSchema, options, "sampling");
    const { frames } = await this.#list(options.signal);
    const requests = await this.#requests(resolvePlan(plan), frames, options);
    const segments = scheduleDecode(
      frames,
      requests.map(({ index }) => index),
    );
    let position = -1;
    let packetsToDecode = 0;
    for (const { keyframe, lastDecodePosition } of segments) {
      const from = Math.max(position + 1, keyframe.decodePosition);
      packetsToDecode += Math.max(0, lastDecodePosition + 1 - from);
      position = Math.max(position, lastDecodePosition);
    }
    return {
      requests: requests.map((request) => ({ ...request, timeSeconds: frameTimeSeconds(frames, request.index) })),
      size: this.#size(requests.length, options),
      segments,
      packetsToDecode,
      packetsInVideo: frames.packetCount,
    };
  }

  /**
   * What a model never sees under a plan: from the times alone, nothing is decoded but for a scene plan. Where no size is given, the
   * plan's model decides it.
   * @throws InvalidPlanError
   */
  async blindSpots(
    plan: SamplePlan,
    options: OpenedSampleOptions = {},
    settings: BlindSpotSettings = {},
  ): Promise<BlindSpotReport> {
    checkOptions(openedSampleOptionsSchema, options, "blindSpots");
    const resolved = resolvePlan(plan);
    const { frames } = await this.#list(options.signal);
    const requests = await this.#requests(resolved, frames, options);
    const size = options.size ?? sizeOfModel(resolved.type);
    const sized = size === undefined ? options : { ...options, size };
    const resizedSize = this.#size(requests.length, sized);
    const source = displaySize(this.info, options.squarePixels);
    return blindSpotReport(resolved, frames, requests, { source, resized: resizedSize }, settings);
  }

  /**
   * Samples into one block of memory.
   * @throws InvalidPlanError, LimitExceededError, DecodeFailedError, or the signal's reason
   */
  async sample(plan: SamplePlan, options: OpenedSampleOptions = {}): Promise<SampledVideo> {
    checkOptions(openedSampleOptionsSchema, options, "sampling");
    const resolved = resolvePlan(plan);
    const { framesDecoded, seeks, damagedFrames } = this.#decoder.counters;
    const listing = await this.#list(options.signal);
    const warnings = listingWarnings(this.info, listing, options.toneMap === true);
    let attempt = await this.#attempt(resolved, listing, options);
    if (attempt.missing > 0) {
      warnings.push(REINDEXED);
      this.#listing = await this.#exclusively(() => listDecodedFrames(this.#decoder, options.signal));
      attempt = await this.#attempt(resolved, this.#listing, options);
    }
    if (attempt.missing > 0)
      throw new DecodeFailedError(`${attempt.missing} of the planned frames did not decode, not even from the start.`);
    const { frameInfo, requests } = attempt;
    const { frames } = this.#listing ?? listing;
    const { framesPerSecond } = frameRateOf(frames, this.info.averageFrameRate);
    const { from, to } = framesInRange(resolved, frames, framesPerSecond);
    return {
      frames: attempt.frames,
      timestampsSeconds: Float64Array.from(frameInfo, ({ labelSeconds }) => labelSeconds),
      frameInfo,
      sampledFrameRate: (requests.length / (to - from)) * framesPerSecond,
      warnings: [
        ...warnings,
        ...shortClipWarning(requests, to - from),
        ...frameWarnings(frameInfo, this.#decoder.counters.damagedFrames > damagedFrames),
      ],
      info: this.info,
      stats: {
        backend: this.#decoder.backend,
        framesDecoded: this.#decoder.counters.framesDecoded - framesDecoded,
        seeks: this.#decoder.counters.seeks - seeks,
        framesInVideo: frames.timeTicks.length,
      },
    };
  }

  /**
   * Yields frames one at a time, in display order, each once, in constant memory. Frames that do not decode are left out.
   * Stop early with `break`; the decoder is cleaned up.
   */
  async *stream(plan: SamplePlan, options: OpenedSampleOptions = {}): AsyncGenerator<StreamedFrame> {
    checkOptions(openedSampleOptionsSchema, options, "sampling");
    const listing = await this.#list(options.signal);
    const requests = await this.#requests(resolvePlan(plan), listing.frames, options);
    const byIndex = new Map(requests.map((request) => [request.index, request]));
    const size = this.#size(requests.length, options);
    for await (const { frame, index } of this.#decode(listing, byIndex.keys(), size, options)) {
      const request = byIndex.get(index) as FrameRequest;
      yield { image: frame.image, size, info: frameFacts(listing.frames, request, frame.decodeError) };
    }
  }

  /** Releases the decoder and any temporary file. May be called twice. */
  async close(): Promise<void> {
    await this.#decoder.close();
    await this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #list(signal?: AbortSignal): Promise<FrameListing> {
    this.#listing ??= await this.#exclusively(() => listFrames(this.#decoder, signal));
    return this.#listing;
  }

  /** There is one decoder: a second use while one is under way would disturb it. */
  #acquire(): void {
    if (this.#inUse)
      throw new InvalidPlanError("This video is being read already; await that, or open the file a second time.");
    this.#inUse = true;
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#acquire();
    try {
      return await work();
    } finally {
      this.#inUse = false;
    }
  }

  async *#decode(
    listing: FrameListing,
    indices: Iterable<number>,
    size: ImageSize,
    options: OpenedSampleOptions,
  ): AsyncGenerator<WantedFrame> {
    this.#acquire();
    try {
      yield* decodeFrames(this.#decoder, listing, indices, size, options);
    } finally {
      this.#inUse = false;
    }
  }

  #size(frameCount: number, options: OpenedSampleOptions): ImageSize {
    return outputSize(options.size, displaySize(this.info, options.squarePixels), frameCount);
  }

  async #requests(plan: ResolvedPlan, frames: FrameIndex, options: OpenedSampleOptions): Promise<FrameRequest[]> {
    if (plan.type !== "scene") return planFrames(plan, frames, this.info);
    const { startSeconds, endSeconds: end, probeFps, threshold, maxFrames } = plan;
    const probePlan = { type: "fps", fps: probeFps, startSeconds, endSeconds: end } as const;
    const { signal, limits, toneMap } = options;
    const listing = await this.#list(signal);
    const probe = await this.#attempt(probePlan, listing, {
      size: { height: 36, width: 64 },
      resize: "fast",
      ...(signal === undefined ? {} : { signal }),
      ...(limits === undefined ? {} : { limits }),
      ...(toneMap === undefined ? {} : { toneMap }),
    });
    const middles = findScenes(probe.frames, threshold).map((scene) => (scene.start + scene.end) >> 1);
    return thin(middles, maxFrames).map((at) => {
      const { index, labelSeconds } = probe.frameInfo[at] as FrameInfo;
      return { index, labelSeconds, requestedTimeSeconds: null };
    });
  }

  async #attempt(
    plan: ResolvedPlan,
    listing: FrameListing,
    options: OpenedSampleOptions,
  ): Promise<{ frames: RgbFrames; requests: FrameRequest[]; frameInfo: FrameInfo[]; missing: number }> {
    const requests = await this.#requests(plan, listing.frames, options);
    const size = this.#size(requests.length, options);
    checkOutput(requests.length, size, options.limits);
    const frameBytes = size.height * size.width * 3;
    const data = new Uint8Array(requests.length * frameBytes);
    const slots = new Map<number, number[]>();
    for (const [slot, { index }] of requests.entries()) slots.set(index, [...(slots.get(index) ?? []), slot]);
    const damage = new Map<number, boolean>();
    for await (const { frame, index } of this.#decode(listing, slots.keys(), size, options)) {
      for (const slot of slots.get(index) ?? []) data.set(frame.image, slot * frameBytes);
      damage.set(index, frame.decodeError);
      options.onProgress?.({ framesDone: damage.size, framesTotal: slots.size });
    }
    return {
      frames: { data, dims: [requests.length, size.height, size.width, 3] },
      requests,
      frameInfo: requests.map((request) => frameFacts(listing.frames, request, damage.get(request.index) ?? true)),
      missing: slots.size - damage.size,
    };
  }
}

function frameFacts(frames: FrameIndex, request: FrameRequest, decodeError: boolean): FrameInfo {
  return {
    index: request.index,
    ptsTicks: storedTicks(frames, request.index),
    timeSeconds: frameTimeSeconds(frames, request.index),
    requestedTimeSeconds: request.requestedTimeSeconds,
    labelSeconds: request.labelSeconds,
    keyframe: frames.keyframe[request.index] === 1,
    decodeError,
  };
}

/** The time as stored; on the running clock where the file has none. */
function storedTicks({ pts, timeTicks }: FrameIndex, index: number): number {
  const stored = pts[index] as number;
  return Number.isNaN(stored) ? (timeTicks[index] as number) : stored;
}
