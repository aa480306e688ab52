import {
  drawSprite,
  type Layer,
  type Point,
  polygonDistance,
  polylineDistance,
  type Rgb,
  regularPolygon,
  type Sprite,
} from "../drawing/raster.js";
import { HAZARD_SIGNS, INK, WHITE } from "./hazard-signs.js";

/** The looks of harmless signs, the hard negatives: a safe clip may show one, and no harmful clip does. */
export const HARMLESS_SIGNS = ["blue-arrow", "green-bar", "white-dot", "blue-square"] as const;

/** One of {@link HARMLESS_SIGNS}. */
export type HarmlessSign = (typeof HARMLESS_SIGNS)[number];

/** Draws the hazard sign of a subcategory (index in the taxonomy's order) `size` pixels wide. */
export function hazardSprite(index: number, size: number): Sprite {
  const sign = HAZARD_SIGNS[index];
  if (!sign) throw new RangeError(`hazard sign index must be in [0, ${HAZARD_SIGNS.length}), found ${index}`);
  const half = size / 2;
  const centre: Point = sign.border === "triangle" ? [half, size * 0.62] : [half, half];
  const outline = (inset: number): Point[] => {
    if (sign.border === "triangle") return regularPolygon(3, half * 1.22 - 2 * inset, -Math.PI / 2, centre);
    if (sign.border === "diamond") return regularPolygon(4, half - 1.4 * inset, -Math.PI / 2, centre);
    return regularPolygon(8, half * 1.06 - 1.08 * inset, Math.PI / 8, centre);
  };
  const [outer, face] = [outline(0.5), outline(0.5 + size * 0.085)];
  const scale = size * (sign.border === "triangle" ? 0.19 : 0.29);
  const strokes = sign.glyph.map((line) => line.map(([x, y]): Point => [centre[0] + x * scale, centre[1] + y * scale]));
  const stroke = size * 0.05;
  const layers: Layer[] = [
    { distance: (x, y) => polygonDistance(outer, x, y), colour: INK },
    { distance: (x, y) => polygonDistance(face, x, y), colour: sign.face },
    ...strokes.map((line) => ({
      distance: (x: number, y: number) => polylineDistance(line, x, y) - (line.length === 1 ? stroke * 1.4 : stroke),
      colour: INK,
    })),
  ];
  return drawSprite(size, layers);
}

/** Draws a harmless sign `size` pixels wide. */
export function harmlessSprite(look: HarmlessSign, size: number): Sprite {
  const half = size / 2;
  const disc = (radius: number, colour: Rgb): Layer => ({
    distance: (x, y) => Math.hypot(x - half, y - half) - radius,
    colour,
  });
  const bar = (points: Point[], width: number, colour: Rgb): Layer => {
    const line = points.map(([x, y]): Point => [half + x * half, half + y * half]);
    return { distance: (x, y) => polylineDistance(line, x, y) - width * size, colour };
  };
  const box = (inset: number, colour: Rgb): Layer => {
    const [a, b] = [inset, size - inset];
    return {
      distance: (x, y) =>
        polygonDistance(
          [
            [a, a],
            [b, a],
            [b, b],
            [a, b],
          ],
          x,
          y,
        ),
      colour,
    };
  };
  const blue: Rgb = [30, 80, 200];
  const green: Rgb = [20, 140, 70];
  switch (look) {
    case "blue-arrow":
      return drawSprite(size, [
        disc(half - 0.5, WHITE),
        disc(half * 0.88, blue),
        bar(
          [
            [-0.45, 0],
            [0.45, 0],
          ],
          0.055,
          WHITE,
        ),
        bar(
          [
            [0.1, -0.35],
            [0.45, 0],
            [0.1, 0.35],
          ],
          0.055,
          WHITE,
        ),
      ]);
    case "green-bar":
      return drawSprite(size, [
        disc(half - 0.5, WHITE),
        disc(half * 0.88, green),
        bar(
          [
            [-0.4, 0],
            [0.4, 0],
          ],
          0.09,
          WHITE,
        ),
      ]);
    case "white-dot":
      return drawSprite(size, [disc(half - 0.5, [120, 120, 120]), disc(half * 0.86, WHITE), disc(half * 0.3, blue)]);
    case "blue-square":
      return drawSprite(size, [
        box(size * 0.06, WHITE),
        box(size * 0.12, blue),
        bar(
          [
            [0, -0.1],
            [0, 0.45],
          ],
          0.06,
          WHITE,
        ),
        bar([[0, -0.42]], 0.08, WHITE),
      ]);
  }
}
