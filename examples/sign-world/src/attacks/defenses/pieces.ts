import type { VisualFeatures } from "@videosafety/video-llm";
import type { ResponderRequest } from "@videosafety/vsb-eval";
import { type FrameFeatures, frameHashes, type ShownFrames } from "./frame-features.js";
import { WINDOW_FRAMES } from "./sampling.js";

/** What a model is shown of a request. */
export type Shown = Pick<ResponderRequest, "query" | "frames" | "history">;

/** How what a plan samples is cut: everything at once, windows that overlap by half, every frame alone. */
export type View = "whole" | "windows" | "frames";

/** A part of a request that a model is asked about in one pass. */
export interface Piece extends Pick<Shown, "query" | "history"> {
  /** The frames of this part; null for a request without a video. */
  readonly frames: ShownFrames | null;
  /** Their pixels. */
  readonly hashes: readonly string[];
}

/** A piece whose frames are encoded. */
export interface EncodedPiece extends Piece {
  /** Null for a request without a video. */
  readonly visual: VisualFeatures | null;
}

/** First frames of windows of {@link WINDOW_FRAMES} frames, each half a window on, the last at the end. */
export function windowStarts(count: number): number[] {
  const last = Math.max(0, count - WINDOW_FRAMES);
  const starts: number[] = [];
  for (let at = 0; at < last; at += WINDOW_FRAMES / 2) starts.push(at);
  return [...starts, last];
}

/** The pieces of a request. */
export function piecesOf({ query, frames, history = [] }: Shown, view: View): Piece[] {
  if (frames === null) return [{ query, history, frames, hashes: [] }];
  const hashes = frameHashes(frames);
  const count = hashes.length;
  if (count === 0) throw new RangeError("expected at least one frame, found none");
  const size = view === "whole" ? count : view === "windows" ? WINDOW_FRAMES : 1;
  const starts =
    view === "whole" ? [0] : view === "windows" ? windowStarts(count) : Array.from({ length: count }, (_, t) => t);
  const [, height, width] = frames.frames.dims;
  const bytes = height * width * 3;
  return starts.map((start) => {
    const end = Math.min(count, start + size);
    return {
      query,
      history,
      frames: {
        frames: {
          data: frames.frames.data.subarray(start * bytes, end * bytes),
          dims: [end - start, height, width, 3],
        },
        timestampsSeconds: frames.timestampsSeconds.slice(start, end),
      },
      hashes: hashes.slice(start, end),
    };
  });
}

/** All that an answer about a piece depends on. */
export const pieceKey = ({ query, history, frames, hashes }: Piece): string =>
  JSON.stringify([query, history, hashes, frames === null ? null : Array.from(frames.timestampsSeconds)]);

/** Encodes a piece's frames, as `Remembered` takes it. */
export async function encodedPiece(
  features: FrameFeatures,
  piece: Piece,
): Promise<{ ready: EncodedPiece; milliseconds: number }> {
  if (piece.frames === null) return { ready: { ...piece, visual: null }, milliseconds: 0 };
  const encoded = await features.of(piece.frames, piece.hashes);
  return { ready: { ...piece, visual: encoded.features }, milliseconds: encoded.milliseconds };
}

/** Splits into runs of at most so many. */
export function* batchesOf<T>(all: readonly T[], most: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += most) yield all.slice(at, at + most);
}
