import type { Input, InputVideoTrack, VideoSample } from "mediabunny";
import { DecoderMissingError, NoBackendError, NotMediaError, NoVideoStreamError } from "../errors.js";
import type { DecodeSegment } from "../plan/decode-schedule.js";
import type { FrameIndex, PacketEntry } from "../plan/frame-index.js";
import type { VideoInfo } from "../video/sampled-video.js";
import type { DecodedFrame, DecodeOutput, DecoderCounters, VideoDecoder } from "./decoder.js";

/** What a page can sample from: a Blob or File, the bytes of a file, or a URL the page may fetch. */
export type BrowserSource = Blob | ArrayBuffer | URL | string;

/** The parts of a 2D canvas that are used; keeps DOM types out of this package's build. */
interface Canvas {
  getContext(
    kind: "2d",
    options: object,
  ): {
    clearRect(x: number, y: number, width: number, height: number): void;
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  } | null;
}
declare const OffscreenCanvas: new (width: number, height: number) => Canvas;

type Mediabunny = typeof import("mediabunny");

/** Loaded on first use, so that the pure parts of the browser entry need no further package. */
async function loadMediabunny(): Promise<Mediabunny> {
  try {
    return await import("mediabunny");
  } catch (cause) {
    throw new NoBackendError("The browser entry decodes with mediabunny, which is not installed: npm i mediabunny.", {
      cause,
    });
  }
}

/** Decodes in a page or worker with WebCodecs through mediabunny. The browser converts colours its own way. */
export class BrowserDecoder implements VideoDecoder {
  readonly backend = "webcodecs";
  readonly counters: DecoderCounters = { framesDecoded: 0, seeks: 0, damagedFrames: 0 };
  readonly info: VideoInfo;
  readonly originTicks: number;
  readonly #bunny: Mediabunny;
  readonly #input: Input;
  readonly #track: InputVideoTrack;

  private constructor(bunny: Mediabunny, input: Input, track: InputVideoTrack, info: VideoInfo) {
    this.#bunny = bunny;
    this.#input = input;
    this.#track = track;
    this.info = info;
    this.originTicks = this.#ticks(info.startTimeSeconds);
  }

  /** Opens a video. @throws NotMediaError, NoVideoStreamError, DecoderMissingError, NoBackendError */
  static async open(source: BrowserSource): Promise<BrowserDecoder> {
    const bunny = await loadMediabunny();
    const bytes = source instanceof ArrayBuffer ? new Blob([source]) : source;
    const input = new bunny.Input({
      source: bytes instanceof Blob ? new bunny.BlobSource(bytes) : new bunny.UrlSource(bytes),
      formats: bunny.ALL_FORMATS,
    });
    try {
      if (!(await input.canRead()))
        throw new NotMediaError("Expected MP4, MOV, WebM, MKV, MPEG-TS or the like; found no known container.");
      const track = await input.getPrimaryVideoTrack();
      if (track === null)
        throw new NoVideoStreamError("Expected a video track, found none. Pass a file with moving pictures.");
      if (!(await track.canDecode()))
        throw new DecoderMissingError(
          `This browser has no decoder for ${(await track.getCodec()) ?? "the codec"}; transcode to H.264 or VP9.`,
        );
      return new BrowserDecoder(bunny, input, track, await describe(input, track));
    } catch (error) {
      input.dispose();
      throw error;
    }
  }

  async readPackets(signal?: AbortSignal): Promise<PacketEntry[]> {
    const entries: PacketEntry[] = [];
    const sink = new this.#bunny.EncodedPacketSink(this.#track);
    for await (const packet of sink.packets(undefined, undefined, { metadataOnly: true })) {
      signal?.throwIfAborted();
      entries.push({
        pts: this.#ticks(packet.timestamp),
        duration: this.#ticks(packet.duration),
        keyframe: packet.type === "key",
        discard: packet.timestamp < 0, // cut away by an edit list
      });
    }
    return entries;
  }

  async *decodeSegments(
    frames: FrameIndex,
    segments: readonly DecodeSegment[],
    output: DecodeOutput,
  ): AsyncGenerator<DecodedFrame> {
    const seconds = segments.flatMap(({ targets }) =>
      targets.map((target) => this.#seconds(frames.pts[target] as number)),
    );
    const convert = this.#converter();
    for await (const sample of new this.#bunny.VideoSampleSink(this.#track).samplesAtTimestamps(seconds)) {
      output.signal?.throwIfAborted();
      if (sample !== null) yield this.#take(sample, -1, convert);
    }
  }

  async *decodeSequentially(wanted: ReadonlySet<number>, output: DecodeOutput): AsyncGenerator<DecodedFrame> {
    const convert = this.#converter();
    let ordinal = 0;
    for await (const sample of new this.#bunny.VideoSampleSink(this.#track).samples()) {
      output.signal?.throwIfAborted();
      yield this.#take(sample, ordinal, wanted.has(ordinal) ? convert : () => null);
      ordinal++;
    }
  }

  close(): Promise<void> {
    this.#input.dispose();
    return Promise.resolve();
  }

  #ticks(seconds: number): number {
    return Math.round((seconds * this.info.timeBase.den) / this.info.timeBase.num);
  }

  /** Half a tick late, so that rounding can never land on the frame before. */
  #seconds(ticks: number): number {
    return ((ticks + 0.5) * this.info.timeBase.num) / this.info.timeBase.den;
  }

  #take(sample: VideoSample, ordinal: number, convert: (sample: VideoSample) => Uint8Array | null): DecodedFrame {
    this.counters.framesDecoded++;
    const { width, height } = this.info;
    const frame = {
      ptsTicks: this.#ticks(sample.timestamp),
      ordinal,
      duration: this.#ticks(sample.duration),
      keyframe: false,
      decodeError: false,
      image: convert(sample),
      size: { height, width },
    };
    sample.close();
    return frame;
  }

  /** Draws upright at native size and drops the alpha channel. */
  #converter(): (sample: VideoSample) => Uint8Array {
    const { width, height } = this.info;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (context === null) throw new DecoderMissingError("This browser gives no 2D canvas to convert pictures with.");
    return (sample) => {
      context.clearRect(0, 0, width, height);
      sample.draw(context as never, 0, 0, width, height);
      const { data } = context.getImageData(0, 0, width, height);
      const rgb = new Uint8Array(width * height * 3);
      for (let i = 0, at = 0; i < data.length; i += 4) {
        rgb[at++] = data[i] as number;
        rgb[at++] = data[i + 1] as number;
        rgb[at++] = data[i + 2] as number;
      }
      return rgb;
    };
  }
}

async function describe(input: Input, track: InputVideoTrack): Promise<VideoInfo> {
  const [codedWidth, codedHeight, rotationDegrees, resolution, codec, start, streamStart, end, color, container] =
    await Promise.all([
      track.getCodedWidth(),
      track.getCodedHeight(),
      track.getRotation(),
      track.getTimeResolution(),
      track.getCodec(),
      input.getFirstTimestamp(),
      track.getFirstTimestamp(),
      track.computeDuration(),
      track.getColorSpace(),
      input.getFormat(),
    ]);
  const { averagePacketRate } = await track.computePacketStats(200);
  const turned = rotationDegrees % 180 !== 0;
  const [squareWidth, squareHeight] = await Promise.all([track.getSquarePixelWidth(), track.getSquarePixelHeight()]);
  const transfer: string = color.transfer ?? "unknown";
  return {
    streamIndex: track.number - 1,
    container: container.name,
    codec: codec ?? "unknown",
    width: turned ? codedHeight : codedWidth,
    height: turned ? codedWidth : codedHeight,
    codedWidth,
    codedHeight,
    rotationDegrees,
    sampleAspectRatio: { num: squareWidth * codedHeight, den: squareHeight * codedWidth },
    timeBase: { num: 1, den: resolution },
    // What lies before 0 is cut away by an edit list.
    startTimeSeconds: Math.max(0, start),
    streamStartTimeSeconds: Math.max(0, streamStart),
    declaredDurationSeconds: end - Math.max(0, start),
    averageFrameRate: averagePacketRate,
    pixelFormat: "unknown",
    colorMatrix: color.matrix ?? "unknown",
    colorPrimaries: color.primaries ?? "unknown",
    colorRange: color.fullRange === null || color.fullRange === undefined ? "unknown" : color.fullRange ? "pc" : "tv",
    colorTransfer: transfer,
    highDynamicRange: transfer === "pq" || transfer === "hlg",
  };
}
