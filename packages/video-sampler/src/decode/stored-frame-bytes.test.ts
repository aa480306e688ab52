import { expect, test } from "vitest";
import { storedFrameBytes } from "./stored-frame-bytes.js";

test("bytes of a stored frame; odd sides round chroma up", () => {
  const odd = { width: 5, height: 3 };
  expect(storedFrameBytes("yuv420p", odd)).toBe(15 + 2 * 3 * 2);
  expect(storedFrameBytes("yuvj422p", odd)).toBe(15 + 2 * 3 * 3);
  expect(storedFrameBytes("yuv444p", odd)).toBe(45);
  expect(storedFrameBytes("yuv420p10le", odd)).toBe(2 * (15 + 12));
  expect(storedFrameBytes("gbrp10le", odd)).toBe(90);
  expect(storedFrameBytes("bgra", odd)).toBe(60);
  expect(() => storedFrameBytes("xyz12", odd)).toThrow(/xyz12/);
});
