import { expect, test } from "vitest";
import { compressionMask } from "../model-inputs/compression-mask.js";
import { resizePillow } from "../model-inputs/resize-pillow.js";
import { patchVisibility } from "./patch-visibility.js";

const source = { height: 180, width: 320 };
const target = { height: 84, width: 140 };
const grid = { tokenSide: 28, compression: { threshold: 0.1, std: 0.5 } };

/** A frame that is black but for a patch of the given grey. */
function frameWith(side: number, y: number, x: number, grey: number): Uint8Array {
  const data = new Uint8Array(source.height * source.width * 3);
  for (let row = y; row < y + side; row++)
    data.fill(grey, (row * source.width + x) * 3, (row * source.width + x + side) * 3);
  return data;
}

test("the strongest pixel and the share of a token are those of a real resize, at every place tried", () => {
  for (const side of [3, 8, 21, 64]) {
    const [visibility] = patchVisibility(source, target, grid, [side]);
    if (visibility === undefined) throw new Error("no row");
    const seen = { contrast: [] as number[], share: [] as number[] };
    for (let y = 0; y + side <= source.height; y += 29)
      for (let x = 0; x + side <= source.width; x += 23) {
        const frames = { data: frameWith(side, y, x, 200), dims: [1, source.height, source.width, 3] as const };
        const { data } = resizePillow(frames, target);
        const tokens = new Map<number, number>();
        for (let i = 0; i < target.height * target.width; i++) {
          const token = Math.floor(i / target.width / 28) * 5 + Math.floor((i % target.width) / 28);
          tokens.set(token, (tokens.get(token) ?? 0) + (data[i * 3] as number));
        }
        seen.contrast.push(data.reduce((most, byte) => Math.max(most, byte), 0) / 200);
        seen.share.push(Math.max(...tokens.values()) / 200 / 28 ** 2);
      }
    // Bytes round and clip at 0, so a little more than the exact figures may come out.
    expect(Math.min(...seen.contrast)).toBeGreaterThanOrEqual(visibility.contrast.worst - 0.01);
    expect(Math.max(...seen.contrast)).toBeLessThanOrEqual(visibility.contrast.best + 0.01);
    expect(Math.min(...seen.share)).toBeGreaterThanOrEqual(visibility.tokenShare.worst * 0.97 - 1e-4);
    expect(Math.max(...seen.share)).toBeLessThanOrEqual(visibility.tokenShare.best * 1.1 + 1e-3);
  }
});

test("a patch of fewer grey levels than stated is dropped by token compression, of more it is kept", () => {
  const side = 16;
  const [{ keptFromGreyLevels } = { keptFromGreyLevels: null }] = patchVisibility(source, target, grid, [side]);
  const worst = keptFromGreyLevels?.worst ?? 0;
  const kept = (grey: number) => {
    const data = new Uint8Array(2 * source.height * source.width * 3);
    data.set(frameWith(side, 40, 100, grey), source.height * source.width * 3);
    const resized = resizePillow({ data, dims: [2, source.height, source.width, 3] }, target);
    return compressionMask(resized, { minTokens: 0 })
      .subarray(15)
      .some((flag) => flag === 1);
  };
  expect(worst).toBeGreaterThan(0.5);
  expect(kept(Math.ceil(worst) + 3)).toBe(true);
  expect(kept(1)).toBe(1 > (keptFromGreyLevels?.best ?? 0));
});

test("larger patches show more, and the whole frame fully", () => {
  const rows = patchVisibility(source, target, grid, [1, 4, 16, 64, 320]);
  for (const [i, row] of rows.slice(1).entries())
    expect(row.tokenShare.worst).toBeGreaterThan(rows[i]?.tokenShare.worst as number);
  expect(rows[4]?.contrast.worst).toBeCloseTo(1, 5);
  expect(rows[0]?.contrast.best).toBeLessThan(0.35);
  expect(patchVisibility(source, target, { tokenSide: 28 }, [8])[0]?.keptFromGreyLevels).toBeNull();
  expect(() => patchVisibility(source, target, grid, [0])).toThrow(/sidePixels/);
});
