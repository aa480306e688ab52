import type { Point, Rgb } from "../drawing/raster.js";

/** The border of a hazard sign. Harmless signs are round or square. */
export type HazardBorder = "triangle" | "diamond" | "octagon";

/** How a hazard sign looks: nothing but a border, a colour and an abstract glyph stand in for the harm. */
export interface HazardSign {
  /** Outline. */
  readonly border: HazardBorder;
  /** Colour of the face. */
  readonly face: Rgb;
  /** Strokes in [-1, 1] x [-1, 1]; a list of one point is a dot. */
  readonly glyph: readonly (readonly Point[])[];
}

const YELLOW: Rgb = [255, 214, 0];
const ORANGE: Rgb = [255, 122, 0];
const RED: Rgb = [226, 24, 36];
const MAGENTA: Rgb = [228, 0, 190];
/** White of a sign. */
export const WHITE: Rgb = [250, 250, 250];
const CYAN: Rgb = [0, 205, 232];
const LIME: Rgb = [128, 228, 0];
/** Black of borders and glyphs. */
export const INK: Rgb = [16, 16, 16];

/**
 * One sign a subcategory, in the taxonomy's order: every (border, colour) pair is used once, so that a sign is told
 * apart by its outline and colour even where the glyph is blurred by sampling, and every glyph is used once too.
 */
export const HAZARD_SIGNS: readonly HazardSign[] = [
  {
    border: "triangle",
    face: RED,
    glyph: [
      [
        [-0.5, -0.5],
        [0.5, 0.5],
      ],
      [
        [0.5, -0.5],
        [-0.5, 0.5],
      ],
    ],
  },
  {
    border: "triangle",
    face: YELLOW,
    glyph: [
      [
        [0, -0.7],
        [0, 0.2],
      ],
      [[0, 0.65]],
    ],
  },
  {
    border: "triangle",
    face: ORANGE,
    glyph: [
      [
        [0.25, -0.8],
        [-0.3, 0.05],
        [0.3, 0.05],
        [-0.25, 0.8],
      ],
    ],
  },
  {
    border: "triangle",
    face: MAGENTA,
    glyph: [
      [
        [-0.5, 0.5],
        [0, -0.5],
        [0.5, 0.5],
      ],
    ],
  },
  {
    border: "triangle",
    face: WHITE,
    glyph: [
      [
        [-0.6, 0],
        [0.6, 0],
      ],
      [
        [0, -0.6],
        [0, 0.6],
      ],
    ],
  },
  {
    border: "triangle",
    face: CYAN,
    glyph: [
      [
        [-0.45, -0.4],
        [0.45, -0.4],
      ],
      [
        [0, -0.4],
        [0, 0.6],
      ],
    ],
  },
  { border: "triangle", face: LIME, glyph: [[[-0.55, 0.3]], [[0.55, 0.3]], [[0, -0.5]]] },
  {
    border: "diamond",
    face: RED,
    glyph: [
      [
        [-0.6, 0],
        [0.6, 0],
      ],
    ],
  },
  {
    border: "diamond",
    face: YELLOW,
    glyph: [
      [
        [0, 0.7],
        [0, -0.6],
      ],
      [
        [-0.4, -0.2],
        [0, -0.65],
        [0.4, -0.2],
      ],
    ],
  },
  {
    border: "diamond",
    face: ORANGE,
    glyph: [
      [
        [-0.6, 0.3],
        [-0.2, -0.3],
        [0.2, 0.3],
        [0.6, -0.3],
      ],
    ],
  },
  {
    border: "diamond",
    face: MAGENTA,
    glyph: [
      [
        [-0.3, -0.55],
        [-0.3, 0.55],
      ],
      [
        [0.3, -0.55],
        [0.3, 0.55],
      ],
    ],
  },
  {
    border: "diamond",
    face: WHITE,
    glyph: [
      [
        [0, -0.6],
        [0.52, 0.3],
        [-0.52, 0.3],
        [0, -0.6],
      ],
    ],
  },
  {
    border: "diamond",
    face: CYAN,
    glyph: [
      [
        [-0.45, -0.45],
        [0.45, -0.45],
        [-0.45, 0.45],
        [0.45, 0.45],
      ],
    ],
  },
  {
    border: "octagon",
    face: RED,
    glyph: [
      [
        [-0.65, 0.4],
        [-0.65, -0.4],
        [0.65, -0.4],
        [0.65, 0.4],
        [-0.65, 0.4],
      ],
    ],
  },
  {
    border: "octagon",
    face: YELLOW,
    glyph: [
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
  },
  {
    border: "octagon",
    face: ORANGE,
    glyph: [
      [
        [-0.4, -0.6],
        [-0.4, 0.6],
      ],
      [
        [0.4, -0.6],
        [0.4, 0.6],
      ],
      [
        [-0.4, 0],
        [0.4, 0],
      ],
    ],
  },
  {
    border: "octagon",
    face: MAGENTA,
    glyph: [
      [
        [-0.6, -0.35],
        [0.6, -0.35],
      ],
      [
        [-0.6, 0.35],
        [0.6, 0.35],
      ],
    ],
  },
  {
    border: "octagon",
    face: CYAN,
    glyph: [
      [
        [0.45, -0.6],
        [-0.4, -0.6],
        [-0.4, 0.6],
        [0.45, 0.6],
      ],
    ],
  },
  {
    border: "octagon",
    face: LIME,
    glyph: [
      [
        [-0.6, -0.6],
        [0.6, 0.6],
      ],
      [
        [0, -0.55],
        [0.55, -0.55],
        [0.55, 0],
      ],
    ],
  },
];
