import { expect, test } from "vitest";
import { pattern } from "../../test/pattern.js";
import { contactSheet } from "./contact-sheet.js";

const video = { frames: pattern(7, 60, 80, 1), timestampsSeconds: [0, 0.5, 1, 1.5, 2, 2.5, 3] };

test("frames lie in a grid with their pixels as they are, and their times in a corner", () => {
  const sheet = contactSheet(video, { columns: 3 });
  expect([sheet.width, sheet.height]).toEqual([4 + 3 * 84, 4 + 3 * 64]);
  // Frame 4 stands in row 1, column 1; its first row is untouched, its lower left corner is not.
  const row = (y: number) =>
    sheet.data.subarray(((68 + y) * sheet.width + 88) * 3, ((68 + y) * sheet.width + 88 + 80) * 3);
  const stored = (y: number) => video.frames.data.subarray((4 * 60 + y) * 240, (4 * 60 + y) * 240 + 240);
  expect(row(0)).toEqual(stored(0));
  expect(row(55)).not.toEqual(stored(55));
  expect(row(55).subarray(180)).toEqual(stored(55).subarray(180));
});

test("different times look different, equal captions look equal", () => {
  const grey = { frames: { data: new Uint8Array(2 * 40 * 60 * 3).fill(90), dims: [2, 40, 60, 3] as const } };
  const halves = (times: number[]) => {
    const { data, width } = contactSheet({ ...grey, timestampsSeconds: times }, { columns: 1 });
    return [data.subarray(4 * width * 3, 44 * width * 3), data.subarray(48 * width * 3, 88 * width * 3)];
  };
  const [a, b] = halves([1.5, 1.5]);
  expect(a).toEqual(b);
  const [c, d] = halves([1.5, 1.6]);
  expect(c).not.toEqual(d);
});

test("fewer frames and other widths on demand", () => {
  const sheet = contactSheet(video, { maxFrames: 3, frameWidth: 40, columns: 9 });
  expect([sheet.width, sheet.height]).toEqual([4 + 3 * 44, 4 + 34]);
  expect(contactSheet({ frames: pattern(1, 3, 2, 1), timestampsSeconds: [9] }).width).toBe(10);
});

test("refusals", () => {
  const none = { data: new Uint8Array(0), dims: [0, 4, 4, 3] as const };
  expect(() => contactSheet({ frames: none, timestampsSeconds: [] })).toThrow(/at least one frame/);
  expect(() => contactSheet({ ...video, timestampsSeconds: [1] })).toThrow(/one time or caption per frame/);
  expect(() => contactSheet(video, { columns: 0 })).toThrow(/columns/);
});
