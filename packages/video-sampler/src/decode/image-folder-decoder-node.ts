import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { NotMediaError } from "../errors.js";
import type { DecodeSegment } from "../plan/decode-schedule.js";
import type { FrameIndex, PacketEntry } from "../plan/frame-index.js";
import type { VideoInfo } from "../video/sampled-video.js";
import { checkFrameCount, type SamplingLimits } from "../video/sampling-limits.js";
import type { DecodedFrame, DecodeOutput, DecoderCounters, VideoDecoder } from "./decoder.js";

const IMAGE_NAME = /\.(jpe?g|png|webp|bmp)$/i;
/** Images are shown this often, as VideoLLaMA3's loader assumes for folders. */
const FRAMES_PER_SECOND = 3;

/** A folder of images as a video: sorted by name with numbers compared as numbers, three per second. */
export class ImageFolderDecoder implements VideoDecoder {
  readonly counters: DecoderCounters = { framesDecoded: 0, seeks: 0, damagedFrames: 0 };
  readonly originTicks = 0;
  readonly backend: string;
  readonly info: VideoInfo;
  readonly #paths: readonly string[];
  readonly #openImage: (path: string) => Promise<VideoDecoder>;

  private constructor(
    paths: readonly string[],
    first: VideoDecoder,
    openImage: (path: string) => Promise<VideoDecoder>,
  ) {
    this.#paths = paths;
    this.#openImage = openImage;
    this.backend = first.backend;
    this.info = {
      ...first.info,
      container: "image-folder",
      timeBase: { num: 1, den: FRAMES_PER_SECOND },
      startTimeSeconds: 0,
      streamStartTimeSeconds: 0,
      declaredDurationSeconds: paths.length / FRAMES_PER_SECOND,
      averageFrameRate: FRAMES_PER_SECOND,
    };
  }

  /**
   * Lists a folder and opens its first readable image. Hidden files (`._0.jpg` of macOS among them) and folders are no images.
   * @throws NotMediaError when it holds no image that opens, LimitExceededError
   */
  static async open(
    folder: string,
    openImage: (path: string) => Promise<VideoDecoder>,
    limits?: SamplingLimits,
  ): Promise<ImageFolderDecoder> {
    const byNumber = new Intl.Collator("en", { numeric: true });
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries
      .filter((entry) => IMAGE_NAME.test(entry.name) && !entry.name.startsWith(".") && !entry.isDirectory())
      .map(({ name }) => name)
      .sort(byNumber.compare);
    checkFrameCount(names.length, limits);
    const paths = names.map((name) => join(folder, name));
    let failure: unknown;
    for (const path of paths) {
      try {
        const first = await openImage(path);
        await first.close();
        return new ImageFolderDecoder(paths, first, openImage);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    throw new NotMediaError(`The folder ${JSON.stringify(folder)} holds no .jpg, .png, .webp or .bmp image.`);
  }

  readPackets(): Promise<PacketEntry[]> {
    return Promise.resolve(this.#paths.map((_, pts) => ({ pts, duration: 1, keyframe: true, discard: false })));
  }

  async *decodeSegments(
    _frames: FrameIndex,
    segments: readonly DecodeSegment[],
    output: DecodeOutput,
  ): AsyncGenerator<DecodedFrame> {
    for (const { targets } of segments) for (const index of targets) yield* this.#decode(index, output, true);
  }

  async *decodeSequentially(wanted: ReadonlySet<number>, output: DecodeOutput): AsyncGenerator<DecodedFrame> {
    let ordinal = 0;
    for (const index of this.#paths.keys())
      for await (const frame of this.#decode(index, output, wanted.has(ordinal)))
        yield { ...frame, ordinal: ordinal++ };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async *#decode(index: number, output: DecodeOutput, wanted: boolean): AsyncGenerator<DecodedFrame> {
    output.signal?.throwIfAborted();
    // An image that does not open is left out, like a frame that does not decode.
    const image = await this.#openImage(this.#paths[index] as string).catch(() => null);
    if (image === null) return;
    try {
      for await (const frame of image.decodeSequentially(new Set(wanted ? [0] : []), output)) {
        this.counters.framesDecoded++;
        yield { ...frame, ptsTicks: index, ordinal: index, duration: 1, keyframe: true };
        return;
      }
    } finally {
      await image.close();
    }
  }
}
