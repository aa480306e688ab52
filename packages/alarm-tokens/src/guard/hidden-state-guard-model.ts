import { AlarmShapeError } from "../errors.js";
import { type AtcHead, atcLogits } from "../loss/atc-head.js";
import type { GuardStates, SegmentLogits } from "../model/guard-model.js";
import type { HiddenStateModel } from "../model/hidden-state-model.js";
import type { TimeSpan } from "../model/time-spans.js";
import type { AlarmStates } from "../model/trainable-model.js";
import { type HarmReadout, parseHarmReadout, readoutLogits } from "./harm-readout.js";

/** Where a guard's heads look in a sample's prompt. */
export interface GuardPlaces {
  /** Index of the visual alarm token. */
  readonly visual: number;
  /** Index of the textual alarm token. */
  readonly textual: number;
  /** What a readout reads, as it was fitted; default: the textual alarm alone. */
  readonly read?: readonly number[];
  /** The alarms after segments of the video, with the segments' times; default none. */
  readonly segments?: readonly (TimeSpan & { readonly position: number })[];
}

/** The heads of a guard (`atcHeadOf` reads them from a model's tensors). */
export interface GuardHeads {
  /** p(harm | video). */
  readonly visual: AtcHead;
  /** p(harm | query, video): the paper's head, or a readout over several tokens and layers. */
  readonly textual: AtcHead | HarmReadout;
  /** What `alarmSetHead` trained on the segment alarms. */
  readonly segments?: AtcHead;
}

/** What `hiddenStateGuardModel` gives: a guard's model, and for analysis the alarms' hidden states. */
export interface HiddenStateGuardModel<Sample, States = AlarmStates> {
  /** Everything from one forward pass. */
  alarmStates(samples: readonly Sample[], options?: { signal?: AbortSignal }): Promise<States>;
}

/** With a head for segments. */
export type SegmentGuardModel<Sample> = HiddenStateGuardModel<Sample, AlarmStates & Required<GuardStates>>;

type HiddenStateReader<Sample> = Pick<HiddenStateModel<Sample>, "layerCount" | "hiddenStates">;

/** A guard's model that also says when. */
export function hiddenStateGuardModel<Sample>(
  model: HiddenStateReader<Sample>,
  options: { readonly heads: Required<GuardHeads>; placesOf(sample: Sample): GuardPlaces },
): SegmentGuardModel<Sample>;
/** A guard's model of the two alarms. */
export function hiddenStateGuardModel<Sample>(
  model: HiddenStateReader<Sample>,
  options: { readonly heads: GuardHeads; placesOf(sample: Sample): GuardPlaces },
): HiddenStateGuardModel<Sample>;
/**
 * Beyond the paper: the model of a guard that reads whatever a prompt's hidden states offer, in one forward pass: the paper's two
 * heads, a readout in the place of the textual one, segment alarms that say when (where `windows` run the video again
 * piece by piece).
 *
 * @throws AlarmShapeError when a readout does not fit the model or its places; CalibrationError when it is not one; whatever
 *   the model throws, e.g. for positions outside a prompt.
 */
export function hiddenStateGuardModel<Sample>(
  model: HiddenStateReader<Sample>,
  { heads, placesOf }: { readonly heads: GuardHeads; placesOf(sample: Sample): GuardPlaces },
): HiddenStateGuardModel<Sample, AlarmStates & GuardStates> {
  const last = model.layerCount;
  const readout = "format" in heads.textual ? parseHarmReadout(heads.textual) : null;
  const outside = readout?.layers.find((layer) => layer > last);
  if (outside !== undefined)
    throw new AlarmShapeError(
      `expected a readout of at most ${last} layers, found layer ${outside}; fit it on this model`,
    );
  const layers = [...new Set([...(readout?.layers ?? []), last])];

  return {
    async alarmStates(samples, { signal } = {}) {
      const places = samples.map(placesOf);
      const positions = places.map(({ visual, textual, read = [textual], segments = [] }) => [
        visual,
        textual,
        ...read,
        ...segments.map(({ position }) => position),
      ]);
      const states = await model.hiddenStates(samples, { positions, layers, ...(signal && { signal }) });
      const starts = startsOf(positions);
      const width = (starts.at(-1) as number) === 0 ? 0 : (states.get(last)?.length ?? 0) / (starts.at(-1) as number);
      const rows = (layer: number, from: number, count: number): Float32Array =>
        (states.get(layer) as Float32Array).subarray(from * width, (from + count) * width);
      const gathered = (offset: number): Float32Array => {
        const hidden = new Float32Array(samples.length * width);
        samples.forEach((_, i) => {
          hidden.set(rows(last, (starts[i] as number) + offset, 1), i * width);
        });
        return hidden;
      };
      const [visualHidden, textualHidden] = [gathered(0), gathered(1)];
      const readCount = ({ read }: GuardPlaces): number => read?.length ?? 1;
      const textualLogits =
        readout === null
          ? atcLogits(textualHidden, heads.textual as AtcHead)
          : places.map((place, i) => {
              const from = (starts[i] as number) + 2;
              return readoutLogits(
                readout,
                readout.layers.map((layer) => rows(layer, from, readCount(place))),
              );
            });
      const { segments: segmentHead } = heads;
      const segmentsOf = (place: GuardPlaces, i: number): SegmentLogits => {
        const own = place.segments ?? [];
        const spans = own.map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds }));
        const from = (starts[i] as number) + 2 + readCount(place);
        return { spans, logits: atcLogits(rows(last, from, own.length), segmentHead as AtcHead) };
      };
      return {
        visualHidden,
        textualHidden,
        visualLogits: Float32Array.from(atcLogits(visualHidden, heads.visual)),
        textualLogits: Float32Array.from(textualLogits),
        ...(segmentHead && { segments: places.map(segmentsOf) }),
      };
    },
  };
}

/** First row of each sample and, last, their number. */
function startsOf(positions: readonly (readonly number[])[]): number[] {
  const starts = [0];
  for (const own of positions) starts.push((starts.at(-1) as number) + own.length);
  return starts;
}
