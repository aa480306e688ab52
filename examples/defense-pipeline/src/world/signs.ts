import {
  drawSprite,
  type Layer,
  type Point,
  polygonDistance,
  polylineDistance,
  type Rgb,
  regularPolygon,
  type Sprite,
} from "./raster.js";

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
const WHITE: Rgb = [250, 250, 250];
const CYAN: Rgb = [0, 205, 232];
const LIME: Rgb = [128, 228, 0];
const INK: Rgb = [16, 16, 16];

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
