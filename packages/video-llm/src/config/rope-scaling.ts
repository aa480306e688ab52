import { z } from "zod";

const factor = () => z.number().min(1);

/**
 * How rotary frequencies are changed for contexts longer than those of pre-training. `dynamic` changes nothing up to
 * `maxPositions`, which is as far as a prompt may go here.
 */
export const ropeScalingSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("default") }),
  z.strictObject({ type: z.literal("linear"), factor: factor().describe("divides every frequency") }),
  z.strictObject({ type: z.literal("dynamic"), factor: factor().describe("growth of the base past maxPositions") }),
  z.strictObject({
    type: z.literal("yarn"),
    factor: factor().describe("divides low frequencies"),
    originalMaxPositions: z.number().positive().describe("longest sequence of pre-training, in tokens"),
    betaFast: z.number().positive().default(32).describe("rotations from which a pair is left as it is"),
    betaSlow: z.number().positive().default(1).describe("rotations below which a pair is divided by the factor"),
    attentionFactor: z.number().positive().describe("multiplies cosines and sines"),
    truncate: z.boolean().default(true).describe("whether the ramp's ends are whole pairs"),
  }),
  z.strictObject({
    type: z.literal("llama3"),
    factor: factor().describe("divides low frequencies"),
    originalMaxPositions: z.number().positive().describe("longest sequence of pre-training, in tokens"),
    lowFrequencyFactor: z.number().positive().describe("wavelengths above original / this are divided by the factor"),
    highFrequencyFactor: z.number().positive().describe("wavelengths below original / this are left as they are"),
  }),
]);

/** Resolved scaling of the rotary frequencies. */
export type RopeScaling = z.output<typeof ropeScalingSchema>;

/** The attention factor of YaRN where the file does not state one (arXiv 2309.00071, section 3.4; DeepSeek's variant). */
export function yarnAttentionFactor(scale: number, mscale?: number | null, mscaleAllDim?: number | null): number {
  const of = (weight: number): number => (scale <= 1 ? 1 : 0.1 * weight * Math.log(scale) + 1);
  return mscale && mscaleAllDim ? of(mscale) / of(mscaleAllDim) : of(1);
}

/** What turns the rotary pairs of a decoder's heads. */
export interface RotaryFrequencies {
  /** Radians per position of each pair, [headSize / 2]. */
  readonly frequencies: Float64Array;
  /** Multiplies cosines and sines; 1 but for YaRN. */
  readonly scale: number;
}

/**
 * Frequencies of a decoder's rotary embedding.
 *
 * @see transformers 5.18 `modeling_rope_utils.py`: linear, dynamic, yarn, llama3
 */
export function rotaryFrequencies(sizes: {
  readonly headSize: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
}): RotaryFrequencies {
  const { headSize, ropeTheta, ropeScaling: scaling } = sizes;
  const half = headSize / 2;
  const plain = Float64Array.from({ length: half }, (_, pair) => ropeTheta ** (-pair / half));
  switch (scaling.type) {
    case "default":
    case "dynamic":
      return { frequencies: plain, scale: 1 };
    case "linear":
      return { frequencies: plain.map((frequency) => frequency / scaling.factor), scale: 1 };
    case "yarn": {
      const { betaFast, betaSlow, originalMaxPositions, factor, truncate, attentionFactor } = scaling;
      const pairOf = (rotations: number): number =>
        (headSize * Math.log(originalMaxPositions / (rotations * 2 * Math.PI))) / (2 * Math.log(ropeTheta));
      const [first, last] = [pairOf(betaFast), pairOf(betaSlow)];
      const low = Math.max(truncate ? Math.floor(first) : first, 0);
      let high = Math.min(truncate ? Math.ceil(last) : last, headSize - 1);
      if (low === high) high += 0.001;
      const frequencies = plain.map((frequency, pair) => {
        const divided = Math.min(1, Math.max(0, (pair - low) / (high - low)));
        return (frequency / factor) * divided + frequency * (1 - divided);
      });
      return { frequencies, scale: attentionFactor };
    }
    case "llama3": {
      const { factor, originalMaxPositions, lowFrequencyFactor, highFrequencyFactor } = scaling;
      const frequencies = plain.map((frequency) => {
        const wavelength = (2 * Math.PI) / frequency;
        if (wavelength < originalMaxPositions / highFrequencyFactor) return frequency;
        if (wavelength > originalMaxPositions / lowFrequencyFactor) return frequency / factor;
        const kept =
          (originalMaxPositions / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
        return ((1 - kept) * frequency) / factor + kept * frequency;
      });
      return { frequencies, scale: 1 };
    }
  }
}

/** Cosines and sines [N, headSize / 2] of positions (a list, or how many from 0). */
export function rotaryTables1d(
  positions: number | ArrayLike<number>,
  sizes: Parameters<typeof rotaryFrequencies>[0],
): { cos: Float64Array; sin: Float64Array } {
  const list = typeof positions === "number" ? Array.from({ length: positions }, (_, i) => i) : Array.from(positions);
  const { frequencies, scale } = rotaryFrequencies(sizes);
  const half = frequencies.length;
  const [cos, sin] = [new Float64Array(list.length * half), new Float64Array(list.length * half)];
  list.forEach((position, row) => {
    frequencies.forEach((frequency, pair) => {
      cos[row * half + pair] = Math.cos(position * frequency) * scale;
      sin[row * half + pair] = Math.sin(position * frequency) * scale;
    });
  });
  return { cos, sin };
}
