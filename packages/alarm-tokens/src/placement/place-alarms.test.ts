import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AlarmLayout,
  AlarmPlacementError,
  AlarmShapeError,
  type FrameInSequence,
  placeAlarms,
  placeAlarmTokenIds,
} from "../index.js";

// A miniature ChatML: 1 opens a turn, 2 closes one, 10 "user", 20 visual, 90/91 alarms.
const tokens = { alarm: { visual: 90, textual: 91 }, visual: [20], userTurnStart: [1, 10], endOfTurn: 2 };

/** Ids of a user turn with `counts[i]` visual tokens for frame i, a time label before each, and its frames `step` seconds apart. */
function video(counts: readonly number[], step = 1): { ids: number[]; frames: FrameInSequence[] } {
  const ids = [1, 10];
  const frames = counts.map((count, i) => {
    ids.push(30, ...new Array<number>(count).fill(20));
    return { end: ids.length, startSeconds: i * step, endSeconds: (i + 1) * step };
  });
  ids.push(31, 2);
  return { ids, frames };
}

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AlarmPlacementError) return error.code;
    throw error;
  }
  return "no error";
};

describe("placeAlarms", () => {
  test("by hand: two visual vectors after each frame, three textual ones", () => {
    const { ids, frames } = video([2, 1]);
    const placed = placeAlarms(ids, tokens, { visualVectors: 2, textualVectors: 3, segments: "frame" }, frames);
    expect([...placed.tokenIds]).toEqual([1, 10, 30, 20, 20, 90, 90, 30, 20, 90, 90, 31, 91, 91, 91, 2]);
    expect(placed.visual).toEqual([
      [5, 6],
      [9, 10],
    ]);
    expect(placed.textual).toEqual([12, 13, 14]);
    expect(placed.positions).toEqual({ visual: 10, textual: 14 });
    expect(placed.segments).toEqual([
      { startSeconds: 0, endSeconds: 1, position: 6, video: 0 },
      { startSeconds: 1, endSeconds: 2, position: 10, video: 0 },
    ]);
  });

  test("by hand: seconds count from a video's first frame, and no segment spans two videos", () => {
    const { ids, frames } = video([1, 1, 1, 1, 1]);
    const spans = (of: readonly FrameInSequence[], seconds: number): number[][] =>
      placeAlarms(ids, tokens, { segments: { seconds } }, of).segments.map((segment) => [
        segment.video,
        segment.startSeconds,
        segment.endSeconds,
      ]);
    const starts = [
      [0, 0, 2],
      [0, 2, 4],
      [0, 4, 5],
    ];
    expect(spans(frames, 2)).toEqual(starts);
    const later = frames.map((frame) => ({
      ...frame,
      startSeconds: frame.startSeconds + 7,
      endSeconds: frame.endSeconds + 7,
    }));
    expect(spans(later, 2)).toEqual(starts.map(([v, s, e]) => [v, (s as number) + 7, (e as number) + 7]));
    const two = frames.map((frame, i) => ({ ...frame, video: i < 3 ? 0 : 1 }));
    expect(spans(two, 2)).toEqual([
      [0, 0, 2],
      [0, 2, 3],
      [1, 3, 5],
    ]);
    expect(spans(frames, 0.1)).toHaveLength(5); // shorter than a frame: one after every frame
    expect(spans(frames, 100)).toEqual([[0, 0, 5]]);
  });

  test("steps that are no binary fractions do not move a border", () => {
    const { ids, frames } = video(new Array<number>(30).fill(1), 0.1);
    const { segments } = placeAlarms(ids, tokens, { segments: { seconds: 0.3 } }, frames);
    expect(segments).toHaveLength(10);
    segments.forEach(({ startSeconds }, i) => {
      expect(startSeconds).toBeCloseTo(0.3 * i, 9);
    });
  });

  const layouts = fc.record({
    visualVectors: fc.integer({ min: 1, max: 3 }),
    textualVectors: fc.integer({ min: 1, max: 3 }),
    segments: fc.oneof(
      fc.constantFrom<AlarmLayout["segments"] & string>("video", "frame"),
      fc.double({ min: 0.2, max: 9, noNaN: true }).map((seconds) => ({ seconds })),
    ),
  });

  test("property: every layout keeps the sample, its groups hold their tokens, and its segments tile the video", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(counts, layouts, (sizes, layout) => {
        const { ids, frames } = video(sizes, 0.5);
        const placed = placeAlarms(ids, tokens, layout, frames);
        const { tokenIds, sourceIndex, visual, textual, segments, positions } = placed;
        expect([...tokenIds].filter((_, i) => sourceIndex[i] !== -1)).toEqual(ids);
        expect(visual.flat().map((at) => tokenIds[at])).toEqual(visual.flat().map(() => 90));
        expect(textual.map((at) => tokenIds[at])).toEqual(textual.map(() => 91));
        expect([...tokenIds].filter((id) => id >= 90)).toHaveLength(visual.flat().length + textual.length);
        for (const group of [...visual, textual]) {
          expect(group).toEqual(group.map((_, j) => (group[0] as number) + j)); // next to each other
        }
        for (const group of visual) {
          expect(group).toHaveLength(layout.visualVectors);
          expect(tokenIds[(group[0] as number) - 1]).toBe(20); // right after a visual token
        }
        expect(textual).toHaveLength(layout.textualVectors);
        // The last group stands at the paper's place: only text comes between it and the textual one.
        const paper = placeAlarmTokenIds(ids, tokens);
        expect(sourceIndex[positions.visual + 1]).toBe(paper.sourceIndex[paper.visualIndex + 1]);
        expect(sourceIndex[positions.textual + 1]).toBe(paper.sourceIndex[paper.textualIndex + 1]);
        expect(positions).toEqual({ visual: visual.at(-1)?.at(-1), textual: textual.at(-1) });
        if (layout.segments === "video") {
          expect([visual.length, segments.length]).toEqual([1, 0]);
          return;
        }
        expect(segments.map(({ position }) => position)).toEqual(visual.map((group) => group.at(-1)));
        expect(segments[0]?.startSeconds).toBe(0);
        expect(segments.at(-1)?.endSeconds).toBe(0.5 * sizes.length);
        segments.slice(1).forEach(({ startSeconds }, i) => {
          expect(startSeconds).toBe(segments[i]?.endSeconds);
        });
      }),
    );
  });

  test("the default is the paper's layout", () => {
    const { ids, frames } = video([2, 3]);
    const { tokenIds, positions } = placeAlarms(ids, tokens, {}, frames);
    const paper = placeAlarmTokenIds(ids, tokens);
    expect(tokenIds).toEqual(paper.tokenIds);
    expect(positions).toEqual({ visual: paper.visualIndex, textual: paper.textualIndex });
  });

  test("bad layouts and frames are typed errors", () => {
    const { ids, frames } = video([2, 3]);
    const place = (layout: AlarmLayout, of = frames) => placeAlarms(ids, tokens, layout, of);
    expect(code(() => place({ visualVectors: 0 }))).toBe("invalid-layout");
    expect(code(() => place({ textualVectors: 1.5 }))).toBe("invalid-layout");
    for (const seconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(code(() => place({ segments: { seconds } }))).toBe("invalid-layout");
    expect(code(() => place({ segments: "frame" }, []))).toBe("no-frames");
    expect(code(() => placeAlarms([1, 10, 91, 2], tokens))).toBe("alarm-duplicated");
    expect(() => place({ segments: "frame" }, frames.slice(0, 1))).toThrow(AlarmShapeError);
    expect(() => place({ segments: "frame" }, [...frames].reverse())).toThrow(/rising ends/);
  });
});
