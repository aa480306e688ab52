import type { SafetyLabel } from "@videosafety/safety-data";
import { z } from "zod";
import { ALARM_TENSOR_NAMES } from "./alarm-tokens.js";
import { atcLogits } from "./atc-head.js";
import { AlarmShapeError, CalibrationError } from "./errors.js";
import type { HiddenStateModel } from "./hidden-state-model.js";
import { fitLinearProbe } from "./linear-probe.js";
import type { GuardModel, TrainableModel } from "./trainable-model.js";

/** A stored readout: plain JSON, strict. */
export const harmReadoutSchema = z.strictObject({
  format: z.literal("videosafety-readout-1"),
  layers: z.array(z.int().nonnegative()).min(1).describe("0 = input embeddings, n = after the n-th layer"),
  placeCount: z.int().positive().describe("tokens read in each of them"),
  weight: z.array(z.number()).min(1).describe("[layers, places, d], flat"),
  bias: z.number(),
});

/** A linear readout of p(harm | query, video) from several tokens and layers. */
export type HarmReadout = z.infer<typeof harmReadoutSchema>;

/** Where a readout looks in a sample's prompt. */
export interface ReadoutPlaces {
  /** Index of the visual alarm token, for the visual head. */
  readonly visualAlarm: number;
  /** Indices that the readout reads, equally many in every sample: the textual alarm and the last token of the prompt, say. */
  readonly read: readonly number[];
}

/** Samples a forward pass. */
const BATCH = 32;

/**
 * Beyond the paper: fits one linear readout of harm over several hidden states of the prompt, after training and without
 * touching the model. The textual alarm's state says what the model perceives in the query; the state of the prompt's last token,
 * from which the answer starts, says what the model is about to do. They err on different inputs, and together they rank
 * better than either.
 *
 * Ridge-penalised logistic regression (`fitLinearProbe`) on the hidden states of training samples. Calibrate with others.
 *
 * @param options `labelOf` 1 = should be refused; `placesOf` as in `withHarmReadout`; `layers` default: the last two;
 *   `ridge` default 1e-3
 * @throws AlarmShapeError when samples have unequally many places; EmptyClassError without both labels.
 */
export async function fitHarmReadout<Sample>(
  model: HiddenStateModel<Sample>,
  samples: readonly Sample[],
  options: {
    labelOf(sample: Sample): SafetyLabel;
    placesOf(sample: Sample): ReadoutPlaces;
    readonly layers?: readonly number[];
    readonly ridge?: number;
    readonly signal?: AbortSignal;
  },
): Promise<HarmReadout> {
  const last = model.layerCount;
  const { labelOf, placesOf, layers = last > 1 ? [last - 1, last] : [last], ridge = 1e-3, signal } = options;
  const places = samples.map(placesOf);
  const placeCount = placesPerSample(places);
  const rows: Float32Array[] = [];
  for (let start = 0; start < samples.length; start += BATCH) {
    const batch = samples.slice(start, start + BATCH);
    const positions = places.slice(start, start + BATCH).map(({ read }) => read);
    const states = await model.hiddenStates(batch, { positions, layers, ...(signal ? { signal } : {}) });
    rows.push(...concatenated(states, layers, batch.length, placeCount));
  }
  const width = rows[0]?.length ?? 0;
  const hidden = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    hidden.set(row, i * width);
  });
  const { weight, bias } = fitLinearProbe(hidden, samples.map(labelOf), ridge);
  return { format: "videosafety-readout-1", layers: [...layers], placeCount, weight: Array.from(weight), bias };
}

/**
 * A model for `createGuard` and `calibrateGuard` whose textual logits come from a readout instead of the textual head; the
 * visual ones from the visual head as before. One forward pass gives both.
 *
 * @throws CalibrationError when the readout is not one; AlarmShapeError when it does not fit the model or the places.
 */
export function withHarmReadout<Sample>(
  model: Pick<TrainableModel<Sample>, "hiddenSize" | "trainableParameters"> & HiddenStateModel<Sample>,
  readout: HarmReadout,
  placesOf: (sample: Sample) => ReadoutPlaces,
): GuardModel<Sample> {
  const { layers, placeCount, weight, bias } = parseHarmReadout(readout);
  const last = model.layerCount;
  const outside = layers.find((layer) => layer > last);
  if (outside !== undefined || weight.length !== layers.length * placeCount * model.hiddenSize) {
    throw new AlarmShapeError(
      `expected a readout of a model with ${last} layers of width ${model.hiddenSize}, found one of layers [${layers}] with ${weight.length} weights for ${placeCount} places; fit it on this model`,
    );
  }
  const heads = model.trainableParameters(["classifiers"]);
  return {
    async alarmStates(samples, { signal } = {}) {
      const places = samples.map(placesOf);
      const found = placesPerSample(places);
      if (samples.length > 0 && found !== placeCount)
        throw new AlarmShapeError(`expected ${placeCount} places a sample, as the readout was fitted, found ${found}`);
      const positions = places.map(({ visualAlarm, read }) => [...read, visualAlarm]);
      const asked = [...new Set([...layers, last])];
      const states = await model.hiddenStates(samples, { positions, layers: asked, ...(signal ? { signal } : {}) });
      const rows = concatenated(states, layers, samples.length, placeCount, 1);
      const atVisual = (states.get(last) as Float32Array).filter(
        (_, k) => Math.floor(k / model.hiddenSize) % (placeCount + 1) === placeCount,
      );
      const visualHead = {
        weight: tensor(heads, ALARM_TENSOR_NAMES.visualHeadWeight),
        bias: tensor(heads, ALARM_TENSOR_NAMES.visualHeadBias)[0] as number,
      };
      return {
        visualLogits: Float32Array.from(atcLogits(atVisual, visualHead)),
        textualLogits: Float32Array.from(rows, (row) => atcLogits(row, { weight, bias })[0] as number),
      };
    },
  };
}

/** Reads a stored readout. @throws CalibrationError `invalid-readout` */
export function parseHarmReadout(value: unknown): HarmReadout {
  const parsed = harmReadoutSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CalibrationError(
    "invalid-readout",
    `expected what fitHarmReadout returns, found:\n${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}

/** How many places every sample has. @throws AlarmShapeError unless equally many, at least one */
function placesPerSample(places: readonly ReadoutPlaces[]): number {
  const count = places[0]?.read.length ?? 0;
  const odd = places.findIndex(({ read }) => read.length !== count || count === 0);
  if (odd >= 0) {
    throw new AlarmShapeError(
      `expected at least one place, and equally many in every sample, found ${places[odd]?.read.length} in sample ${odd} and ${count} in the first`,
    );
  }
  return count;
}

/** One row [layers, places, d] a sample, of states whose samples hold `skipped` more positions after the places. */
function concatenated(
  states: ReadonlyMap<number, Float32Array>,
  layers: readonly number[],
  sampleCount: number,
  placeCount: number,
  skipped = 0,
): Float32Array[] {
  return Array.from({ length: sampleCount }, (_, i) => {
    const parts = layers.map((layer) => {
      const all = states.get(layer) as Float32Array;
      const width = all.length / (sampleCount * (placeCount + skipped));
      const start = i * (placeCount + skipped) * width;
      return all.subarray(start, start + placeCount * width);
    });
    const row = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let next = 0;
    for (const part of parts) {
      row.set(part, next);
      next += part.length;
    }
    return row;
  });
}

function tensor(heads: ReadonlyMap<string, { readonly data: Float32Array }>, name: string): Float32Array {
  const found = heads.get(name)?.data;
  if (found === undefined) throw new AlarmShapeError(`expected a model with the tensor ${name}, found none`);
  return found;
}
