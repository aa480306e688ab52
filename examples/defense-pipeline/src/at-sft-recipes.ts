import { type AtSftConfigInput, STAGE_1_ALARM_AR, STAGE_2_AT_SFT } from "@videosafety/alarm-tokens/train";
import type { PipelineConfig } from "./pipeline-config.js";

/** One way of teaching safety in the place of stages 1 and 2, to see what each part of the method is worth. */
export interface Recipe {
  /** In folders: the checkpoint is `models/<name>` of the run. */
  readonly name: string;
  /** In tables. */
  readonly title: string;
  /** False: always-on refusal training on the same records. */
  readonly alarmTokens: boolean;
  /** True: the records of stage 3 with their plain answers, in as many steps; what a readout is fitted on. */
  readonly allRecords?: boolean;
  /** False: stage 2 makes the passes of stage 1 as well, so that every recipe sees the records equally often. */
  readonly stage1: boolean;
  /** Weight of the visual head's loss; 0 leaves the head as it began. */
  readonly lambdaVisual: number;
  /** Weight of the textual head's loss. */
  readonly lambdaTextual: number;
}

/** Alarm tokens, stage 1, then stage 2 with these weights. */
function weighted(lambdaVisual: number, lambdaTextual: number): Recipe {
  const name = `lambda-${lambdaVisual}-${lambdaTextual}`;
  const title = `lambda ${lambdaVisual} / ${lambdaTextual}`;
  return { name, title, alarmTokens: true, stage1: true, lambdaVisual, lambdaTextual };
}

const LAMBDAS = [0, 0.01, 0.1, 1];

/** No alarm tokens; tokens without ATC; ATC without stage 1; each lambda in {0, 0.01, 0.1, 1} beside the paper's 0.1 of the other. */
export const RECIPES: readonly Recipe[] = [
  { ...weighted(0, 0), name: "plain-refusal", title: "no alarm tokens", alarmTokens: false },
  {
    ...weighted(0, 0),
    name: "plain-refusal-all-records",
    title: "no alarm tokens, all records of stage 3 once",
    alarmTokens: false,
    allRecords: true,
  },
  { ...weighted(0, 0), title: "alarm tokens without ATC (lambda 0 / 0)" },
  { ...weighted(0.1, 0.1), name: "no-stage-1", title: "ATC without stage 1, lambda 0.1 / 0.1", stage1: false },
  ...LAMBDAS.map((lambda) => weighted(lambda, 0.1)),
  ...LAMBDAS.filter((lambda) => lambda !== 0.1).map((lambda) => weighted(0.1, lambda)),
];

/** A training of a recipe: the name of its checkpoints and its settings. */
export interface RecipeStage {
  /** Unique in the run folder. */
  readonly name: string;
  /** What `trainAtSft` takes. */
  readonly config: AtSftConfigInput;
}

/** The trainings of a recipe that follow the model it starts from: the run's stage 1, or the base. */
export function recipeStages(recipe: Recipe, { seed, sizes, stage1, stage2 }: PipelineConfig): RecipeStage[] {
  const common = { seed, perDeviceTrainBatchSize: 8, saveSteps: 20, maxGradNorm: 1, batchSize: stage2.batchSize };
  if (recipe.allRecords) {
    const epochs = ((stage1.epochs + stage2.epochs) * sizes.stages1And2) / sizes.stage3;
    const learningRates = { llm: stage2.learningRate };
    return [{ name: recipe.name, config: { ...STAGE_1_ALARM_AR, ...common, numTrainEpochs: epochs, learningRates } }];
  }
  if (!recipe.alarmTokens) {
    return [stage1, stage2].map(({ epochs, batchSize, learningRate }, i) => ({
      name: `${recipe.name}-${i + 1}`,
      config: {
        ...STAGE_1_ALARM_AR,
        ...common,
        numTrainEpochs: epochs,
        batchSize,
        learningRates: { llm: learningRate },
      },
    }));
  }
  const { lambdaVisual, lambdaTextual } = recipe;
  const rate = stage2.alarmLearningRate;
  const learningRates = { llm: stage2.learningRate, alarmTokens: rate, classifiers: rate };
  const epochs = recipe.stage1 ? stage2.epochs : stage1.epochs + stage2.epochs;
  return [
    {
      name: recipe.name,
      config: { ...STAGE_2_AT_SFT, ...common, numTrainEpochs: epochs, learningRates, lambdaVisual, lambdaTextual },
    },
  ];
}
