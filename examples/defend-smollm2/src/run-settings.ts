import type { EyesSettings } from "./eyes.js";
import type { GrpoSettings } from "./grpo-stage-node.js";
import type { ProjectorSettings } from "./projector.js";
import type { StageSettings } from "./stages.js";
import type { RunSets, SetSizes } from "./training-sets.js";

/** Everything a run's numbers depend on; kept in its folder. */
export interface RunSettings {
  readonly seed: number;
  readonly sizes: Readonly<Record<keyof RunSets, SetSizes>>;
  readonly maxFrames: number;
  readonly eyes: EyesSettings;
  readonly projector: ProjectorSettings;
  readonly lora: { readonly rank: number; readonly alpha: number };
  readonly stages: Readonly<Record<1 | 2 | 3, StageSettings>>;
  readonly grpo: GrpoSettings;
  /** Longest answer in plain words, and in the tagged format. */
  readonly maxNewTokens: { readonly plain: number; readonly tagged: number };
  /** False refusal rate that the guard promises, with 95 % confidence: 5 % need 59 calibration items whose clip is safe. */
  readonly targetFrr: number;
}

/** Some forty minutes of one core that nobody else uses. */
export const FULL: Omit<RunSettings, "seed"> = {
  sizes: {
    training: { clips: 72, pairs: 24 },
    reinforcement: { clips: 8, pairs: 2 },
    calibration: { clips: 30, pairs: 0 },
    heldOut: { clips: 24, pairs: 10 },
  },
  maxFrames: 4,
  eyes: { steps: 3000, stopAfter: 3000, batchSize: 32, learningRate: 2e-3 },
  projector: { steps: 200, batchSize: 12, learningRate: 2e-3 },
  lora: { rank: 8, alpha: 16 },
  stages: {
    1: { steps: 30, batchSize: 8, loraRate: 1e-3, alarmRate: 5e-3 },
    2: { steps: 50, batchSize: 8, loraRate: 1e-3, alarmRate: 5e-3 },
    3: { steps: 60, batchSize: 8, loraRate: 1e-3, alarmRate: 5e-3 },
  },
  grpo: { steps: 6, promptsPerStep: 4, numGenerations: 4, maxCompletionLength: 96, loraRate: 1e-4 },
  maxNewTokens: { plain: 40, tagged: 110 },
  targetFrr: 0.05,
};

/** What docs/experiments/real-model.md reports: what a machine that ten others used had time for. Some ten minutes of one core. */
export const SMALL: Omit<RunSettings, "seed"> = {
  ...FULL,
  sizes: {
    training: { clips: 32, pairs: 11 },
    reinforcement: { clips: 4, pairs: 1 },
    calibration: { clips: 30, pairs: 0 },
    heldOut: { clips: 12, pairs: 5 },
  },
  eyes: { steps: 1200, stopAfter: 500, batchSize: 32, learningRate: 2e-3 },
  projector: { steps: 30, batchSize: 12, learningRate: 2e-3 },
  stages: {
    1: { steps: 10, batchSize: 8, loraRate: 2e-3, alarmRate: 5e-3 },
    2: { steps: 20, batchSize: 8, loraRate: 2e-3, alarmRate: 5e-3 },
    3: { steps: 22, batchSize: 8, loraRate: 2e-3, alarmRate: 5e-3 },
  },
  grpo: { ...FULL.grpo, steps: 2 },
  maxNewTokens: { plain: 32, tagged: 100 },
};

const shortened = (settings: StageSettings): StageSettings => ({ ...settings, steps: 2, batchSize: 2 });

/** Every step, of almost nothing: shows that it runs, not what it achieves. */
export const QUICK: Omit<RunSettings, "seed"> = {
  ...FULL,
  sizes: {
    training: { clips: 2, pairs: 1 },
    reinforcement: { clips: 1, pairs: 0 },
    calibration: { clips: 4, pairs: 0 },
    heldOut: { clips: 2, pairs: 1 },
  },
  eyes: { ...FULL.eyes, steps: 2, stopAfter: 2, batchSize: 2 },
  projector: { ...FULL.projector, steps: 2, batchSize: 2 },
  stages: { 1: shortened(FULL.stages[1]), 2: shortened(FULL.stages[2]), 3: shortened(FULL.stages[3]) },
  grpo: { ...FULL.grpo, steps: 1, promptsPerStep: 2, numGenerations: 2, maxCompletionLength: 8 },
  maxNewTokens: { plain: 4, tagged: 4 },
  targetFrr: 0.5,
};

/** The settings by their name on the command line. */
export const SIZES = { full: FULL, small: SMALL, quick: QUICK } as const;
