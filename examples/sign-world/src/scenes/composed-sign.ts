import {
  drawSprite,
  type Layer,
  type Point,
  polygonDistance,
  type Rgb,
  regularPolygon,
  type Sprite,
} from "../drawing/raster.js";
import type { Colour } from "./canvas.js";

/** Ink of hazard borders and of some glyphs. */
const INK: Rgb = [16, 16, 16];
const WHITE: Rgb = [250, 250, 250];

/** What the border of a sign says. */
export type Border = "hazard" | "information";
/** The outlines of each border. */
export const OUTLINES = { hazard: ["octagon", "hexagon"], information: ["circle", "square"] } as const;
/** One of {@link OUTLINES}. */
export type Outline = (typeof OUTLINES)[Border][number];

/** Glyphs of harmful topics come first, in the taxonomy's order; those of harmless topics follow. */
export const HARMFUL_GLYPHS = 19;
/** Number of glyphs. */
export const GLYPHS = HARMFUL_GLYPHS + 6;

/**
 * A glyph is a mosaic of two by two tiles in one ink: five patterns in five inks, any two patterns apart in two tiles. A tile is
 * as wide as a patch of the vision encoder, so that an encoder of two layers learns glyphs within minutes; line drawings it
 * did not (docs/experiments/world.md).
 */
const PATTERNS: readonly (readonly [boolean, boolean, boolean, boolean])[] = [
  [true, true, true, true],
  [true, true, false, false],
  [true, false, true, false],
  [true, false, false, true],
  [false, true, true, false],
];
const INKS: readonly Rgb[] = [INK, WHITE, [120, 0, 150], [0, 235, 235], [130, 70, 0]];

/** Pattern and ink of a glyph: spread so that neither tells harmful topics from harmless ones. */
function lookOf(glyph: number) {
  if (!(Number.isInteger(glyph) && glyph >= 0 && glyph < GLYPHS))
    throw new RangeError(`glyph must be in [0, ${GLYPHS}), found ${glyph}`);
  const place = (glyph * 7) % (PATTERNS.length * INKS.length);
  return {
    pattern: PATTERNS[place % PATTERNS.length] as (typeof PATTERNS)[number],
    ink: INKS[Math.floor(place / PATTERNS.length)] as Rgb,
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
      hexagon: () => regularPolygon(6, half * 1.1 - 1.15 * inset, 0, centre),
      square: () => regularPolygon(4, half * 1.25 - 1.4 * inset, Math.PI / 4, centre),
    }[outline]();
    return (x, y) => polygonDistance(polygon, x, y);
  };
  const frame = outline === "octagon" || outline === "hexagon" ? INK : WHITE;
  // One size in every outline: the glyph is the same picture whatever border surrounds it.
  const tile = size / 4;
  const { pattern, ink } = lookOf(glyph);
  const tiles = pattern.flatMap((inked, i): Layer[] => {
    const [x, y] = [half + ((i % 2) - 0.5) * tile, half + (Math.floor(i / 2) - 0.5) * tile];
    const distance = (px: number, py: number): number => Math.max(Math.abs(px - x), Math.abs(py - y)) - tile / 2;
    return inked ? [{ distance, colour: ink }] : [];
  });
  const layers: Layer[] = [
    { distance: shapeOf(0.5), colour: frame },
    { distance: shapeOf(0.5 + size * 0.085), colour: FACES[colour] },
    ...tiles,
  ];
  return drawSprite(size, layers);
}
