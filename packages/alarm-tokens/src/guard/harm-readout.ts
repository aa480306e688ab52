import type { SafetyLabel } from "@videosafety/safety-data";
import { described } from "@videosafety/safety-data/schema";
import * as z from "zod/mini";
import { fitLinearProbe } from "../analysis/linear-probe.js";
import { AlarmShapeError, CalibrationError } from "../errors.js";
import type { HiddenStateModel } from "../model/hidden-state-model.js";

/** A stored readout: plain JSON, strict. */
export const harmReadoutSchema = z.strictObject({
  format: z.literal("videosafety-readout-1"),
  layers: described(
    z.array(z.int().check(z.nonnegative())).check(z.minLength(1)),
    "0 = input embeddings, n = after the n-th layer",
  ),
  placeCount: described(z.int().check(z.positive()), "tokens read in each of them"),
  weight: described(z.array(z.number()).check(z.minLength(1)), "[layers, places, d], flat"),
  bias: z.number(),
});

/** A linear readout of p(harm | query, video) from several tokens and layers. */
export type HarmReadout = z.infer<typeof harmReadoutSchema>;

/** Samples per forward pass. */
const BATCH = 32;

/**
 * Beyond the paper: fits one linear readout of harm over several hidden states of the prompt, after training and without
 * touching the model. The textual alarm's state says what the model perceives in the query; the state of the prompt's last token,
 * from which the answer starts, says what the model is about to do. They err on different inputs, and together they rank
 * better than either. `hiddenStateGuardModel` puts it in the place of the textual head.
 *
 * Ridge-penalised logistic regression (`fitLinearProbe`) on the hidden states of training samples. Calibrate with others.
 *
 * @param options `labelOf` 1 = should be refused; `placesOf` indices into the prompt, equally many in every sample; `layers`
 *   default: the last two; `ridge` default 1e-3
 * @throws AlarmShapeError when samples have unequally many places; EmptyClassError without both labels.
 */
export async function fitHarmReadout<Sample>(
  model: Pick<HiddenStateModel<Sample>, "layerCount" | "hiddenStates">,
  samples: readonly Sample[],
  options: {
    labelOf(sample: Sample): SafetyLabel;
    placesOf(sample: Sample): readonly number[];
    readonly layers?: readonly number[];
    readonly ridge?: number;
    readonly signal?: AbortSignal;
  },
): Promise<HarmReadout> {
  const last = model.layerCount;
  const { labelOf, placesOf, layers = last > 1 ? [last - 1, last] : [last], ridge = 1e-3, signal } = options;
  const places = samples.map(placesOf);
  const placeCount = equalCount(places);
  const rows: Float32Array[] = [];
  for (let start = 0; start < samples.length; start += BATCH) {
    const positions = places.slice(start, start + BATCH);
    const batch = samples.slice(start, start + BATCH);
    const states = await model.hiddenStates(batch, { positions, layers, ...(signal && { signal }) });
    batch.forEach((_, i) => {
      rows.push(joined(layers.map((layer) => part(states.get(layer) as Float32Array, i, batch.length))));
    });
  }
  const { weight, bias } = fitLinearProbe(joined(rows), samples.map(labelOf), ridge);
  return { format: "videosafety-readout-1", layers: [...layers], placeCount, weight: Array.from(weight), bias };
}

/**
 * The logit of one sample.
 *
 * @param states one entry per layer of the readout, each [places, d]
 * @throws AlarmShapeError unless the states are those that the readout was fitted on.
 */
export function readoutLogits(readout: HarmReadout, states: readonly Float32Array[]): number {
  const { weight, bias, placeCount, layers } = readout;
  const found = states.reduce((sum, { length }) => sum + length, 0);
  if (states.length !== layers.length || found !== weight.length) {
    throw new AlarmShapeError(
      `expected ${weight.length} hidden values, ${placeCount} places in ${layers.length} layers, found ${found} in ${states.length}; fit the readout on this model and these places`,
    );
  }
  let logit = bias;
  let next = 0;
  for (const layer of states) for (const value of layer) logit += value * (weight[next++] as number);
  return logit;
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
function equalCount(places: readonly (readonly number[])[]): number {
  const count = places[0]?.length ?? 0;
  const odd = places.findIndex(({ length }) => length !== count || count === 0);
  if (odd >= 0) {
    throw new AlarmShapeError(
      `expected at least one place, and equally many in every sample, found ${places[odd]?.length} in sample ${odd} and ${count} in the first`,
    );
  }
  return count;
}

/** The index-th of `count` equal parts. */
function part(values: Float32Array, index: number, count: number): Float32Array {
  const size = values.length / count;
  return values.subarray(index * size, (index + 1) * size);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let next = 0;
  for (const values of parts) {
    all.set(values, next);
    next += values.length;
  }
  return all;
}
