import type { DecodedFrame, DecodeOutput, VideoDecoder } from "../decode/decoder.js";
import { prepareResizePillow } from "../model-inputs/resize-pillow.js";
import { scheduleDecode } from "../plan/decode-schedule.js";
import type { ImageSize } from "../video/sampled-video.js";
import type { FrameListing } from "./list-frames.js";
import type { OpenedSampleOptions } from "./sample-options.js";

/** A wanted frame, resized. */
export interface WantedFrame {
  /** The frame; its image has the size that was asked for. */
  readonly frame: DecodedFrame & { readonly image: Uint8Array };
  /** Its display index. */
  readonly index: number;
}

/** Decodes the wanted display indices, resized, each at most once; those that do not decode are left out. */
export async function* decodeFrames(
  decoder: VideoDecoder,
  { frames, reachable }: FrameListing,
  indices: Iterable<number>,
  size: ImageSize,
  options: OpenedSampleOptions,
): AsyncGenerator<WantedFrame> {
  const wanted = new Set(indices);
  if (wanted.size === 0) return;
  const resized = options.size !== undefined || options.squarePixels === true;
  const output: DecodeOutput = {
    ...(options.resize === "fast" && resized ? { scaleTo: size } : {}),
    ...(options.toneMap === true && decoder.info.highDynamicRange ? { toneMap: true } : {}),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const source = reachable
    ? decoder.decodeSegments(frames, scheduleDecode(frames, wanted), output)
    : decoder.decodeSequentially(wanted, output);
  const indexByPts = new Map([...wanted].map((index) => [frames.pts[index] as number, index]));
  const fit = imageFitter(size);
  for await (const frame of source) {
    const index = reachable ? indexByPts.get(frame.ptsTicks) : frame.ordinal;
    if (frame.image === null || index === undefined || !wanted.delete(index)) continue;
    yield { frame: { ...frame, image: fit(frame.image, frame.size) }, index };
    if (wanted.size === 0) return;
  }
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
