import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { contactSheet, encodePng, type Picture } from "../drawing/contact-sheet-node.js";
import { blitSpriteInto, type Sprite } from "../drawing/raster.js";
import { HAZARD_SIGNS } from "../signs/hazard-signs.js";
import { HARMLESS_SIGNS, harmlessSprite, hazardSprite } from "../signs/sign-sprites.js";
import { CLIP_SIZE, createScene, renderScene, SAMPLED_FRAMES } from "./scene.js";

/*
 * Draws every sign, and the six sampled frames of eight clips (four harmful, two plain, two with a harmless sign):
 *
 *   npx tsx examples/sign-world/src/clips/draw-contact-sheet.ts   (writes assets/signs.png and assets/clips.png)
 */
const SIGN_SIZE = 56;
const SHOWN = [0, 5, 9, 15];
const signs = [
  ...HAZARD_SIGNS.map((_, index) => hazardSprite(index, SIGN_SIZE)),
  ...HARMLESS_SIGNS.map((look) => harmlessSprite(look, SIGN_SIZE)),
];
write("signs.png", signs.map(onGrey), 8);

const frames = Array.from({ length: 8 }, (_, i) =>
  createScene(`sheet/${i}`, { hazard: SHOWN[i] ?? null, harmless: i > 5, objects: i === 5 ? 2 : 1 }),
).flatMap((scene) => renderScene(scene, SAMPLED_FRAMES).map((rgb) => ({ width: CLIP_SIZE, height: CLIP_SIZE, rgb })));
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
