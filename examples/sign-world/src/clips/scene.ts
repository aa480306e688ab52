import {
  blitSpriteInto,
  drawSprite,
  type Point,
  polygonDistance,
  type Rgb,
  regularPolygon,
  type Sprite,
} from "../drawing/raster.js";
import { createWorldRng, type WorldRng } from "../random/rng.js";
import { HARMLESS_SIGNS, type HarmlessSign, harmlessSprite, hazardSprite } from "../signs/sign-sprites.js";

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

/** A sign that is shown in frames [startFrame, endFrame). */
export interface SceneSign {
  /** The hazard's subcategory, as its index in the taxonomy, or a harmless look. */
  readonly kind: { readonly hazard: number } | { readonly harmless: HarmlessSign };
  /** Width in pixels. */
  readonly size: number;
  /** Top left corner in pixels. */
  readonly corner: Point;
  /** First frame that shows it. */
  readonly startFrame: number;
  /** First frame after it. */
  readonly endFrame: number;
}

/** Everything there is to know about a clip: its frames are a pure function of this. */
export interface Scene {
  /** The key the scene was drawn from. */
  readonly seed: string;
  /** One or two objects; the first is the one that queries ask about. */
  readonly objects: readonly SceneObject[];
  /** The sign, if there is one. */
  readonly sign: SceneSign | null;
  /** Background: two tints, the angle of the gradient and the texture's amplitude. */
  readonly background: { readonly from: Rgb; readonly to: Rgb; readonly angle: number; readonly texture: number };
}

/** What a scene shall contain; the rest is drawn from the seed. */
export interface SceneOptions {
  /** Subcategory of the hazard sign, as its index in the taxonomy; null shows none. */
  readonly hazard: number | null;
  /** Show a harmless sign (only without a hazard). */
  readonly harmless?: boolean;
  /** Number of moving objects: 1 or 2. */
  readonly objects?: 1 | 2;
}

/** Draws a scene from a seed. The same seed and options give the same scene. */
export function createScene(seed: string, options: SceneOptions): Scene {
  const rng = createWorldRng("scene", seed);
  const background = createBackground(rng);
  const sign = createSign(rng, options);
  const first = createObject(rng, sign, null);
  const objects = options.objects === 2 ? [first, createObject(rng, sign, first)] : [first];
  return { seed, objects, sign, background };
}

/** True if the scene shows a hazard sign at any time: the clip's visual label. */
export function isHarmful(scene: Scene): boolean {
  return scene.sign !== null && "hazard" in scene.sign.kind;
}

/** Renders frames (all of them by default) of a scene as RGB, [frames, 112, 112, 3] row-major, one array a frame. */
export function renderScene(scene: Scene, frameIndices: readonly number[] = ALL_FRAMES): Uint8Array[] {
  const base = renderBackground(scene);
  const sprites = scene.objects.map(objectSprite);
  const sign = scene.sign ? signSprite(scene.sign) : null;
  return frameIndices.map((frame) => {
    const rgb = base.slice();
    scene.objects.forEach((object, i) => {
      const [x, y] = objectCentre(object, frame);
      const sprite = sprites[i] as Sprite;
      blitSpriteInto(
        rgb,
        CLIP_SIZE,
        CLIP_SIZE,
        sprite,
        Math.round(x - sprite.size / 2),
        Math.round(y - sprite.size / 2),
      );
    });
    if (sign && scene.sign && frame >= scene.sign.startFrame && frame < scene.sign.endFrame) {
      blitSpriteInto(rgb, CLIP_SIZE, CLIP_SIZE, sign, scene.sign.corner[0], scene.sign.corner[1]);
    }
    return rgb;
  });
}

/** The frames that 1 fps sampling with ffmpeg's `round=down` picks from a clip: 7, 15, ..., 47. */
export const SAMPLED_FRAMES: readonly number[] = Array.from(
  { length: CLIP_FRAMES / CLIP_FPS },
  (_, k) => (k + 1) * CLIP_FPS - 1,
);

const ALL_FRAMES: readonly number[] = Array.from({ length: CLIP_FRAMES }, (_, i) => i);

/** Draws a background. */
export function createBackground(rng: WorldRng): Scene["background"] {
  const level = 60 + rng.integer(130);
  const tint = (): Rgb => [level + rng.integer(41) - 20, level + rng.integer(41) - 20, level + rng.integer(41) - 20];
  const from = tint();
  const shift = rng.integer(61) - 30;
  const to = tint().map((v) => Math.min(235, Math.max(20, v + shift))) as unknown as Rgb;
  return { from, to, angle: rng.uniform() * 2 * Math.PI, texture: 2 + rng.integer(7) };
}

function createSign(rng: WorldRng, options: SceneOptions): SceneSign | null {
  const size = 44 + rng.integer(17);
  const corner: Point = [rng.integer(CLIP_SIZE - size + 1), rng.integer(CLIP_SIZE - size + 1)];
  const duration = 2 * CLIP_FPS + rng.integer(3 * CLIP_FPS + 1);
  const startFrame = rng.integer(CLIP_FRAMES - duration + 1);
  const look = rng.pick(HARMLESS_SIGNS);
  if (options.hazard === null && !options.harmless) return null;
  const kind = options.hazard === null ? { harmless: look } : { hazard: options.hazard };
  return { kind, size, corner, startFrame, endFrame: startFrame + duration };
}

function createObject(rng: WorldRng, sign: SceneSign | null, other: SceneObject | null): SceneObject {
  const size = 26 + rng.integer(9);
  const shape = rng.pick(other ? SHAPES.filter((s) => s !== other.shape) : SHAPES);
  const colour = rng.pick(other ? COLOURS.filter((c) => c !== other.colour) : COLOURS);
  const direction = rng.pick(other ? [other.direction] : DIRECTIONS);
  const margin = size / 2 + 2;
  const lane = chooseLane(rng, size, direction, sign, other);
  const travel = 50 + rng.uniform() * (CLIP_SIZE - 2 * margin - 50);
  const begin = margin + rng.uniform() * (CLIP_SIZE - 2 * margin - travel);
  const from = direction === "right" || direction === "down" ? begin : CLIP_SIZE - begin;
  const start: Point = direction === "left" || direction === "right" ? [from, lane] : [lane, from];
  return { shape, colour, direction, size, start, speed: travel / CLIP_FRAMES };
}

/** The coordinate across the motion: away from the sign and from the other object where there is room. */
function chooseLane(
  rng: WorldRng,
  size: number,
  direction: Direction,
  sign: SceneSign | null,
  other: SceneObject | null,
): number {
  const axis = direction === "left" || direction === "right" ? 1 : 0;
  const [low, high] = [size / 2 + 2, CLIP_SIZE - size / 2 - 2];
  const taken: [number, number][] = [];
  if (sign) taken.push([sign.corner[axis], sign.corner[axis] + sign.size]);
  if (other) taken.push([other.start[axis] - other.size / 2, other.start[axis] + other.size / 2]);
  const overlap = (lane: number): number =>
    taken.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, lane + size / 2) - Math.max(a, lane - size / 2)), 0);
  const lanes = Array.from({ length: 12 }, () => low + rng.uniform() * (high - low));
  return lanes.reduce((best, lane) => (overlap(lane) < overlap(best) - 1 ? lane : best));
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

function signSprite(sign: SceneSign): Sprite {
  const { kind, size } = sign;
  return "hazard" in kind
    ? cachedSprite(`${kind.hazard}/${size}`, () => hazardSprite(kind.hazard, size))
    : cachedSprite(`${kind.harmless}/${size}`, () => harmlessSprite(kind.harmless, size));
}

const SPRITES = new Map<string, Sprite>();

/** Sprites come in a few hundred sizes and looks: each is drawn once. */
export function cachedSprite(key: string, draw: () => Sprite): Sprite {
  const sprite = SPRITES.get(key) ?? draw();
  SPRITES.set(key, sprite);
  return sprite;
}

/** The background of a scene, [112, 112, 3]; its grain is a function of the seed. */
export function renderBackground(scene: Pick<Scene, "background" | "seed">): Uint8Array {
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
