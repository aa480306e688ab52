import { AlarmPlacementError, AlarmShapeError } from "../errors.js";
import type { RecordLocation } from "../labels/record-location.js";
import type { TimeSpan } from "../model/time-spans.js";
import { alarmInsertionPoints, type PlacementTokens } from "./alarm-insertion-points.js";
import type { AlarmPoints, PlacementOptions } from "./alarm-points.js";
import type { AlarmPositions } from "./alarm-positions.js";
import type { AlarmTokenIds } from "./alarm-tokens.js";
import { insertTokenIds } from "./insert-token-ids.js";

/** After which pieces of a video visual alarm tokens stand: the whole of it (the paper), every frame, or every so many seconds. */
export type AlarmSegments = "video" | "frame" | { readonly seconds: number };

/** How many alarm tokens there are and where. The default is the paper's: one per modality. */
export interface AlarmLayout {
  /** Tokens at each visual place, n. Default 1. */
  readonly visualVectors?: number;
  /** Tokens at the textual place, m. Default 1. */
  readonly textualVectors?: number;
  /** Default "video": one visual place, after the last visual token. */
  readonly segments?: AlarmSegments;
}

/** A frame's visual tokens in a sequence, after token compression. Its time is [start, end) in seconds. */
export interface FrameInSequence extends TimeSpan {
  /** Index one past its last visual token. */
  readonly end: number;
  /** Which of the sequence's videos it belongs to; no segment spans two. Default 0. */
  readonly video?: number;
}

/** A piece of a video with a visual alarm of its own: the one after its last frame. In a causal model that one sees everything up to here. */
export interface AlarmSegment extends TimeSpan {
  /** Index of the last alarm token of its group. */
  readonly position: number;
  /** Which of the sequence's videos it belongs to. */
  readonly video: number;
}

/** Where all alarm tokens of a sequence are. */
export interface AlarmPlaces {
  /** Indices of each visual group, n each; the last group stands at the paper's place. */
  readonly visual: readonly (readonly number[])[];
  /** Indices of the textual group, m. */
  readonly textual: readonly number[];
  /** Indices of textual groups of earlier turns, m each, where they were asked for. */
  readonly earlierTextual?: readonly (readonly number[])[];
  /** One a visual group, in order, where the layout has segments; none in the paper's. */
  readonly segments: readonly AlarmSegment[];
}

/** A sequence with alarm tokens. */
export interface PlacedAlarms extends AlarmPlaces {
  /** The ids with alarm tokens inserted. */
  readonly tokenIds: Int32Array;
  /** Index into the original ids, -1 at the alarm tokens: carries labels, masks and positions along (`carryOver`). */
  readonly sourceIndex: Int32Array;
  /** What the paper's two heads read: the last token of the last visual group, and of the textual one. */
  readonly positions: AlarmPositions;
}

/** As found by ids, with the turns that are covered. */
export interface PlacedTurns extends PlacedAlarms {
  /** The user turns that have a textual alarm, counted from 0: the heads read the last. */
  readonly userTurns: readonly number[];
}

/**
 * Places alarm tokens in any layout into ids [S] that have none. Visual groups go after the last visual token of each
 * segment, so the last one stands where the paper has its single token; the textual group goes before the end of the last user
 * turn, or of every one (`turns: "every"`).
 *
 * @param frames of the sequence's videos, in order, for layouts with segments; `seconds` are counted from a video's first
 *   frame, and a segment lasts until the next one begins.
 * @throws AlarmPlacementError as `alarmInsertionPoints`, `alarm-duplicated` when the ids hold an alarm token already,
 *   `invalid-layout`, or `no-frames` when segments are asked of none; AlarmShapeError unless the ends of the frames rise to
 *   the last visual token.
 */
export function placeAlarms(
  tokenIds: ArrayLike<number>,
  tokens: PlacementTokens,
  layout: AlarmLayout = {},
  frames: readonly FrameInSequence[] = [],
  options: PlacementOptions = {},
): PlacedTurns {
  const { location } = options;
  refusePlaced(tokenIds, tokens.alarm, location);
  const points = alarmInsertionPoints(tokenIds, tokens, options);
  return {
    ...placeAlarmsAt(tokenIds, tokens.alarm, points, layout, frames, location),
    userTurns: points.userTurns,
  };
}

/**
 * As `placeAlarms`, at places that the caller knows: of a prompt whose turns were built one by one, rather than found by
 * their ids.
 */
export function placeAlarmsAt(
  tokenIds: ArrayLike<number>,
  alarm: AlarmTokenIds,
  points: AlarmPoints,
  layout: AlarmLayout = {},
  frames: readonly FrameInSequence[] = [],
  location?: RecordLocation,
): PlacedAlarms {
  const { visualVectors = 1, textualVectors = 1, segments = "video" } = layout;
  checkLayout(layout, location);
  refusePlaced(tokenIds, alarm, location);
  const pieces = segments === "video" ? [] : cutFrames(frames, segments, points.visual, location);
  const ends = segments === "video" ? [points.visual] : pieces.map(({ end }) => end);
  const earlier = points.earlierTextual ?? [];
  const group = (id: number, count: number): number[] => new Array<number>(count).fill(id);
  const insertions = [
    ...ends.map((before) => ({ before, tokenIds: group(alarm.visual, visualVectors) })),
    ...[...earlier, points.textual].map((before) => ({ before, tokenIds: group(alarm.textual, textualVectors) })),
  ];
  const order = insertions.map((_, i) => i).sort((a, b) => beforeOf(insertions, a) - beforeOf(insertions, b) || a - b);
  const placed = insertTokenIds(
    tokenIds,
    order.map((i) => insertions[i] as (typeof insertions)[number]),
  );
  const groups = insertions.map((_, i) => placed.positions[order.indexOf(i)] as readonly number[]);
  const visual = groups.slice(0, ends.length);
  const textual = groups.at(-1) as readonly number[];
  return {
    tokenIds: placed.tokenIds,
    sourceIndex: placed.sourceIndex,
    positions: { visual: visual.at(-1)?.at(-1) as number, textual: textual.at(-1) as number },
    visual,
    textual,
    ...(earlier.length > 0 ? { earlierTextual: groups.slice(ends.length, -1) } : {}),
    segments: pieces.map(({ startSeconds, endSeconds, video = 0 }, i) => ({
      startSeconds,
      endSeconds,
      position: visual[i]?.at(-1) as number,
      video,
    })),
  };
}

const beforeOf = (insertions: readonly { readonly before: number }[], index: number): number =>
  insertions[index]?.before ?? 0;

function checkLayout(layout: AlarmLayout, location: RecordLocation | undefined): void {
  const { visualVectors = 1, textualVectors = 1, segments = "video" } = layout;
  for (const [name, count] of Object.entries({ visualVectors, textualVectors })) {
    if (Number.isInteger(count) && count > 0) continue;
    throw new AlarmPlacementError("invalid-layout", `expected a positive integer ${name}, found ${count}`, location);
  }
  if (segments === "video" || segments === "frame") return;
  if (segments.seconds > 0 && Number.isFinite(segments.seconds)) return;
  throw new AlarmPlacementError(
    "invalid-layout",
    `expected segments of more than 0 seconds, found ${segments.seconds}; ask for "frame" to have one after every frame`,
    location,
  );
}

function refusePlaced(tokenIds: ArrayLike<number>, alarm: AlarmTokenIds, location: RecordLocation | undefined): void {
  for (let i = 0; i < tokenIds.length; i++) {
    const id = tokenIds[i];
    if (id !== alarm.visual && id !== alarm.textual) continue;
    throw new AlarmPlacementError(
      "alarm-duplicated",
      `expected ids without alarm tokens, found id ${id} at ${i}; place them once, on ids that have none`,
      location,
    );
  }
}

/** Joins frames to segments; `end` is that of a segment's last frame. */
function cutFrames(
  frames: readonly FrameInSequence[],
  segments: Exclude<AlarmSegments, "video">,
  lastEnd: number,
  location: RecordLocation | undefined,
): FrameInSequence[] {
  if (frames.length === 0) {
    throw new AlarmPlacementError(
      "no-frames",
      'expected frames for alarms after segments, found none; ask for segments: "video" where there is no video',
      location,
    );
  }
  const ends = frames.map(({ end }) => end);
  if (ends.at(-1) !== lastEnd || ends.some((end, i) => i > 0 && end <= (ends[i - 1] as number))) {
    throw new AlarmShapeError(
      `expected rising ends of frames, the last one at ${lastEnd} after the last visual token, found [${ends}]; give the index after the last visual token of every frame`,
      { location },
    );
  }
  const pieces: (FrameInSequence & { readonly origin: number; readonly index: number })[] = [];
  for (const frame of frames) {
    const last = pieces.at(-1);
    const before = (last?.video ?? 0) === (frame.video ?? 0) ? last : undefined; // the segment before, of this video
    const origin = before?.origin ?? frame.startSeconds;
    // Times are sums of rounded steps: a frame that misses a border by rounding opens the segment there.
    const index =
      segments === "frame" ? pieces.length : Math.floor((frame.startSeconds - origin) / segments.seconds + 1e-6);
    if (before?.index === index) {
      pieces[pieces.length - 1] = { ...frame, startSeconds: before.startSeconds, origin, index };
    } else pieces.push({ ...frame, origin, index });
  }
  return pieces;
}
