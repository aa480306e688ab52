import { atcHeadOf, hiddenStateGuardModel, type SegmentGuardModel } from "@videosafety/alarm-tokens";
import { type AlarmSet, alarmSetHead, STAGE_2_AT_SFT, trainAtSft } from "@videosafety/alarm-tokens/train";
import { type OpenedVideoLlm, openHiddenStates, type PreparedSample, type VideoLlm } from "@videosafety/video-llm";
import { prepareAll } from "./micro-model.js";
import { type ClipPiece, microSamples, splicedSamples } from "./micro-world.js";
import { type Amounts, common, dataOf, type OnEvent } from "./train-micro.js";

/** A visual alarm after every frame. */
export const EVERY_FRAME = { segments: "frame" } as const;

/** A model with trained segment alarms. */
export interface SegmentAlarms {
  /** Both alarms and those after the frames, from one forward pass; samples are prepared with `EVERY_FRAME`. */
  readonly guardModel: SegmentGuardModel<PreparedSample>;
  /** Frees the compiled graphs. */
  dispose(): Promise<void>;
}

/**
 * Stage 2 on a model after stage 1, with an alarm after every frame and a head on all of them beside the two. Labels are
 * those of whole clips; half of the samples are spliced from pieces of several clips, without which late alarms only remember.
 */
export async function trainSegmentAlarms(
  model: VideoLlm,
  seed: number,
  { segments: { samples, epochs } }: Pick<Amounts, "segments">,
  onEvent: OnEvent,
  options: { readonly spliced?: boolean } = {},
): Promise<SegmentAlarms> {
  const spliced = options.spliced === false ? [] : splicedSamples(samples / 2, seed + 9);
  const whole = microSamples(samples - spliced.length, seed + 1, { split: "train" });
  const prepared = await prepareAll(model, [...whole, ...spliced.map(({ sample }) => sample)], EVERY_FRAME);
  const pieces = new Map(spliced.map((of, i) => [prepared[whole.length + i], of.pieces]));
  const opened = openHiddenStates(model);
  const head = alarmSetHead<PreparedSample>({
    name: "visual_segments",
    hiddenSize: model.hiddenSize,
    lambda: 0.3,
    seed: seed + 4,
    setsOf: (sample) => setsOf(sample, pieces.get(sample)),
  });
  const config = {
    ...STAGE_2_AT_SFT,
    ...common,
    seed,
    numTrainEpochs: epochs,
    learningRates: { llm: 1e-3, alarmTokens: 5e-3, classifiers: 5e-3 },
  };
  for await (const event of trainAtSft({ model: opened, data: dataOf(prepared), config, auxiliary: [head] }))
    onEvent("segment alarms", event);
  return { guardModel: guardModelOf(opened, model, head.parameters), dispose: () => opened.dispose() };
}

/** The alarms of a whole clip, or of each piece of a spliced one, with the label of the clip it comes from. */
function setsOf({ prompt, labels }: PreparedSample, pieces: readonly ClipPiece[] | undefined): AlarmSet[] {
  const segments = prompt.alarms?.segments ?? [];
  if (pieces === undefined) return [{ positions: segments.map(({ position }) => position), label: labels.visual }];
  return pieces.map(({ startSeconds, endSeconds, label }) => ({
    positions: segments
      .filter((segment) => segment.startSeconds >= startSeconds && segment.endSeconds <= endSeconds)
      .map(({ position }) => position),
    label,
  }));
}

function guardModelOf(
  opened: OpenedVideoLlm,
  model: VideoLlm,
  parameters: ReadonlyMap<string, { readonly data: Float32Array }>,
): SegmentGuardModel<PreparedSample> {
  const heads = {
    visual: atcHeadOf(model.tensors, "visual_tokens_cls"),
    textual: atcHeadOf(model.tensors, "textual_tokens_cls"),
    segments: atcHeadOf(parameters, "visual_segments"),
  };
  return hiddenStateGuardModel(opened, {
    heads,
    placesOf: ({ prompt: { alarmPositions, alarms } }) => ({
      visual: alarmPositions?.visual ?? 0,
      textual: alarmPositions?.textual ?? 0,
      segments: alarms?.segments ?? [],
    }),
  });
}
