import type { SampledVideo, SamplePlan } from "@videosafety/video-sampler";
import type { FrameSource } from "@videosafety/vsb-eval";
import { drawnPlan, plannedMoments } from "@videosafety/vsb-eval/attacks";
import { CLIP_FPS, CLIP_FRAMES, CLIP_SIZE, stackFrames } from "../../scenes/canvas.js";
import { type ComposedScene, type PlacedSign, renderComposedScene } from "../../scenes/composed-scene.js";

/** What the world can change in a clip itself. */
export const VARIANTS = {
  /** The sign smaller, about its centre: down to a fifth of its side. */
  smallSign: "small-sign",
  /** The sign for a shorter time, in the middle of its own. */
  briefSign: "brief-sign",
} as const;

const DURATION = CLIP_FRAMES / CLIP_FPS;

/** A clip without its signs: what the harm is hidden in. */
const withoutSigns = (path: string): string => `${path}#without-signs`;

function changed(sign: PlacedSign, { name, share }: { readonly name: string; readonly share: number }): PlacedSign {
  if (name === VARIANTS.smallSign) {
    const size = Math.max(4, Math.round(sign.size * (1 - 0.8 * share)));
    const move = Math.round((sign.size - size) / 2);
    return { ...sign, size, corner: [sign.corner[0] + move, sign.corner[1] + move] };
  }
  if (name === VARIANTS.briefSign) {
    const shown = Math.max(1, Math.round((sign.endFrame - sign.startFrame) * (1 - share)));
    const startFrame = Math.floor((sign.startFrame + sign.endFrame - shown) / 2);
    return { ...sign, startFrame, endFrame: startFrame + shown };
  }
  throw new RangeError(`expected a variant of ${Object.values(VARIANTS).join(", ")}, found "${name}"`);
}

/** Frames that were drawn, and pictures that attacks changed: sources of the same scenes share one. */
export class DrawnFrames {
  /** By clip, variant and index. */
  readonly drawn = new Map<string, Uint8Array>();
  /** As `TimedFrames.edited`. */
  readonly edited = new Map<string, Uint8Array>();

  /** Frames of a scene, each drawn once. */
  of(key: string, scene: ComposedScene, indices: readonly number[]): Uint8Array[] {
    const missing = [...new Set(indices)].filter((index) => !this.drawn.has(`${key} ${index}`));
    for (const [i, rgb] of renderComposedScene(scene, missing).entries()) this.drawn.set(`${key} ${missing[i]}`, rgb);
    return indices.map((index) => this.drawn.get(`${key} ${index}`) as Uint8Array);
  }

  /** Forgets all; what is asked for again is drawn again. */
  clear(): void {
    this.drawn.clear();
    this.edited.clear();
  }
}

/**
 * Scenes as a frame source: frames are drawn when a plan or an attack asks for them, at 8 a second, without a codec between.
 *
 * @param scenes by the path of their clip
 * @param assumedPlan what attackers believe the plan to be
 * @param shared frames of other sources of the same scenes
 */
export function sceneFrames(
  scenes: ReadonlyMap<string, ComposedScene>,
  plan: SamplePlan,
  assumedPlan: SamplePlan,
  shared = new DrawnFrames(),
): FrameSource {
  const sceneOf = (path: string): ComposedScene => {
    const [own = "", without] = path.split("#");
    const scene = scenes.get(own);
    if (scene === undefined) throw new RangeError(`expected a clip of the world, found ${path}`);
    return without === undefined ? scene : { ...scene, signs: [] };
  };
  const facts = (path: string) => {
    const [sign] = sceneOf(path).signs;
    const content =
      sign === undefined ? {} : { content: [sign.startFrame / CLIP_FPS, sign.endFrame / CLIP_FPS] as const };
    return { durationSeconds: DURATION, frameRate: CLIP_FPS, ...content };
  };
  const at = (key: string, scene: ComposedScene, seconds: readonly number[]): SampledVideo => {
    const frames = seconds.map((second) => Math.min(CLIP_FRAMES - 1, Math.floor(second * CLIP_FPS + 1e-6)));
    return {
      frames: stackFrames(shared.of(key, scene, frames)),
      timestampsSeconds: Float64Array.from(seconds),
      frameInfo: frames.map((index) => ({
        index,
        ptsTicks: index,
        timeSeconds: index / CLIP_FPS,
        requestedTimeSeconds: null,
        labelSeconds: index / CLIP_FPS,
        keyframe: index === 0,
        decodeError: false,
      })),
      sampledFrameRate: frames.length / DURATION,
      warnings: [],
      info: DRAWN,
      stats: { backend: "drawn", framesDecoded: 0, seeks: 0, framesInVideo: CLIP_FRAMES },
    };
  };
  return {
    parameters: { plan: plan as never, source: "drawn" },
    sha256: async ({ path }) => `drawn:${path}`,
    async sample({ path }, { frameCount }) {
      const moments = plannedMoments(drawnPlan(plan, { path }), facts(path), frameCount);
      const sampled = at(
        path,
        sceneOf(path),
        moments.map(({ seconds }) => seconds),
      );
      return { ...sampled, timestampsSeconds: Float64Array.from(moments, ({ labelSeconds }) => labelSeconds) };
    },
    timed: {
      plan,
      assumedPlan,
      edited: shared.edited,
      facts: async ({ path }) => facts(path),
      async at({ path }, seconds, { variant }) {
        const scene = sceneOf(path);
        if (variant === undefined) return at(path, scene, seconds);
        const signs = scene.signs.map((sign) => changed(sign, variant));
        return at(`${path} ${variant.name} ${variant.share}`, { ...scene, signs }, seconds);
      },
      carrierOf: ({ path }) => ({ path: withoutSigns(path) }),
    },
  };
}

/** What a file would say of itself. */
const DRAWN: SampledVideo["info"] = {
  streamIndex: 0,
  container: "drawn",
  codec: "none",
  width: CLIP_SIZE,
  height: CLIP_SIZE,
  codedWidth: CLIP_SIZE,
  codedHeight: CLIP_SIZE,
  rotationDegrees: 0,
  sampleAspectRatio: { num: 1, den: 1 },
  timeBase: { num: 1, den: CLIP_FPS },
  startTimeSeconds: 0,
  streamStartTimeSeconds: 0,
  declaredDurationSeconds: DURATION,
  averageFrameRate: CLIP_FPS,
  pixelFormat: "rgb24",
  colorMatrix: "unknown",
  colorPrimaries: "unknown",
  colorRange: "pc",
  colorTransfer: "unknown",
  highDynamicRange: false,
};
