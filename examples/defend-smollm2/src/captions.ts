import type { FramesWithTimes } from "@videosafety/video-llm";
import {
  CLIP_FRAMES,
  CLIP_SIZE,
  createWorldRng,
  drawComposedScene,
  isShown,
  type PlacedSign,
  renderComposedScene,
  signsInWords,
  type WorldRng,
} from "sign-world";

/** What is shown, and what it shows in words. */
export interface Captioned {
  /** One frame. */
  readonly shown: FramesWithTimes;
  /** The signs in words, from left to right. */
  readonly caption: string;
}

/** A frame of a scene that training may show. */
export function captionedFrame(seed: number, key: string): Captioned {
  const rng = createWorldRng(seed, "frame", key);
  const scene = drawComposedScene(`captions/${key}`, "train", rng.integer(2) === 0, rng);
  const frame = frameWithSign(rng, scene.signs);
  const signs = scene.signs.filter((sign) => isShown(sign, frame)).sort((a, b) => a.corner[0] - b.corner[0]);
  const [data] = renderComposedScene(scene, [frame]) as [Uint8Array];
  const shown: FramesWithTimes = {
    frames: { data, dims: [1, CLIP_SIZE, CLIP_SIZE, 3] },
    timestampsSeconds: Float64Array.of(0),
  };
  return { shown, caption: `${signsInWords(signs)}.` };
}

/** A frame on which a sign can be seen, where there is one. */
function frameWithSign(rng: WorldRng, signs: readonly PlacedSign[]): number {
  const [sign] = rng.shuffle(signs);
  if (sign === undefined) return rng.integer(CLIP_FRAMES);
  return sign.startFrame + rng.integer(sign.endFrame - sign.startFrame);
}
