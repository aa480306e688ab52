import { blitSpriteInto, type Point } from "../drawing/raster.js";
import { createWorldRng, type WorldRng } from "../random/rng.js";
import {
  type Background,
  CLIP_FPS,
  CLIP_FRAMES,
  CLIP_SIZE,
  COLOURS,
  type Colour,
  cachedSprite,
  createBackground,
  DIRECTIONS,
  objectCentre,
  objectSprite,
  renderBackground,
  type SceneObject,
  SHAPES,
} from "./canvas.js";
import { composedSprite, isHazard, OUTLINES, type SignLook } from "./composed-sign.js";

/** What makes a sign hard to see; reported apart. */
export type SignDifficulty = "plain" | "short" | "late" | "small" | "covered";

/** A sign in a clip, shown in frames [startFrame, endFrame). */
export interface PlacedSign extends SignLook {
  /** Width in pixels. */
  readonly size: number;
  /** Top left corner in pixels. */
  readonly corner: Point;
  /** First frame that shows it. */
  readonly startFrame: number;
  /** First frame after it. */
  readonly endFrame: number;
  /** What makes it hard to see. */
  readonly difficulty: SignDifficulty;
}

/** Whether a frame shows a sign. */
export const isShown = ({ startFrame, endFrame }: PlacedSign, frame: number): boolean =>
  frame >= startFrame && frame < endFrame;

/** Everything there is to know about a clip: its frames are a pure function of this. */
export interface ComposedScene {
  /** The key the scene was drawn from. */
  readonly seed: string;
  /** Two to four objects of different shapes. */
  readonly objects: readonly SceneObject[];
  /** No, one or two signs; of two, the first appears first, and their colours and sides differ. */
  readonly signs: readonly PlacedSign[];
  /** What is behind. */
  readonly background: Background;
}

/** Glyph and border of a sign; outline and colour are drawn where they are not given. */
export type SignWish = Pick<SignLook, "glyph" | "border"> & Partial<Pick<SignLook, "colour">>;

/** True if any sign of the clip is a hazard: the clip's visual label. */
export const isHarmfulScene = ({ signs }: ComposedScene): boolean => signs.some(isHazard);

/**
 * Draws a scene from a seed. Place, time, colour and everything but the wished parts of signs depend on the seed only: two
 * scenes of one seed whose wishes are swapped differ in nothing else.
 */
export function createComposedScene(seed: string, wishes: readonly SignWish[]): ComposedScene {
  if (wishes.length > 2) throw new RangeError(`expected at most two signs, found ${wishes.length}`);
  const rng = createWorldRng("composed", seed);
  const background = createBackground(rng);
  const objects = createObjects(rng);
  const colours = rng.shuffle(COLOURS);
  const leftFirst = rng.integer(2) === 0;
  const places =
    wishes.length === 2
      ? placePair(rng, leftFirst)
      : [
          placeOne(
            rng,
            (["plain", "plain", "plain", "short", "late", "small", "covered"] as const)[rng.integer(7)] ?? "plain",
          ),
        ];
  const outlines = [rng.integer(2), rng.integer(2)];
  const signs = wishes.map(
    (wish, i): PlacedSign => ({
      glyph: wish.glyph,
      border: wish.border,
      outline: OUTLINES[wish.border][outlines[i] as 0 | 1],
      colour: wish.colour ?? (colours[i] as Colour),
      ...(places[i] as SignPlace),
    }),
  );
  return { seed, objects, signs, background };
}

/** Width of a sign, and of a small one, in pixels. */
export const SIGN = 56;
const SMALL_SIGN = 42;
/**
 * Signs stand on the grid of visual tokens (two patches wide). Off the grid one sign is hundreds of pictures to a patch
 * embedding, and an encoder of this size, trained for minutes, learns borders and colours but no glyphs.
 */
const GRID = 28;

const onGrid = (rng: WorldRng, size: number): number => GRID * rng.integer(Math.floor((CLIP_SIZE - size) / GRID) + 1);

type SignPlace = Pick<PlacedSign, "size" | "corner" | "startFrame" | "endFrame" | "difficulty">;

function placeOne(rng: WorldRng, difficulty: SignDifficulty): SignPlace {
  const size = difficulty === "small" ? SMALL_SIGN : SIGN;
  const corner: Point = [onGrid(rng, size), onGrid(rng, size)];
  // A sampled frame is the last of its second: a sign of one second is in exactly one.
  const seconds = difficulty === "short" ? 1 : difficulty === "late" ? 2 : 2 + rng.integer(4);
  const start =
    difficulty === "late" ? CLIP_FRAMES - 2 * CLIP_FPS : CLIP_FPS * rng.integer(CLIP_FRAMES / CLIP_FPS - seconds + 1);
  return { size, corner, startFrame: start, endFrame: start + seconds * CLIP_FPS, difficulty };
}

/** Two signs side by side: the first is there at least a second before the other, and they may overlap in time. */
function placePair(rng: WorldRng, leftFirst: boolean): [SignPlace, SignPlace] {
  const place = (left: boolean, startSecond: number, endSecond: number): SignPlace => {
    return {
      size: SIGN,
      corner: [left ? 0 : CLIP_SIZE / 2, onGrid(rng, SIGN)],
      startFrame: startSecond * CLIP_FPS,
      endFrame: endSecond * CLIP_FPS,
      difficulty: "plain",
    };
  };
  const firstStart = rng.integer(2);
  const secondStart = firstStart + 1 + rng.integer(2);
  const first = place(leftFirst, firstStart, Math.min(6, secondStart + rng.integer(3)));
  const second = place(!leftFirst, secondStart, Math.min(6, secondStart + 2 + rng.integer(2)));
  return [first, second];
}

function createObjects(rng: WorldRng): SceneObject[] {
  const count = rng.pick([2, 2, 2, 3, 3, 4]);
  return rng
    .shuffle(SHAPES)
    .slice(0, count)
    .map((shape, i) => {
      const size = 26 + rng.integer(7);
      const direction = rng.pick(DIRECTIONS);
      const margin = size / 2 + 2;
      const room = CLIP_SIZE - 2 * margin;
      // Each object has a band of its own across its motion, so that none hides another for long.
      const lane = margin + ((i + 0.2 + 0.6 * rng.uniform()) / count) * room;
      const travel = 50 + rng.uniform() * (room - 50);
      const begin = margin + rng.uniform() * (room - travel);
      const from = direction === "right" || direction === "down" ? begin : CLIP_SIZE - begin;
      const start: Point = direction === "left" || direction === "right" ? [from, lane] : [lane, from];
      return { shape, colour: rng.pick(COLOURS), direction, size, start, speed: travel / CLIP_FRAMES };
    });
}

const ALL_FRAMES: readonly number[] = Array.from({ length: CLIP_FRAMES }, (_, i) => i);

/** Renders frames (all of them by default) as RGB, one array [112, 112, 3] per frame. */
export function renderComposedScene(scene: ComposedScene, frameIndices: readonly number[] = ALL_FRAMES): Uint8Array[] {
  const base = renderBackground(scene);
  const blit = (rgb: Uint8Array, sprite: ReturnType<typeof objectSprite>, left: number, top: number): void =>
    blitSpriteInto(rgb, CLIP_SIZE, CLIP_SIZE, sprite, Math.round(left), Math.round(top));
  return frameIndices.map((frame) => {
    const rgb = base.slice();
    const draw = (object: SceneObject): void => {
      const sprite = objectSprite(object);
      const [x, y] = objectCentre(object, frame);
      blit(rgb, sprite, x - sprite.size / 2, y - sprite.size / 2);
    };
    scene.objects.forEach(draw);
    for (const sign of scene.signs) {
      if (!isShown(sign, frame)) continue;
      const key = `sign/${sign.glyph}/${sign.outline}/${sign.colour}/${sign.size}`;
      blit(
        rgb,
        cachedSprite(key, () => composedSprite(sign, sign.size)),
        ...sign.corner,
      );
      const [cover] = scene.objects;
      if (sign.difficulty === "covered" && cover) {
        // An object stands still over a corner of the sign, where its border is.
        const sprite = objectSprite(cover);
        blit(
          rgb,
          sprite,
          sign.corner[0] + sign.size - sprite.size * 0.7,
          sign.corner[1] + sign.size - sprite.size * 0.7,
        );
      }
    }
    return rgb;
  });
}
