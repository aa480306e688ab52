import { drawSprite, type Point, polygonDistance, type Rgb, regularPolygon, type Sprite } from "../drawing/raster.js";
import { createWorldRng, type WorldRng } from "../random/rng.js";

/** Width and height of a clip in pixels: 8 x 8 patches of 14, 4 x 4 visual tokens per frame at merge size 2. */
export const CLIP_SIZE = 112;
/** Frames a second. */
export const CLIP_FPS = 8;
/** Frames of a clip: 6 s. */
export const CLIP_FRAMES = 48;

/** The moving objects' shapes. */
export const SHAPES = ["circle", "square", "triangle", "star"] as const;
/** One of {@link SHAPES}. */
export type Shape = (typeof SHAPES)[number];
/** The moving objects' colours. */
export const COLOURS = ["red", "green", "blue", "yellow"] as const;
/** One of {@link COLOURS}. */
export type Colour = (typeof COLOURS)[number];
/** The directions of motion, as the viewer sees them. */
export const DIRECTIONS = ["left", "right", "up", "down"] as const;
/** One of {@link DIRECTIONS}. */
export type Direction = (typeof DIRECTIONS)[number];

const OBJECT_RGB: Record<Colour, Rgb> = {
  red: [214, 32, 40],
  green: [34, 150, 60],
  blue: [36, 84, 214],
  yellow: [240, 204, 20],
};

/** A moving object. */
export interface SceneObject {
  /** Shape. */
  readonly shape: Shape;
  /** Colour. */
  readonly colour: Colour;
  /** Direction of motion. */
  readonly direction: Direction;
  /** Width in pixels. */
  readonly size: number;
  /** Centre at the first frame, in pixels. */
  readonly start: Point;
  /** Pixels a frame. */
  readonly speed: number;
}

/** Two tints, the angle of their gradient and the texture's amplitude. */
export interface Background {
  readonly from: Rgb;
  readonly to: Rgb;
  readonly angle: number;
  readonly texture: number;
}

/** The frames that 1 fps sampling with ffmpeg's `round=down` picks from a clip: 7, 15, ..., 47. */
export const SAMPLED_FRAMES: readonly number[] = Array.from(
  { length: CLIP_FRAMES / CLIP_FPS },
  (_, k) => (k + 1) * CLIP_FPS - 1,
);

/** Frames [112, 112, 3] one after the other: [T, 112, 112, 3]. */
export function stackFrames(frames: readonly Uint8Array[]) {
  const data = new Uint8Array(frames.length * CLIP_SIZE * CLIP_SIZE * 3);
  for (const [t, rgb] of frames.entries()) data.set(rgb, t * rgb.length);
  return { data, dims: [frames.length, CLIP_SIZE, CLIP_SIZE, 3] as const };
}

/** Draws a background. */
export function createBackground(rng: WorldRng): Background {
  const level = 60 + rng.integer(130);
  const tint = (): Rgb => [level + rng.integer(41) - 20, level + rng.integer(41) - 20, level + rng.integer(41) - 20];
  const from = tint();
  const shift = rng.integer(61) - 30;
  const to = tint().map((v) => Math.min(235, Math.max(20, v + shift))) as unknown as Rgb;
  return { from, to, angle: rng.uniform() * 2 * Math.PI, texture: 2 + rng.integer(7) };
}

/** Centre of an object in a frame, in pixels. */
export function objectCentre(object: SceneObject, frame: number): Point {
  const moved = object.speed * frame;
  const [x, y] = object.start;
  switch (object.direction) {
    case "left":
      return [x - moved, y];
    case "right":
      return [x + moved, y];
    case "up":
      return [x, y - moved];
    case "down":
      return [x, y + moved];
  }
}

/** The picture of an object. */
export function objectSprite(object: SceneObject): Sprite {
  return cachedSprite(`${object.shape}/${object.colour}/${object.size}`, () => drawObject(object));
}

function drawObject(object: SceneObject): Sprite {
  const size = object.size + 2;
  const half = size / 2;
  const centre: Point = [half, half];
  const radius = object.size / 2;
  const colour = OBJECT_RGB[object.colour];
  if (object.shape === "circle")
    return drawSprite(size, [{ distance: (x, y) => Math.hypot(x - half, y - half) - radius, colour }]);
  const polygon = {
    square: () => regularPolygon(4, radius * 1.25, Math.PI / 4, centre),
    triangle: () => regularPolygon(3, radius * 1.15, -Math.PI / 2, [half, half * 1.15]),
    star: () => regularPolygon(10, radius * 1.1, -Math.PI / 2, centre, 0.42),
  }[object.shape]();
  return drawSprite(size, [{ distance: (x, y) => polygonDistance(polygon, x, y), colour }]);
}

const SPRITES = new Map<string, Sprite>();

/** Sprites come in a few hundred sizes and looks: each is drawn once. */
export function cachedSprite(key: string, draw: () => Sprite): Sprite {
  const sprite = SPRITES.get(key) ?? draw();
  SPRITES.set(key, sprite);
  return sprite;
}

/** The background of a scene, [112, 112, 3]; its grain is a function of the seed. */
export function renderBackground(scene: { readonly background: Background; readonly seed: string }): Uint8Array {
  const { from, to, angle, texture } = scene.background;
  const rng = createWorldRng("texture", scene.seed);
  const cells = 9;
  const lattice = Float32Array.from({ length: cells * cells }, () => (rng.uniform() * 2 - 1) * texture);
  const rgb = new Uint8Array(CLIP_SIZE * CLIP_SIZE * 3);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (let y = 0; y < CLIP_SIZE; y++) {
    for (let x = 0; x < CLIP_SIZE; x++) {
      const t = 0.5 + ((x / CLIP_SIZE - 0.5) * cos + (y / CLIP_SIZE - 0.5) * sin) * 0.7;
      const grain = latticeValue(lattice, cells, (x / CLIP_SIZE) * (cells - 1), (y / CLIP_SIZE) * (cells - 1));
      const at = (y * CLIP_SIZE + x) * 3;
      for (let k = 0; k < 3; k++) {
        const value = (from[k] as number) * (1 - t) + (to[k] as number) * t + grain;
        rgb[at + k] = Math.min(255, Math.max(0, Math.round(value)));
      }
    }
  }
  return rgb;
}

function latticeValue(lattice: Float32Array, cells: number, x: number, y: number): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const at = top * cells + left;
  const u = x - left;
  const above = (lattice[at] as number) * (1 - u) + (lattice[at + 1] as number) * u;
  const below = (lattice[at + cells] as number) * (1 - u) + (lattice[at + cells + 1] as number) * u;
  return above + (below - above) * (y - top);
}
