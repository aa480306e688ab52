import { seedOf } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import type { SampledVideo } from "@videosafety/video-sampler";
import { type Attack, type AttackInput, applyAttack } from "../attacks/attack.js";
import { findAttack } from "../attacks/attack-registry.js";
import { type Footage, plainFootage } from "../attacks/footage.js";
import { renderFootage } from "../attacks/render-footage.js";
import type { Json } from "../content-key.js";
import { VsbEvalError } from "../errors.js";
import type { Arm } from "./arm.js";
import type { VideoChoice } from "./arm-frames.js";
import { SWAPPED } from "./attacks-apply.js";
import type { EvalVideo, FrameSource, TimedFrames } from "./frame-source.js";
import { drawnPlan, knownPlan, plannedMoments } from "./planned-moments.js";

/** What an attacked item becomes under an arm, before a frame is decoded. */
export interface AttackedInput {
  /** Query, turns and footage after every attack of the arm. */
  readonly input: AttackInput;
  /** The harmless clip; null where none is used. */
  readonly carrier: EvalVideo | null;
}

/** Where attacked items come from. */
export interface AttackContext {
  /** Attacks beside the built-in ones. */
  readonly attacks: readonly Attack[];
  /** Frames; null when every arm is `text`. */
  readonly source: FrameSource | null;
  /** Videos of items, and of other items as carriers. */
  readonly choose: VideoChoice;
  /** Stops the work. */
  readonly signal?: AbortSignal;
}

/** @throws {VsbEvalError} `invalid_arm` for an attack that is unknown, or for an attack on video where there is none */
export function checkArmAttacks(arm: Arm, own: readonly Attack[], source: FrameSource | null): void {
  for (const { name } of arm.attacks ?? []) {
    const { target } = findAttack(name, own);
    if (target === "text") continue;
    if (arm.kind === "text")
      throw new VsbEvalError("invalid_arm", `expected video+${name} for an attack on video, found "${arm.name}"`);
    if (source?.timed === undefined)
      throw new VsbEvalError(
        "invalid_arm",
        `expected a frame source that gives single moments (\`timed\`) for ${arm.name}, found none: use videoFrames`,
      );
  }
}

async function footageOf(
  item: EvalItem,
  timed: TimedFrames,
  carrier: EvalVideo | null,
  frameCount: number | null,
  signal?: AbortSignal,
): Promise<Footage | null> {
  if (item.video === null) return null;
  const options = signal === undefined ? {} : { signal };
  const facts = await timed.facts(item.video, options);
  const { durationSeconds: itemSeconds, frameRate, content = [0, itemSeconds] as const } = facts;
  const moments = (plan: TimedFrames["plan"], count: number | null) => (durationSeconds: number) =>
    plannedMoments(plan, { durationSeconds, frameRate }, count).map(({ seconds }) => seconds);
  return plainFootage({
    itemSeconds,
    frameRate,
    content,
    carrierSeconds: carrier === null ? null : (await timed.facts(carrier, options)).durationSeconds,
    assumed: moments(timed.assumedPlan ?? timed.plan, null),
    known: moments(knownPlan(drawnPlan(timed.plan, item.video)), frameCount),
  });
}

/**
 * An item under the attacks of an arm: the same on every machine, since each attack's seed is a hash of the item's id and the attack's
 * name.
 *
 * @throws {VsbEvalError} `invalid_input` when an attack cannot be made of the item (see `attacksApply`)
 */
export async function attackedInput(arm: Arm, item: EvalItem, context: AttackContext): Promise<AttackedInput> {
  const { attacks: own, source, choose, signal } = context;
  const list = (arm.attacks ?? []).map(({ name, intensity }) => ({ attack: findAttack(name, own), intensity }));
  const shown = arm.kind === "video" && source?.timed !== undefined ? source.timed : null;
  const wanted = list.some(({ attack }) => attack.needsCarrier);
  const carrier = wanted && item.video !== null ? (shown?.carrierOf?.(item.video) ?? choose(item, SWAPPED)) : null;
  const footage = shown === null ? null : await footageOf(item, shown, carrier, arm.frameCount, signal);
  let input: AttackInput = { query: item.query, language: item.language, history: [], footage };
  for (const { attack, intensity } of list) {
    input = applyAttack(attack, input, { intensity, seed: seedOf(`${item.id}\u0000${attack.name}`), item: item.id });
  }
  return { input, carrier };
}

/** What the attacks did, for the content key: the result itself, so that a changed transform or parameter is another answer. */
export function attackParameters({ input }: AttackedInput): Json {
  const { query: _, footage, history, language: __ } = input;
  if (footage === null) return { history: history as unknown as Json };
  const { shots, edits, durationSeconds, frameRate, variant } = footage;
  return { history, shots, edits, durationSeconds, frameRate, ...(variant && { variant }) } as unknown as Json;
}

/** The frames that the source's plan takes of an attacked video. */
export async function attackedFrames(
  arm: Arm,
  item: EvalItem,
  { input, carrier }: AttackedInput,
  { source, signal }: AttackContext,
): Promise<SampledVideo> {
  const timed = source?.timed;
  const { video } = item;
  const { footage } = input;
  if (timed === undefined || video === null || footage === null)
    throw new VsbEvalError(
      "invalid_input",
      `arm ${arm.name} needs a video and a source with moments, item ${item.id} has none`,
    );
  const moments = plannedMoments(drawnPlan(timed.plan, video), footage, arm.frameCount);
  const options = signal === undefined ? {} : { signal };
  let first: SampledVideo | null = null;
  const frames = await renderFootage(
    footage,
    moments.map(({ seconds }) => seconds),
    async (from, seconds) => {
      const sampled =
        from === "item"
          ? await timed.at(video, seconds, { ...options, ...(footage.variant && { variant: footage.variant }) })
          : await timed.at(carrier as EvalVideo, seconds, options);
      if (from === "item") first = sampled;
      return sampled.frames;
    },
    timed.edited && {
      kept: timed.edited,
      of: [video.path, carrier?.path ?? "", footage.variant?.name ?? "", footage.variant?.share ?? ""].join("\u0000"),
    },
  );
  const { info, stats, warnings } = first as unknown as SampledVideo;
  return {
    frames,
    timestampsSeconds: Float64Array.from(moments, ({ labelSeconds }) => labelSeconds),
    frameInfo: moments.map(({ seconds, labelSeconds }) => ({
      index: Math.round(seconds * footage.frameRate),
      ptsTicks: Math.round(seconds * 90_000),
      timeSeconds: seconds,
      requestedTimeSeconds: null,
      labelSeconds,
      keyframe: false,
      decodeError: false,
    })),
    sampledFrameRate: moments.length / footage.durationSeconds,
    warnings,
    info,
    stats,
  };
}
