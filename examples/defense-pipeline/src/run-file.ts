import { isScalar, parseDocument } from "yaml";
import type { DemoSettings } from "./demo-settings.js";

/**
 * A run file with other numbers; comments, order and everything that is not said here stay.
 *
 * @param text the committed `run.yaml`
 * @param settings numbers of the stages
 * @param places by path: what differs between the committed file and the one beside a world's files
 */
export function withSettings(
  text: string,
  { stage1, stage2, stage3, stage4, maxNewTokens }: DemoSettings,
  places: readonly (readonly [path: readonly (string | number)[], value: string | number])[] = [],
): string {
  const document = parseDocument(text);
  const tuned = ({ epochs, batchSize, learningRate }: DemoSettings["stage3"]) => ({
    numTrainEpochs: epochs,
    batchSize,
    learningRate,
  });
  const { lambdaVisual, lambdaTextual } = stage2;
  const stages: readonly Readonly<Record<string, number | Record<string, number>>>[] = [
    { ...tuned(stage1), learningRates: { alarmTokens: stage1.alarmLearningRate } },
    {
      ...tuned(stage2),
      learningRates: { alarmTokens: stage2.alarmLearningRate, classifiers: stage2.alarmLearningRate },
      ...{ lambdaVisual, lambdaTextual },
    },
    tuned(stage3),
    {
      ...{ maxSteps: stage4.steps, promptsPerRollout: stage4.promptsPerStep, numGenerations: stage4.numGenerations },
      ...{ learningRate: stage4.learningRate, beta: stage4.beta, maxCompletionLength: maxNewTokens },
    },
  ];
  const edits: { readonly from: number; readonly to: number; readonly value: string | number }[] = [];
  const put = (path: readonly (string | number)[], value: string | number): void => {
    const node = document.getIn(path, true);
    if (!isScalar(node) || !node.range) throw new Error(`run.yaml: expected a value at ${path.join(".")}, found none`);
    edits.push({ from: node.range[0], to: node.range[1], value });
  };
  for (const [i, stage] of stages.entries())
    for (const [key, value] of Object.entries(stage)) {
      if (typeof value === "number") put(["stages", i, key], value);
      else for (const [group, rate] of Object.entries(value)) put(["stages", i, key, group], rate);
    }
  put(["evaluation", "generation", "maxNewTokens"], maxNewTokens);
  for (const [path, value] of places) put(path, value);
  // From the end, so that places stay what they were; a text is written as JSON where it is more than a plain path.
  return edits
    .sort((one, other) => other.from - one.from)
    .reduce((whole, { from, to, value }) => {
      const plain = typeof value === "number" || /^[\w.-]*\/[\w./-]+$/.test(value);
      return whole.slice(0, from) + (plain ? value : JSON.stringify(value)) + whole.slice(to);
    }, text);
}
