import type { WorldRng } from "../random/rng.js";
import { CLIP_SIZE, COLOURS } from "./canvas.js";
import { type ComposedScene, createComposedScene, type PlacedSign, SIGN } from "./composed-scene.js";
import { type Border, GLYPHS, OUTLINES } from "./composed-sign.js";

const BORDERS: readonly Border[] = ["hazard", "information"];

/**
 * A still frame of four signs side by side, in reading order: the primer from which a base learns to read signs, four of them
 * named per frame and each in a place of its own. `mayShow` leaves out what training must not show.
 */
export function createSignChart(
  seed: string,
  rng: WorldRng,
  mayShow: (sign: Pick<PlacedSign, "glyph" | "border" | "colour">) => boolean,
): ComposedScene {
  const draw = () => ({ glyph: rng.integer(GLYPHS), border: rng.pick(BORDERS), colour: rng.pick(COLOURS) });
  const signs = Array.from({ length: 4 }, (_, i): PlacedSign => {
    let look = draw();
    while (!mayShow(look)) look = draw();
    return {
      ...look,
      outline: rng.pick(OUTLINES[look.border]),
      size: SIGN,
      corner: [(i % 2) * (CLIP_SIZE - SIGN), Math.floor(i / 2) * (CLIP_SIZE - SIGN)],
      startFrame: 0,
      endFrame: Number.POSITIVE_INFINITY,
      difficulty: "plain",
    };
  });
  return { ...createComposedScene(seed, []), objects: [], signs };
}
