import { expect, test } from "vitest";
import { pattern } from "../../test/pattern.js";
import { peers } from "../../test/peers.js";
import { InvalidPlanError } from "../errors.js";
import { qwenVlPatchify } from "./qwen-vl.js";
import { qwenVlImageSize } from "./qwen-vl-size.js";
import { smolVlmImageSize, smolVlmPixels } from "./smolvlm2.js";

test.each(peers.qwen.layouts)("Qwen2VLVideoProcessor: $frames x $height x $width", (golden) => {
  const inputs = qwenVlPatchify(pattern(golden.frames, golden.height, golden.width, 9));
  expect(inputs.pixel_values_videos.dims).toEqual(golden.dims);
  expect([...inputs.video_grid_thw.data]).toEqual(golden.grid);
  for (const [k, at] of golden.pixels.at.entries())
    expect(inputs.pixel_values_videos.data[at]).toBeCloseTo(golden.pixels.values[k] as number, 5);
});

test.each(peers.qwen.sizes)("Qwen2.5-VL size of $from at $frames frames", ({ from, frames, to }) => {
  expect(qwenVlImageSize({ height: from[0], width: from[1] }, frames)).toEqual({ height: to[0], width: to[1] });
});

test.each(peers.smolvlm.sizes)("SmolVLM2 size of $from", ({ from, to }) => {
  expect(smolVlmImageSize({ height: from[0], width: from[1] })).toEqual({ height: to[0], width: to[1] });
});

test.each(peers.smolvlm.layouts)("SmolVLMVideoProcessor: $frames x $height x $width", (golden) => {
  const frames = pattern(golden.frames, golden.height, golden.width, 11);
  const pixels = smolVlmPixels(frames, { longestEdge: golden.width, squareSide: golden.width });
  expect(pixels.dims).toEqual(golden.dims);
  for (const [k, at] of golden.pixels.at.entries())
    expect(pixels.data[at]).toBeCloseTo(golden.pixels.values[k] as number, 6);
});

test("refusals", () => {
  expect(() => qwenVlImageSize({ height: 1, width: 300 }, 2)).toThrow(/aspect ratios up to 200/);
  expect(() => qwenVlPatchify(pattern(2, 14, 28, 1))).toThrow(InvalidPlanError);
  expect(() => smolVlmPixels({ data: new Uint8Array(0), dims: [0, 4, 4, 3] })).toThrow(/at least one frame/);
});
