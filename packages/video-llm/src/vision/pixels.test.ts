import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { resolveConfig, type VideoLlmConfigInput } from "../index.js";
import { PROMPT_CONVENTIONS } from "../prompt/conventions.js";
import { patchFrames } from "./patch-frames.js";
import { DEFAULT_PREPROCESSOR, type PreprocessorConfig } from "./preprocessor-config.js";

interface Case {
  readonly family: "videollama3" | "smolvlm2";
  readonly kind: "image" | "video";
  readonly height: number;
  readonly width: number;
  readonly grid?: number[];
  readonly mergeSize?: number;
  readonly split?: boolean;
  readonly tiles?: number;
  readonly rows?: number;
  readonly columns?: number;
  readonly prompt?: string;
  readonly step: number;
  readonly pixels: number[];
}
/** What tools/golden/video-llm-pixels.py writes. */
const golden: { side: number; longestEdge: number; videoLongestEdge: number; cases: Case[] } = JSON.parse(
  await readFile(fileURLToPath(new URL("../../test/golden/pixels.json", import.meta.url)), "utf8"),
);

/** The generator's picture: rings over a ramp. */
function picture(height: number, width: number) {
  const data = new Uint8Array(height * width * 3);
  let i = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        data[i++] = ((Math.floor(((x - 20) ** 2 + (y - 11) ** 2) / 40) * 3) % 160) + ((x * 2 + y + c * 30) % 96);
  const dims: [number, number, number, number] = [1, height, width, 3];
  return { frames: { data, dims }, timestampsSeconds: [0] };
}

const sizes = { hiddenSize: 16, intermediateSize: 16, layers: 1, heads: 2, keyValueHeads: 1, vocabularySize: 32 };
const vision = { hiddenSize: 16, intermediateSize: 16, layers: 1, heads: 2 };
const configs = {
  videollama3: resolveConfig({ ...sizes, vision: { ...vision, patchSize: 14 } }),
  smolvlm2: resolveConfig({
    ...sizes,
    family: "smolvlm2",
    mergeSize: 2,
    vision: { ...vision, patchSize: 4, imageSize: golden.side },
  } satisfies VideoLlmConfigInput & { vocabularySize: number }),
};

/** Pixels [T, rows, columns, channels] of patches in merge-block order. */
function pixelsOf(
  patches: { readonly data: Float32Array },
  [frames, rows, columns]: readonly number[],
  patch: number,
  merge: number,
): Float32Array {
  const [height, width] = [(rows as number) * patch, (columns as number) * patch];
  const pixels = new Float32Array((frames as number) * height * width * 3);
  let from = 0;
  const blocks = (columns as number) / merge;
  for (let i = 0; i < (frames as number) * (rows as number) * (columns as number); i++) {
    const inFrame = i % ((rows as number) * (columns as number));
    const block = Math.floor(inFrame / merge ** 2);
    const row = Math.floor(block / blocks) * merge + Math.floor((inFrame % merge ** 2) / merge);
    const column = (block % blocks) * merge + (inFrame % merge);
    const frame = Math.floor(i / ((rows as number) * (columns as number)));
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < patch; y++)
        for (let x = 0; x < patch; x++)
          pixels[((frame * height + row * patch + y) * width + column * patch + x) * 3 + c] = patches.data[
            from++
          ] as number;
  }
  return pixels;
}

test.each(golden.cases)(
  "$family, $kind of $height x $width: pixels within a grey level of transformers'",
  (expected) => {
    const config = configs[expected.family];
    const { longestEdge, videoLongestEdge } = golden;
    const square = { imageLongestEdge: longestEdge, videoLongestEdge, splitImages: expected.split ?? true };
    const preprocessor: PreprocessorConfig = {
      ...DEFAULT_PREPROCESSOR,
      patchSize: config.vision.patchSize,
      ...(expected.family === "smolvlm2" && { square }),
    };
    const found = patchFrames(picture(expected.height, expected.width), { kind: expected.kind }, config, preprocessor);
    const grid = Array.from(found.patches.grid_sizes.data);
    const merge = found.patches.merge_sizes.data[0] as number;
    if (expected.grid) expect([grid, merge]).toEqual([expected.grid, expected.mergeSize]);
    if (expected.tiles) {
      const split = (expected.rows as number) > 0;
      expect(grid[0]).toBe(expected.tiles);
      expect(found.tiles).toEqual(split ? { rows: expected.rows, columns: expected.columns } : undefined);
      expect(found.timestampsSeconds.length).toBe(expected.tiles);
      const layout = { kind: "image", timestampsSeconds: found.timestampsSeconds, tiles: found.tiles } as const;
      expect(PROMPT_CONVENTIONS.smolvlm2.visualText(layout as never, "<image>")).toBe(expected.prompt);
    }
    const { data } = found.patches.pixel_values;
    const { patchSize } = config.vision;
    const values = expected.grid ? data : pixelsOf({ data }, grid, patchSize, merge);
    const levels = Array.from(values)
      .filter((_, i) => i % expected.step === 0)
      .map((value) => (value * 0.5 + 0.5) * 255);
    expect(levels.length).toBe(expected.pixels.length);
    const worst = Math.max(...levels.map((level, i) => Math.abs(level - (expected.pixels[i] as number))));
    expect(worst).toBeLessThanOrEqual(1.01);
  },
);

test("an image of 56 x 56 has 16 tokens: VideoLLaMA3 merges the patches of videos only", () => {
  const { patches } = patchFrames(picture(56, 56), { kind: "image" }, configs.videollama3, DEFAULT_PREPROCESSOR);
  expect(patches.compressionMask.length).toBe(16);
  const video = { ...picture(56, 56), timestampsSeconds: [0] };
  const asVideo = patchFrames(video, { kind: "video" }, configs.videollama3, { ...DEFAULT_PREPROCESSOR, minTokens: 4 });
  expect(asVideo.patches.compressionMask.length).toBe(4);
});
