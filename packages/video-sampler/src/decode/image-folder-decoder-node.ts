import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { NotMediaError } from "../errors.js";
import type { DecodeSegment } from "../plan/decode-schedule.js";
import type { FrameIndex, PacketEntry } from "../plan/frame-index.js";
import type { VideoInfo } from "../video/sampled-video.js";
import type { DecodedFrame, DecodeOutput, DecoderCounters, VideoDecoder } from "./decoder.js";

const IMAGE_NAME = /\.(jpe?g|png|webp|bmp)$/i;
/** Images are shown this often, as VideoLLaMA3's loader assumes for folders. */
const FRAMES_PER_SECOND = 3;

/** A folder of images as a video: sorted by name with numbers compared as numbers, three per second. */
export class ImageFolderDecoder implements VideoDecoder {
  readonly counters: DecoderCounters = { framesDecoded: 0, seeks: 0 };
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

  /** Lists a folder and opens its first image. @throws NotMediaError when it holds no image */
  static async open(folder: string, openImage: (path: string) => Promise<VideoDecoder>): Promise<ImageFolderDecoder> {
    const byNumber = new Intl.Collator("en", { numeric: true });
    const names = (await readdir(folder)).filter((name) => IMAGE_NAME.test(name)).sort(byNumber.compare);
    const paths = names.map((name) => join(folder, name));
    if (paths[0] === undefined)
      throw new NotMediaError(`The folder ${JSON.stringify(folder)} holds no .jpg, .png, .webp or .bmp image.`);
    const first = await openImage(paths[0]);
    await first.close();
    return new ImageFolderDecoder(paths, first, openImage);
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
    for (const index of this.#paths.keys()) yield* this.#decode(index, output, wanted.has(index));
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
