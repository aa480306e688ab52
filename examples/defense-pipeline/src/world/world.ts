import { buildSet, DEFAULT_EVAL_COUNTS, type SampleCounts, trainingCounts, type WorldSet } from "./datasets.js";

/** Sizes of a world. */
export interface WorldSizes {
  /** Held-out evaluation. */
  readonly eval: SampleCounts;
  /** Samples of stages 1 and 2 (VST-SFT in the paper). */
  readonly sft: number;
  /** Samples of stage 3 (VST-CoT). */
  readonly cot: number;
  /** Samples of stage 4 (VST-RL), all with a video. */
  readonly rl: number;
  /** Training samples that share a clip. */
  readonly samplesPerClip: number;
}

/** The demo's sizes: 285 held-out items on unseen clips, and a few hundred training samples a stage. */
export const DEFAULT_WORLD_SIZES: WorldSizes = {
  eval: DEFAULT_EVAL_COUNTS,
  sft: 480,
  cot: 480,
  rl: 240,
  samplesPerClip: 2,
};

/** The sets of a world, before anything is written. */
export interface World {
  /** Held-out evaluation: unseen clips, unseen templates. */
  readonly eval: WorldSet;
  /** Stages 1 and 2. */
  readonly sft: WorldSet;
  /** Stage 3. */
  readonly cot: WorldSet;
  /** Stage 4. */
  readonly rl: WorldSet;
}

/** Builds the sets of a world. Stages share training templates, never clips. */
export function buildWorld(seed: number, sizes: WorldSizes = DEFAULT_WORLD_SIZES): World {
  const train = (name: string, counts: SampleCounts): WorldSet =>
    buildSet({ seed, name, split: "train", counts, samplesPerClip: sizes.samplesPerClip });
  return {
    eval: buildSet({ seed, name: "eval", split: "heldOut", counts: sizes.eval }),
    sft: train("sft", trainingCounts(sizes.sft)),
    cot: train("cot", trainingCounts(sizes.cot)),
    rl: train("rl", trainingCounts(sizes.rl, false)),
  };
}
