import { createWorldRng } from "../random/rng.js";
import { buildComposedSet, buildTextSamples, type ComposedSample, type ComposedSet } from "../records/composed-set.js";
import type { Family } from "../records/query-form.js";

/** What an arm is scored on: tuning looks at the development draw alone, results come from the test draw. */
export type Draw = "development" | "test";

/** Sizes of a study; each is part of the results. */
export interface StudySizes {
  /** Records of stages 1 and 2; the first of stage 3's. */
  readonly stages1And2: number;
  /** Records of stage 3 with clips, some of them as text alone. */
  readonly stage3: number;
  /** Further records of stage 3, text alone. */
  readonly stage3Text: number;
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

/** Records of stages 1 and 2, and of stage 3: the same clips, and many requests of text alone, which cost little. */
export function reasoningSets(seed: number, sizes: Pick<StudySizes, "stages1And2" | "stage3" | "stage3Text">) {
  const withClips = mixedTrainingSet(seed, "training", sizes.stage3);
  const samples = [...withClips.samples, ...buildTextSamples(seed, "training", sizes.stage3Text)];
  return {
    finetuning: { ...withClips, samples: withClips.samples.slice(0, sizes.stages1And2) },
    chainOfThought: { ...withClips, samples: createWorldRng(seed, "stage-3", "order").shuffle(samples) },
  };
}

/** Draws the sets of a seed. */
export function studySets(seed: number, draw: Draw, sizes: StudySizes): StudySets {
  const { finetuning, chainOfThought } = reasoningSets(seed, sizes);
  return {
    finetuning: finetuning.samples,
    chainOfThought: chainOfThought.samples,
    reinforcement: trainingSet(seed, "reinforcement", sizes.stage4).samples,
    heldOut: heldOutSet(seed, draw === "test" ? "held-out" : "development", sizes.heldOutClips).samples,
  };
}
