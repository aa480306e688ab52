import { buildComposedSet, type ComposedSample, type ComposedSet } from "../records/composed-set.js";
import type { Family } from "../records/query-form.js";

/** What an arm is scored on: tuning looks at the development draw alone, results come from the test draw. */
export type Draw = "development" | "test";

/** Sizes of a study; each is part of the results. */
export interface StudySizes {
  /** Records of stages 1 and 2; the first that are drawn. */
  readonly stages1And2: number;
  /** Records of stage 3. */
  readonly stage3: number;
  /** Training prompts of stage 4. */
  readonly stage4: number;
  /** Held-out clips; half of them show a hazard. */
  readonly heldOutClips: number;
}

/** The sets of one seed. */
export interface StudySets {
  /** Stages 1 and 2. */
  readonly finetuning: readonly ComposedSample[];
  /** Stage 3. */
  readonly chainOfThought: readonly ComposedSample[];
  /** Stage 4. */
  readonly reinforcement: readonly ComposedSample[];
  /** What arms are scored on. */
  readonly heldOut: readonly ComposedSample[];
}

/** Queries per clip of its own, and per group of two clips with minimal pairs; there is one group for three such clips. */
const PER_CLIP = 4 + 1 / 3;
const PER_GROUP = 4;
const CLIPS_PER_GROUP = 3;

/** A training set of about `records` records. */
export function trainingSet(seed: number, name: string, records: number): ComposedSet {
  const clips = Math.ceil(records / (PER_CLIP + PER_GROUP / CLIPS_PER_GROUP));
  return buildComposedSet({ seed, name, split: "train", clips, pairs: Math.ceil(clips / CLIPS_PER_GROUP) });
}

/** Families that can be asked without a clip. */
const TEXT_FAMILIES: readonly Family[] = ["H", "N", "B", "G"];

/** Training records of which every fifth that can do without its clip comes as text alone, as real mixtures hold some. */
function mixedTrainingSet(seed: number, name: string, records: number): ComposedSet {
  const set = trainingSet(seed, name, records);
  let asText = 0;
  const samples = set.samples.map((sample) =>
    TEXT_FAMILIES.includes(sample.family) && asText++ % 5 === 0 ? { ...sample, clip: null } : sample,
  );
  return { ...set, samples };
}

/** A set of held-out productions, topics and compositions. */
export function heldOutSet(seed: number, name: string, clips: number): ComposedSet {
  return buildComposedSet({ seed, name, split: "heldOut", clips, pairs: Math.ceil(clips / CLIPS_PER_GROUP) });
}

/** Drawn records for each that is kept when every second safe one is left out; 1.67 of 5.67 per clip ask for harm. */
const DRAWN_PER_KEPT = 5.67 / 3.67;

/**
 * Leaves every second safe record out: nearly half of the rest ask for harm. With three safe ones of four, what a small model is unsure of
 * becomes safe in stage 3, and stage 4 rewards it for that (docs/experiments/world.md).
 */
function balanced(samples: readonly ComposedSample[]): ComposedSample[] {
  let safe = 0;
  return samples.filter(({ harm }) => harm !== null || safe++ % 2 === 0);
}

/** Records of stages 1 and 2, the first that are drawn, and of stage 3. */
export function reasoningSets(seed: number, sizes: Pick<StudySizes, "stages1And2" | "stage3">) {
  const drawn = mixedTrainingSet(seed, "training", Math.ceil(sizes.stage3 * DRAWN_PER_KEPT));
  return {
    finetuning: { ...drawn, samples: drawn.samples.slice(0, sizes.stages1And2) },
    chainOfThought: { ...drawn, samples: balanced(drawn.samples) },
  };
}

/** Prompts of stage 4. */
export function reinforcementSet(seed: number, prompts: number): ComposedSet {
  const drawn = trainingSet(seed, "reinforcement", Math.ceil(prompts * DRAWN_PER_KEPT));
  return { ...drawn, samples: balanced(drawn.samples) };
}

/** Draws the sets of a seed. */
export function studySets(seed: number, draw: Draw, sizes: StudySizes): StudySets {
  const { finetuning, chainOfThought } = reasoningSets(seed, sizes);
  return {
    finetuning: finetuning.samples,
    chainOfThought: chainOfThought.samples,
    reinforcement: reinforcementSet(seed, sizes.stage4).samples,
    heldOut: heldOutSet(seed, draw, sizes.heldOutClips).samples,
  };
}
