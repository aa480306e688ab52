import { buildFrameIndex, type FrameIndex, findBlindSpots, type UnseenTime } from "@videosafety/video-sampler";

/** A stretch [start, end) of seconds. */
export type Span = readonly [startSeconds: number, endSeconds: number];

/** A stretch of a video that shows the item's clip or the harmless carrier. */
export interface Shot {
  /** When it begins, in seconds of the attacked video. */
  readonly startSeconds: number;
  /** When it ends. */
  readonly endSeconds: number;
  /** What it shows. */
  readonly source: "item" | "carrier";
  /** Second of the source at its beginning. */
  readonly sourceSeconds: number;
  /** Seconds of the source per second; 0 is a still. */
  readonly rate: number;
}

/** A change of pictures in [startSeconds, endSeconds). Edits are made in the order of the list. */
export type PictureEdit = { readonly startSeconds: number; readonly endSeconds: number } & (
  | {
      /** The item's picture over what is there. */
      readonly kind: "inset";
      /** Second of the item's clip at the beginning. */
      readonly sourceSeconds: number;
      /** Side as a share of the frame's, in (0, 1]. */
      readonly scale: number;
      /** Place of the left edge, from 0 (left) to 1 (right-aligned). */
      readonly left: number;
      /** Place of the top edge, from 0 to 1. */
      readonly top: number;
      /** 1 hides what is below, 0 shows nothing. */
      readonly opacity: number;
    }
  | {
      /** Pictures as JPEG at a quality would show them. */
      readonly kind: "jpeg";
      /** 1..100. */
      readonly quality: number;
    }
  | {
      /** Latin text on a band. */
      readonly kind: "text";
      /** What it says. */
      readonly text: string;
      /** Place of the band's upper edge, from 0 (top) to 1 (at the bottom). */
      readonly top: number;
      /** Height of the band as a share of the frame's. */
      readonly height: number;
    }
);

/**
 * A video that does not exist as a file: which source shows when, and what is changed. Attacks edit this and never pixels, so they are
 * pure, cheap for videos of any length, and what a sampling plan sees of them can be computed before a frame is decoded.
 */
export interface Footage {
  /** Length in seconds. */
  readonly durationSeconds: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** Length of the item's clip. */
  readonly itemSeconds: number;
  /** Where in the item's clip lies what the item is about; the whole clip where nobody knows. */
  readonly content: Span;
  /** Length of the harmless clip; null without one. */
  readonly carrierSeconds: number | null;
  /** Moments that the sampling plan is believed to show of a video of a length. */
  readonly assumed: (durationSeconds: number) => readonly number[];
  /** Moments that the plan in use shows, as far as an attacker can know it: of a random one, not the draw. */
  readonly known: (durationSeconds: number) => readonly number[];
  /** Without gaps or overlaps, from 0 to `durationSeconds`. */
  readonly shots: readonly Shot[];
  /** Changes of pictures. */
  readonly edits: readonly PictureEdit[];
  /**
   * What is changed in the item's clip itself, by a name and a share that its source knows: a sign made smaller, say. Only sources that
   * make their own clips can (`TimedFrames.at`).
   */
  readonly variant?: { readonly name: string; readonly share: number };
}

/** The item's clip as it is. */
export function plainFootage(facts: Omit<Footage, "durationSeconds" | "shots" | "edits">): Footage {
  const durationSeconds = facts.itemSeconds;
  return { ...facts, durationSeconds, shots: [ownShot(0, durationSeconds, 0)], edits: [] };
}

const ownShot = (startSeconds: number, endSeconds: number, sourceSeconds: number): Shot => ({
  startSeconds,
  endSeconds,
  source: "item",
  sourceSeconds,
  rate: 1,
});

/** The carrier from one moment to another, from its beginning again where it is over; nothing for an empty stretch. */
export function carrierShots(footage: Footage, startSeconds: number, endSeconds: number): Shot[] {
  const length = footage.carrierSeconds ?? 0;
  const shots: Shot[] = [];
  for (let at = startSeconds; at < endSeconds - 1e-9 && length > 0; ) {
    const sourceSeconds = at % length;
    const until = Math.min(endSeconds, at + (length - sourceSeconds));
    shots.push({ startSeconds: at, endSeconds: until, source: "carrier", sourceSeconds, rate: 1 });
    at = until;
  }
  return shots;
}

/** The carrier with a stretch of the item's clip in it, the item's content in the middle of that stretch where there is room. */
export function withFragment(footage: Footage, startSeconds: number, lengthSeconds: number): Footage {
  const { durationSeconds, itemSeconds, content } = footage;
  const start = Math.max(0, Math.min(startSeconds, durationSeconds - lengthSeconds));
  const end = Math.min(durationSeconds, start + lengthSeconds);
  const middle = (content[0] + content[1]) / 2;
  const source = Math.max(0, Math.min(middle - (end - start) / 2, itemSeconds - (end - start)));
  return {
    ...footage,
    shots: [
      ...carrierShots(footage, 0, start),
      ownShot(start, end, source),
      ...carrierShots(footage, end, durationSeconds),
    ],
  };
}

/** Spans in which the item's content is on screen, in order: whole, small or faint. */
export function contentSpans({ shots, edits, content }: Footage): Span[] {
  const spans: Span[] = [];
  const add = (start: number, end: number, sourceSeconds: number, rate: number): void => {
    if (rate === 0) {
      if (sourceSeconds >= content[0] && sourceSeconds < content[1]) spans.push([start, end]);
      return;
    }
    const from = Math.max(start, start + (content[0] - sourceSeconds) / rate);
    const to = Math.min(end, start + (content[1] - sourceSeconds) / rate);
    if (to > from + 1e-9) spans.push([from, to]);
  };
  for (const { source, startSeconds, endSeconds, sourceSeconds, rate } of shots)
    if (source === "item") add(startSeconds, endSeconds, sourceSeconds, rate);
  for (const edit of edits) if (edit.kind === "inset") add(edit.startSeconds, edit.endSeconds, edit.sourceSeconds, 1);
  return spans.sort((a, b) => a[0] - b[0]);
}

/** Ticks per second of a footage's clock. */
const TICKS = 90_000;

/** The frames of a video of a length and a steady rate, as sampling plans take them. */
export function steadyFrames(durationSeconds: number, frameRate: number): FrameIndex {
  const count = Math.max(1, Math.round(durationSeconds * frameRate));
  const at = (i: number): number => Math.round((i * TICKS) / frameRate);
  const second = Math.max(1, Math.round(2 * frameRate));
  const packets = Array.from({ length: count }, (_, i) => ({
    pts: at(i),
    duration: at(i + 1) - at(i),
    keyframe: i % second === 0,
    discard: false,
  }));
  const clock = { timeBase: { num: 1, den: TICKS }, originTicks: 0, stepTicks: at(1), mayBreak: false };
  return buildFrameIndex(packets, clock) as FrameIndex;
}

/** What a video of a length hides when these moments of it are shown (video-sampler's `findBlindSpots`). */
export function unseenOf(durationSeconds: number, frameRate: number, shownSeconds: readonly number[]): UnseenTime {
  const frames = steadyFrames(durationSeconds, frameRate);
  const last = frames.timeTicks.length - 1;
  return findBlindSpots(
    frames,
    shownSeconds.map((seconds) => Math.max(0, Math.min(last, Math.floor(seconds * frameRate + 1e-6)))),
  );
}
