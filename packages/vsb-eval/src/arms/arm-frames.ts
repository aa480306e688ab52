import { createRng, seedOf } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import type { SampledVideo } from "@videosafety/video-sampler";
import type { Attack } from "../attacks/attack.js";
import type { Json } from "../content-key.js";
import { VsbEvalError } from "../errors.js";
import type { Arm } from "./arm.js";
import { attacksApply, SWAPPED } from "./attacks-apply.js";
import { blankFrames, frameView, jitterFrames, repeatFrame, shuffleFrames } from "./frame-edits.js";
import type { EvalVideo, FrameSource } from "./frame-source.js";

/** Frames sampled to find the middle one for the `dup` arms: the same frame whatever N is. */
const MIDDLE_OF = 3;

/** Picks, for an item, the video that an arm shows; null when the arm does not apply to it. */
export type VideoChoice = (item: EvalItem, arm: Arm) => EvalVideo | null;

/**
 * The video behind each arm. `swapped_benign` takes a video labelled safe from another item with another video,
 * chosen by a hash of the item's id among the benign videos sorted by path: the same choice on every machine.
 */
export function chooseVideos(items: readonly EvalItem[]): VideoChoice {
  const benign = new Map<string, EvalVideo>();
  for (const { video, labels } of items) if (video !== null && labels.visual === 0) benign.set(video.path, video);
  const paths = [...benign.keys()].sort();
  return (item, arm) => {
    if (arm.kind !== "swapped_benign") return item.video;
    const others = paths.filter((path) => path !== item.video?.path);
    const path = others[seedOf(item.id) % Math.max(others.length, 1)];
    return path === undefined ? null : (benign.get(path) ?? null);
  };
}

/**
 * Whether an arm asks anything of an item: every arm but `text` needs a video, and its attacks must be possible.
 *
 * @param attacks attacks beside the built-in ones
 */
export function armApplies(arm: Arm, item: EvalItem, choose: VideoChoice, attacks: readonly Attack[] = []): boolean {
  if (arm.kind !== "text" && (item.video === null || choose(item, arm) === null)) return false;
  return arm.attacks === undefined || attacksApply(arm, item, () => choose(item, SWAPPED) !== null, attacks);
}

/** What an arm does to the pixels, for the content key; together with the media hash it fixes every byte shown. */
export function armParameters(arm: Arm, item: EvalItem): Json {
  const seeded = arm.kind === "shuffled" || arm.kind === "dup_jitter";
  return { kind: arm.kind, frameCount: arm.frameCount, seed: seeded ? seedOf(item.id) : null };
}

/**
 * The frames an arm shows for an item; null in the text arm.
 *
 * @throws {VsbEvalError} `invalid_input` when the arm does not apply (see {@link armApplies}).
 */
export async function armFrames(
  arm: Arm,
  item: EvalItem,
  source: FrameSource,
  choose: VideoChoice,
  options: { signal?: AbortSignal } = {},
): Promise<SampledVideo | null> {
  if (arm.kind === "text") return null;
  const video = choose(item, arm);
  if (video === null)
    throw new VsbEvalError("invalid_input", `arm ${arm.name} needs a video, item ${item.id} has none`);
  const sampled = await source.sample(video, { ...options, frameCount: arm.frameCount });
  const random = createRng(seedOf(item.id));
  switch (arm.kind) {
    case "video":
    case "swapped_benign":
      return sampled;
    case "shuffled":
      return shuffleFrames(sampled, random);
    case "blank":
      return blankFrames(sampled);
    case "dup":
    case "dup_jitter": {
      const few = await source.sample(video, { ...options, frameCount: MIDDLE_OF });
      const repeated = repeatFrame(sampled, frameView(few, few.frames.dims[0] >> 1));
      return arm.kind === "dup" ? repeated : jitterFrames(repeated, random);
    }
  }
}
