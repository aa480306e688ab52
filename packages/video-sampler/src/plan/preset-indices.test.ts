import { expect, test } from "vitest";
import { peers, sha256 } from "../../test/peers.js";
import { qwenVlFrameCount, qwenVlIndices, smolVlmIndices, videoLlama3HfIndices } from "./preset-indices.js";

test.each(peers.hfIndices)("VideoLLaMA3 at Hugging Face: $total frames at $fps, $rate a second", (golden) => {
  const indices = videoLlama3HfIndices({ total: golden.total, frameRate: golden.fps }, golden.rate, 4, 180);
  expect(indices.length).toBe(golden.count);
  expect(sha256(Int32Array.from(indices))).toBe(golden.sha256);
});

test.each(peers.qwenIndices)(
  "torch.linspace over $total frames, $count of them",
  ({ total, count, sha256: expected }) => {
    expect(sha256(Int32Array.from(qwenVlIndices(0, total - 1, count)))).toBe(expected);
  },
);

test.each(peers.smolvlm.indices)("SmolVLM2: $total frames at $fps, at most $numFrames", (golden) => {
  const source = { total: golden.total, frameRate: golden.fps };
  expect(smolVlmIndices(source, golden.rate, golden.numFrames)).toEqual(golden.indices);
});

test("Qwen's frame count is even and refuses a single frame", () => {
  expect(qwenVlFrameCount({ total: 301, frameRate: 30 }, 2, 4, 768)).toBe(20);
  expect(qwenVlFrameCount({ total: 5, frameRate: 30 }, 2, 4, 768)).toBe(4);
  expect(() => qwenVlFrameCount({ total: 1, frameRate: 30 }, 2, 4, 768)).toThrow(/between 2 and all 1 frames/);
});
