import type { EvalItem } from "@videosafety/safety-data";
import { armFrames, type VideoChoice } from "../arms/arm-frames.js";
import { type AttackedInput, attackedFrames, attackedInput, attackParameters } from "../arms/attacked-input.js";
import type { EvalVideo, FrameSource } from "../arms/frame-source.js";
import type { Attack } from "../attacks/attack.js";
import { RequestError, VsbEvalError } from "../errors.js";
import { type PlannedUnit, questionOf } from "./records/plan-units.js";
import { type RunConfiguration, responseKey } from "./records/record-keys.js";
import type { GenerationOptions, ResponderRequest } from "./responder.js";

/** Items by id. @throws {VsbEvalError} `invalid_input` for an id that stands twice. */
export function byId(items: readonly EvalItem[]): Map<string, EvalItem> {
  const map = new Map<string, EvalItem>();
  for (const item of items) {
    if (map.has(item.id)) throw new VsbEvalError("invalid_input", `expected unique item ids, found "${item.id}" twice`);
    map.set(item.id, item);
  }
  return map;
}

/** Where a unit's media come from. */
interface Media {
  readonly choose: VideoChoice;
  readonly source: FrameSource | null;
  readonly attacks: readonly Attack[];
  readonly signal: AbortSignal;
}

/** The unit's item under the arm's attacks; null for an arm without any. */
function attackedUnit({ item, arm }: PlannedUnit, media: Media): Promise<AttackedInput> | null {
  return arm.attacks === undefined ? null : attackedInput(arm, item, media);
}

/** A unit's content key; the media are hashed where the item does not say their hash. */
export async function unitKey(configuration: RunConfiguration, unit: PlannedUnit, from: Media): Promise<string> {
  const { item, arm, epoch } = unit;
  const { choose, source, signal } = from;
  const hashOf = async (video: EvalVideo): Promise<string> =>
    video.sha256 ?? (await (source as FrameSource).sha256(video, { signal }));
  const video = arm.kind === "text" ? null : choose(item, arm);
  const media = video === null ? null : await hashOf(video);
  const attacked = await attackedUnit(unit, from);
  if (attacked === null) return responseKey(configuration, { ...item, query: questionOf(unit) }, arm, epoch, media);
  const { input, carrier } = attacked;
  const both = carrier === null || media === null ? media : `${media}+${await hashOf(carrier)}`;
  return responseKey(configuration, { ...item, query: input.query }, arm, epoch, both, attackParameters(attacked));
}

/**
 * What a responder is asked for a unit: its frames, and generation with the epoch in the seed.
 *
 * @throws {RequestError} `media_unreadable` when the frames cannot be had
 */
export async function unitRequest(
  unit: PlannedUnit,
  from: Media & { readonly generation: GenerationOptions },
): Promise<ResponderRequest> {
  const { item, arm, epoch } = unit;
  const { choose, source, signal } = from;
  let frames: ResponderRequest["frames"] = null;
  const attacked = await attackedUnit(unit, from);
  if (arm.kind !== "text") {
    try {
      frames =
        attacked === null
          ? await armFrames(arm, item, source as FrameSource, choose, { signal })
          : await attackedFrames(arm, item, attacked, from);
    } catch (error) {
      if (signal.aborted || error instanceof RequestError) throw error;
      throw new RequestError("media_unreadable", (error as Error).message, { cause: error });
    }
  }
  const generation = { ...from.generation, seed: from.generation.seed + epoch };
  const asked = { item, arm: arm.name, frames, generation };
  if (attacked === null) return { ...asked, query: questionOf(unit) };
  const { query, history } = attacked.input;
  return { ...asked, query, ...(history.length === 0 ? {} : { history }) };
}
