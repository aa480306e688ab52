/** A colour as red, green, blue in 0..255. */
export type Rgb = readonly [number, number, number];

/** A point in pixels (or in glyph units), x to the right and y down. */
export type Point = readonly [number, number];

/** A small picture with coverage, drawn once and blitted into many frames. */
export interface Sprite {
  /** Width and height in pixels (sprites are square). */
  readonly size: number;
  /** Red, green, blue, coverage (0..255) of each pixel, row-major. */
  readonly rgba: Uint8Array;
}

/** Signed distance in pixels to a closed polygon: negative inside. */
export function polygonDistance(polygon: readonly Point[], x: number, y: number): number {
  let squared = Number.POSITIVE_INFINITY;
  let inside = false;
  let from = polygon[polygon.length - 1] as Point;
  for (const to of polygon) {
    squared = Math.min(squared, segmentDistanceSquared(from, to, x, y));
    if (from[1] > y !== to[1] > y && x < ((to[0] - from[0]) * (y - from[1])) / (to[1] - from[1]) + from[0])
      inside = !inside;
    from = to;
  }
  return inside ? -Math.sqrt(squared) : Math.sqrt(squared);
}

/** A regular polygon around `centre`; the first corner is at `angle` radians (0 is to the right, y down). */
export function regularPolygon(corners: number, radius: number, angle: number, centre: Point, inner = 1): Point[] {
  const points: Point[] = [];
  for (let i = 0; i < corners; i++) {
    const a = angle + (2 * Math.PI * i) / corners;
    const r = i % 2 === 1 ? radius * inner : radius;
    points.push([centre[0] + r * Math.cos(a), centre[1] + r * Math.sin(a)]);
  }
  return points;
}

/** A layer of a sprite: everything where `distance` is negative gets the colour, with one pixel of anti-aliasing. */
export interface Layer {
  /** Signed distance in pixels at a pixel centre. */
  readonly distance: (x: number, y: number) => number;
  /** The layer's colour. */
  readonly colour: Rgb;
}

/** Draws layers, the first one at the bottom, into a transparent square. */
export function drawSprite(size: number, layers: readonly Layer[]): Sprite {
  const rgba = new Uint8Array(size * size * 4);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (const layer of layers) {
        const cover = Math.min(1, Math.max(0, 0.5 - layer.distance(column + 0.5, row + 0.5)));
        if (cover === 0) continue;
        const total = cover + alpha * (1 - cover);
        const mix = (old: number, now: number): number => (now * cover + old * alpha * (1 - cover)) / total;
        [red, green, blue] = [mix(red, layer.colour[0]), mix(green, layer.colour[1]), mix(blue, layer.colour[2])];
        alpha = total;
      }
      rgba.set(
        [Math.round(red), Math.round(green), Math.round(blue), Math.round(alpha * 255)],
        (row * size + column) * 4,
      );
    }
  }
  return { size, rgba };
}

/** Blits a sprite with its top left corner at (left, top) into an RGB image, clipped to it. In place. */
export function blitSpriteInto(
  rgb: Uint8Array,
  width: number,
  height: number,
  sprite: Sprite,
  left: number,
  top: number,
): void {
  for (let row = Math.max(0, -top); row < Math.min(sprite.size, height - top); row++) {
    for (let column = Math.max(0, -left); column < Math.min(sprite.size, width - left); column++) {
      const from = (row * sprite.size + column) * 4;
      const alpha = (sprite.rgba[from + 3] as number) / 255;
      if (alpha === 0) continue;
      const to = ((row + top) * width + column + left) * 3;
      for (let k = 0; k < 3; k++) {
        rgb[to + k] = Math.round((sprite.rgba[from + k] as number) * alpha + (rgb[to + k] as number) * (1 - alpha));
      }
    }
  }
}

function segmentDistanceSquared(from: Point, to: Point, x: number, y: number): number {
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - from[0]) * dx + (y - from[1]) * dy) / length));
  const ex = x - from[0] - t * dx;
  const ey = y - from[1] - t * dy;
  return ex * ex + ey * ey;
}
