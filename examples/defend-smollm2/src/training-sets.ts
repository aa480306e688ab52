import { join } from "node:path";
import type { SafetyLabels } from "@videosafety/safety-data";
import {
  buildComposedSet,
  type ComposedSample,
  type ComposedSet,
  composedCompletion,
  composedLabels,
  ENGLISH,
  renderComposedScene,
  writeClips,
} from "sign-world";

/** How much data there is: clips with four or five queries each, and groups of two clips with two minimal pairs. */
export interface SetSizes {
  readonly clips: number;
  readonly pairs: number;
}

/** The English sets of a run; none shares a clip with another. */
export interface RunSets {
  /** Stages 1 to 3. */
  readonly training: ComposedSet;
  /** Prompts of stage 4. */
  readonly reinforcement: ComposedSet;
  /** Safe and harmful items that set the guard's threshold: held-out wordings, as the evaluation's. */
  readonly calibration: ComposedSet;
  /** The evaluation: held-out wordings, topics and compositions. */
  readonly heldOut: ComposedSet;
}

/** Builds the sets. */
export function buildSets(seed: number, sizes: Readonly<Record<keyof RunSets, SetSizes>>): RunSets {
  const build = (name: keyof RunSets, split: "train" | "heldOut"): ComposedSet =>
    buildComposedSet({ seed, name, split, grammars: [ENGLISH], ...sizes[name] });
  return {
    training: build("training", "train"),
    reinforcement: build("reinforcement", "train"),
    calibration: build("calibration", "heldOut"),
    heldOut: build("heldOut", "heldOut"),
  };
}

/** Encodes the clips of all sets as H.264; clips that exist are kept. */
export async function writeSetClips(sets: RunSets, folder: string): Promise<number> {
  const clips = Object.values(sets).flatMap((set: ComposedSet) => set.clips);
  const rendered = clips.map(({ path, scene }) => ({ path, render: () => renderComposedScene(scene) }));
  await writeClips(join(folder, "clips"), rendered);
  return clips.length;
}

/** Labels of a sample: 0 safe, 1 harmful. */
export const labelsOf = (sample: ComposedSample): SafetyLabels => composedLabels(sample);

/** What a stage teaches: plain answers (1 and 2) or tagged completions with their reasoning (3 and 4). */
export const completionOf = (sample: ComposedSample, tagged: boolean): string =>
  tagged ? composedCompletion(sample) : sample.answer;
