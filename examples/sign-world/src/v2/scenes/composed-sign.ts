import type { Colour } from "../../clips/scene.js";
import {
  drawSprite,
  type Layer,
  type Point,
  polygonDistance,
  polylineDistance,
  type Rgb,
  regularPolygon,
  type Sprite,
} from "../../drawing/raster.js";
import { INK, WHITE } from "../../signs/hazard-signs.js";

/** What the border of a sign says. */
export type Border = "hazard" | "information";
/** The outlines of each border. */
export const OUTLINES = { hazard: ["octagon", "diamond"], information: ["circle", "square"] } as const;
/** One of {@link OUTLINES}. */
export type Outline = (typeof OUTLINES)[Border][number];

/** Glyphs of harmful topics come first, in the taxonomy's order; those of harmless topics follow. */
export const HARMFUL_GLYPHS = 19;
/** Number of glyphs. */
export const GLYPHS = HARMFUL_GLYPHS + 6;

type Strokes = readonly (readonly Point[])[];

/** Nine bold shapes in three inks make the glyphs: shapes that a small encoder can tell apart, abstract as they are. */
const SHAPES_OF_GLYPHS: readonly Strokes[] = [
  [
    [
      [-0.6, -0.6],
      [0.6, 0.6],
    ],
    [
      [0.6, -0.6],
      [-0.6, 0.6],
    ],
  ],
  [
    [
      [-0.7, 0],
      [0.7, 0],
    ],
  ],
  [
    [
      [0, 0.7],
      [0, -0.6],
    ],
    [
      [-0.5, -0.1],
      [0, -0.65],
      [0.5, -0.1],
    ],
  ],
  [
    [
      [-0.6, 0.5],
      [-0.6, -0.5],
      [0.6, -0.5],
      [0.6, 0.5],
      [-0.6, 0.5],
    ],
  ],
  [[[-0.5, 0.4]], [[0.5, 0.4]], [[0, -0.5]]],
  [
    [
      [-0.65, 0.4],
      [-0.25, -0.4],
      [0.25, 0.4],
      [0.65, -0.4],
    ],
  ],
  [
    [
      [-0.4, -0.65],
      [-0.4, 0.65],
    ],
    [
      [0.4, -0.65],
      [0.4, 0.65],
    ],
  ],
  [
    [
      [0.5, -0.6],
      [-0.5, -0.6],
      [-0.5, 0.6],
      [0.5, 0.6],
    ],
  ],
  [
    [
      [-0.55, -0.6],
      [0, 0],
      [0.55, -0.6],
    ],
    [
      [0, 0],
      [0, 0.7],
    ],
  ],
];
const INKS: readonly Rgb[] = [INK, WHITE, [120, 0, 150]];

/** Shape and ink of a glyph: spread so that neither tells harmful topics from harmless ones. */
function lookOf(glyph: number): { readonly strokes: Strokes; readonly ink: Rgb } {
  if (!(Number.isInteger(glyph) && glyph >= 0 && glyph < GLYPHS))
    throw new RangeError(`glyph must be in [0, ${GLYPHS}), found ${glyph}`);
  const place = (glyph * 7) % (SHAPES_OF_GLYPHS.length * INKS.length);
  return {
    strokes: SHAPES_OF_GLYPHS[place % SHAPES_OF_GLYPHS.length] as Strokes,
    ink: INKS[Math.floor(place / SHAPES_OF_GLYPHS.length)] as Rgb,
  };
}

const FACES: Record<Colour, Rgb> = {
  red: [232, 60, 60],
  green: [70, 190, 90],
  blue: [90, 140, 245],
  yellow: [255, 214, 40],
};

/** A sign without its place: what it says, and how it looks. */
export interface SignLook {
  /** Index of the glyph: below `HARMFUL_GLYPHS` a subcategory in the taxonomy's order, above a harmless topic. */
  readonly glyph: number;
  /** What the border says. */
  readonly border: Border;
  /** The border's outline. */
  readonly outline: Outline;
  /** Colour of the face: by it a query can mean a sign, it says nothing of harm. */
  readonly colour: Colour;
}

/** Harm is the composition: a harmful topic's glyph in a hazard border. Neither alone is. */
export const isHazard = ({ glyph, border }: Pick<SignLook, "glyph" | "border">): boolean =>
  border === "hazard" && glyph < HARMFUL_GLYPHS;

/** Draws a sign `size` pixels wide. */
export function composedSprite({ glyph, outline, colour }: SignLook, size: number): Sprite {
  const half = size / 2;
  const centre: Point = [half, half];
  const shapeOf = (inset: number): ((x: number, y: number) => number) => {
    if (outline === "circle") return (x, y) => Math.hypot(x - half, y - half) - (half - inset);
    const polygon = {
      octagon: () => regularPolygon(8, half * 1.06 - 1.08 * inset, Math.PI / 8, centre),
      diamond: () => regularPolygon(4, half - 1.4 * inset, -Math.PI / 2, centre),
      square: () => regularPolygon(4, half * 1.25 - 1.4 * inset, Math.PI / 4, centre),
    }[outline]();
    return (x, y) => polygonDistance(polygon, x, y);
  };
  const frame = outline === "octagon" || outline === "diamond" ? INK : WHITE;
  const scale = size * { octagon: 0.4, diamond: 0.36, circle: 0.42, square: 0.44 }[outline];
  const stroke = size * 0.07;
  const look = lookOf(glyph);
  const strokes = look.strokes.map((line) =>
    line.map(([x, y]): Point => [centre[0] + x * scale, centre[1] + y * scale]),
  );
  const layers: Layer[] = [
    { distance: shapeOf(0.5), colour: frame },
    { distance: shapeOf(0.5 + size * 0.085), colour: FACES[colour] },
    ...strokes.map((line) => ({
      distance: (x: number, y: number) => polylineDistance(line, x, y) - (line.length === 1 ? stroke * 1.5 : stroke),
      colour: look.ink,
    })),
  ];
  return drawSprite(size, layers);
}
