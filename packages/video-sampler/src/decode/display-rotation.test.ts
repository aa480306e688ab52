import { expect, test } from "vitest";
import { claimedContainer } from "../source/container-signature.js";
import { rotationFromDisplayMatrix } from "./display-rotation.js";

function matrix(a: number, b: number, c: number, d: number): Uint8Array {
  const bytes = Buffer.alloc(36);
  for (const [i, value] of [a, b, 0, c, d, 0, 0, 0, 16384].entries()) bytes.writeInt32LE(value * 65536, i * 4);
  return bytes;
}

test.each([
  [matrix(1, 0, 0, 1), 0, []],
  [matrix(0, 1, -1, 0), 90, ["transpose=clock"]],
  [matrix(-1, 0, 0, -1), 180, ["hflip", "vflip"]],
  [matrix(0, -1, 1, 0), 270, ["transpose=cclock"]],
  [matrix(1, 0, 0, -1), 0, ["vflip"]],
  [matrix(-1, 0, 0, 1), 180, ["hflip"]],
  [matrix(0, 1, 1, 0), 90, ["transpose=cclock_flip"]],
  [matrix(0, -1, -1, 0), 270, ["transpose=clock_flip"]],
  [matrix(0, 0, 0, 0), 0, []],
])("display matrix %#", (bytes, degrees, filters) => {
  expect(rotationFromDisplayMatrix(bytes)).toEqual({ degrees, filters });
});

test("first bytes tell a damaged video from something else", () => {
  const head = (text: string) => Buffer.from(text, "latin1");
  expect(claimedContainer(head("\0\0\0\x18ftypisom"))).toBe("MP4/QuickTime");
  expect(claimedContainer(head("\x1a\x45\xdf\xa3"))).toBe("Matroska/WebM");
  expect(claimedContainer(head("RIFF\0\0\0\0AVI LIST"))).toBe("AVI");
  expect(claimedContainer(head("RIFF\0\0\0\0WAVEfmt "))).toBeNull();
  expect(claimedContainer(head("GIF89a"))).toBe("GIF");
  expect(claimedContainer(head("<html>"))).toBeNull();
});
