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

/** What a recipe needs to know of a run. */
export interface RecipeRun {
  /** Passes of stages 1 and 2, and records that each reads. */
  readonly epochs: readonly [stage1: number, stage2: number];
  readonly records: { readonly stages1And2: number; readonly stage3: number };
  /** Absolute path of stage 3's records with plain answers. */
  readonly plainRecords: string;
  /** Model directory of the run's stage 1. */
  readonly stage1: string;
}

/** A recipe as arguments of `videosafety train run.yaml`: what it changes of the demo's run file. */
export function recipeArguments(recipe: Recipe, { epochs, records, plainRecords, stage1 }: RecipeRun): string[] {
  const [first, second] = epochs;
  const set = (assignments: readonly string[]): string[] => assignments.flatMap((one) => ["--set", one]);
  if (recipe.allRecords) {
    const passes = ((first + second) * records.stages1And2) / records.stage3;
    const changes = ["model.alarmTokens=false", `stages.stage-1.numTrainEpochs=${passes}`];
    return ["--stages", "1", ...set([...changes, `data.sft.file=${JSON.stringify(plainRecords)}`])];
  }
  if (!recipe.alarmTokens) return ["--stages", "1,2", ...set(["model.alarmTokens=false"])];
  const { lambdaVisual, lambdaTextual } = recipe;
  const weights = [`stages.stage-2.lambdaVisual=${lambdaVisual}`, `stages.stage-2.lambdaTextual=${lambdaTextual}`];
  if (recipe.stage1) return ["--stages", "2", "--model", stage1, ...set(weights)];
  return ["--stages", "2", ...set([...weights, `stages.stage-2.numTrainEpochs=${first + second}`])];
}
