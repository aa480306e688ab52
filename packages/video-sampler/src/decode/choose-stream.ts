import { NoVideoStreamError } from "../errors.js";

/**
 * Which video stream is sampled: the first with moving pictures (default), `best` as the ffmpeg program picks it (most pixels,
 * the default one preferred), or the stream with this index in the container.
 */
export type StreamChoice = "best" | number;

/** What is known of a stream when one is chosen. */
export interface StreamFacts {
  /** Index in the container. */
  readonly index: number;
  /** `video`, or what it is instead. */
  readonly kind: string;
  /** Pixels across as stored; 0 where unknown. */
  readonly width: number;
  /** Pixels down as stored. */
  readonly height: number;
  /** Cover art and thumbnails: pictures that do not move. */
  readonly still: boolean;
  /** Whether the container marks it as the default. */
  readonly preferred: boolean;
}

/** What a default mark is worth in pixels to the ffmpeg program. */
const DEFAULT_MARK = 5_000_000;

/**
 * Picks the stream.
 * @throws NoVideoStreamError when there is none, or the index names no moving pictures
 */
export function chooseStream<Facts extends StreamFacts>(streams: readonly Facts[], choice?: StreamChoice): Facts {
  const moving = streams.filter(({ kind, still }) => kind === "video" && !still);
  const list = streams.map(({ index, kind, still }) => `${index}: ${still ? "cover art" : kind}`).join(", ");
  const found = streams.length === 0 ? "no stream at all" : `the streams ${list}`;
  if (typeof choice === "number") {
    const named = moving.find(({ index }) => index === choice);
    if (named === undefined)
      throw new NoVideoStreamError(`Expected moving pictures in stream ${choice}, found ${found}. Choose another.`);
    return named;
  }
  const [first] = moving;
  if (first === undefined)
    throw new NoVideoStreamError(`Expected a video stream, found ${found}. Pass a file with moving pictures.`);
  if (choice === undefined) return first;
  const score = ({ width, height, preferred }: StreamFacts) => width * height + (preferred ? DEFAULT_MARK : 0);
  return moving.reduce((best, stream) => (score(stream) > score(best) ? stream : best));
}
