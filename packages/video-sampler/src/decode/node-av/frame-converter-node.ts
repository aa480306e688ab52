import type { Frame } from "node-av/lib";
import { DecodeFailedError } from "../../errors.js";
import type { ColorTags } from "../../source/mp4-facts.js";
import type { ImageSize } from "../../video/sampled-video.js";
import type { NodeAv } from "./node-av-loader-node.js";

/** A converted picture. */
export interface ConvertedImage {
  /** Packed RGB bytes `[height, width, 3]`, or planes. */
  readonly image: Uint8Array;
  /** Size of `image`. */
  readonly size: ImageSize;
}

/** Turns decoded frames into bytes. */
export interface FrameConverter {
  /** Converts one frame; the frame stays the caller's. Null when nothing came out. */
  convert(frame: Frame): ConvertedImage | null;
  /** Releases what it holds. */
  close(): void;
}

const UNSPECIFIED = 2;

/** Tells a frame the colours that its bitstream does not, so that converters need not guess. */
export function fillColorsInto(frame: Frame, { primaries, transfer, matrix, fullRange }: ColorTags): void {
  if (frame.colorPrimaries === UNSPECIFIED) frame.colorPrimaries = primaries as typeof frame.colorPrimaries;
  if (frame.colorTrc === UNSPECIFIED) frame.colorTrc = transfer as typeof frame.colorTrc;
  if (frame.colorSpace === UNSPECIFIED) frame.colorSpace = matrix as typeof frame.colorSpace;
  if (frame.colorRange === 0 && fullRange !== null) frame.colorRange = (fullRange ? 2 : 1) as typeof frame.colorRange;
}

/** The planes as decoded, without the padding between rows. */
export const storedPlanes: FrameConverter = {
  convert: (frame) => ({ image: frame.toBuffer(), size: { height: frame.height, width: frame.width } }),
  close: () => undefined,
};

/**
 * Turns decoded frames upright and into packed RGB through a libavfilter graph, bit for bit as the ffmpeg program does
 * (node-av's own Scaler ignores colour matrix and range).
 */
export class RgbConverter implements FrameConverter {
  readonly #graph: ReturnType<NodeAv["FilterAPI"]["create"]>;

  /** @param filters applied before the conversion, such as `transpose=clock` @param scaleTo swscale bicubic, after it */
  constructor(av: NodeAv, filters: readonly string[], scaleTo?: ImageSize) {
    const scale = scaleTo === undefined ? [] : [`scale=${scaleTo.width}:${scaleTo.height}:flags=bicubic`];
    this.#graph = av.FilterAPI.create([...filters, "format=rgb24", ...scale].join(","), { threads: 1 });
  }

  convert(frame: Frame): ConvertedImage | null {
    let converted: ConvertedImage | null = null;
    try {
      for (const output of this.#graph.processAllSync(frame)) {
        converted = { image: output.toBuffer(), size: { height: output.height, width: output.width } };
        output.free();
      }
    } catch (cause) {
      throw new DecodeFailedError(
        `A picture of ${frame.width} x ${frame.height} could not be converted to RGB (${cause instanceof Error ? cause.message : cause}). Without toneMap it may be; else try backend "ffmpeg".`,
        { cause },
      );
    }
    return converted;
  }

  close(): void {
    this.#graph.close();
  }
}
