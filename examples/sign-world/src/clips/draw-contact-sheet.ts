import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { contactSheet, encodePng, type Picture } from "../drawing/contact-sheet-node.js";
import { blitSpriteInto, type Sprite } from "../drawing/raster.js";
import { createWorldRng } from "../random/rng.js";
import { drawComposedScene } from "../records/composed-set.js";
import { CLIP_SIZE, COLOURS, SAMPLED_FRAMES } from "../scenes/canvas.js";
import { renderComposedScene, SIGN } from "../scenes/composed-scene.js";
import { composedSprite, GLYPHS } from "../scenes/composed-sign.js";

/*
 * Draws every glyph, in a hazard border and in an information border, and the six sampled frames of eight clips, every other
 * one with a hazard:
 *
 *   npx tsx examples/sign-world/src/clips/draw-contact-sheet.ts   (writes assets/signs.png and assets/clips.png)
 */
const borders = [
  { border: "hazard", outline: "octagon" },
  { border: "information", outline: "circle" },
] as const;
const signs = borders.flatMap(({ border, outline }) =>
  Array.from({ length: GLYPHS }, (_, glyph) =>
    composedSprite({ glyph, border, outline, colour: COLOURS[glyph % COLOURS.length] ?? "red" }, SIGN),
  ),
);
write("signs.png", signs.map(onGrey), GLYPHS);

const frames = Array.from({ length: 8 }, (_, i) =>
  drawComposedScene(`sheet/${i}`, "train", i % 2 === 0, createWorldRng("sheet", i)),
).flatMap((scene) =>
  renderComposedScene(scene, SAMPLED_FRAMES).map((rgb) => ({ width: CLIP_SIZE, height: CLIP_SIZE, rgb })),
);
write("clips.png", frames, SAMPLED_FRAMES.length);

function onGrey(sprite: Sprite): Picture {
  const size = sprite.size + 8;
  const rgb = new Uint8Array(size * size * 3).fill(150);
  blitSpriteInto(rgb, size, size, sprite, 4, 4);
  return { width: size, height: size, rgb };
}

function write(name: string, pictures: readonly Picture[], columns: number): void {
  const path = fileURLToPath(new URL(`../../assets/${name}`, import.meta.url));
  writeFileSync(path, encodePng(contactSheet(pictures, columns)));
}
