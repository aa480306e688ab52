import { THINKING_PROMPT } from "sign-world";
import { isScalar, parseDocument } from "yaml";
import type { DemoSettings } from "./demo-settings.js";

type Path = readonly (string | number)[];
/** Where each of some settings stands in the run file; a setting that is new has to be given a place. */
type Places<T> = { readonly [K in keyof T]: readonly Path[] };

const tuned = (stage: number) => ({
  epochs: [["stages", stage, "numTrainEpochs"]],
  batchSize: [["stages", stage, "batchSize"]],
  learningRate: [["stages", stage, "learningRate"]],
});
const rate = (stage: number, group: string): Path => ["stages", stage, "learningRates", group];

const STAGES: { readonly [S in "stage1" | "stage2" | "stage3" | "stage4"]: Places<DemoSettings[S]> } = {
  stage1: { ...tuned(0), alarmLearningRate: [rate(0, "alarmTokens")] },
  stage2: {
    ...tuned(1),
    alarmLearningRate: [rate(1, "alarmTokens"), rate(1, "classifiers")],
    lambdaVisual: [["stages", 1, "lambdaVisual"]],
    lambdaTextual: [["stages", 1, "lambdaTextual"]],
  },
  stage3: tuned(2),
  stage4: {
    steps: [["stages", 3, "maxSteps"]],
    promptsPerStep: [["stages", 3, "promptsPerRollout"]],
    numGenerations: [["stages", 3, "numGenerations"]],
    learningRate: [["stages", 3, "learningRate"]],
    beta: [["stages", 3, "beta"]],
  },
};
const PLACES: Places<Omit<DemoSettings, keyof typeof STAGES>> = {
  records: [], // the world's files hold that many
  evalItems: [],
  maxNewTokens: [
    ["stages", 3, "maxCompletionLength"],
    ["evaluation", "generation", "maxNewTokens"],
  ],
};

/** Stages whose records ask for a reasoning. */
const REASONING = ["stage-3", "stage-4"];

const valuesAt = <T extends object>(values: T, places: Places<T>): [Path, number][] =>
  (Object.keys(places) as (keyof T)[]).flatMap((key) =>
    places[key].map((path): [Path, number] => [path, values[key] as number]),
  );

/**
 * A run file with other values; comments, order and everything that is not named stay.
 *
 * @param text the committed `run.yaml`
 * @param settings numbers of the stages
 * @param more what differs between the committed file and the one beside a world's files
 */
export function withSettings(
  text: string,
  settings: DemoSettings,
  more: readonly (readonly [Path, string | number])[] = [],
): string {
  const document = parseDocument(text);
  const { stage1, stage2, stage3, stage4 } = STAGES;
  const values = [
    ...[...valuesAt(settings.stage1, stage1), ...valuesAt(settings.stage2, stage2)],
    ...[...valuesAt(settings.stage3, stage3), ...valuesAt(settings.stage4, stage4)],
    ...valuesAt<Omit<DemoSettings, keyof typeof STAGES>>(settings, PLACES),
    ...REASONING.map((stage): [Path, string] => [["evaluation", "prompts", stage], THINKING_PROMPT]),
    ...more,
  ].map(([path, value]) => {
    const node = document.getIn(path, true);
    if (!isScalar(node) || !node.range) throw new Error(`run.yaml: expected a value at ${path.join(".")}, found none`);
    return { from: node.range[0], to: node.range[1], value };
  });
  // From the end, so that places stay what they were; a text is written as JSON where it is more than a plain path.
  return values
    .sort((one, other) => other.from - one.from)
    .reduce((whole, { from, to, value }) => {
      const plain = typeof value === "number" || /^[\w.-]*\/[\w./-]+$/.test(value);
      return whole.slice(0, from) + (plain ? value : JSON.stringify(value)) + whole.slice(to);
    }, text);
}
