import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AtSftConfigInput,
  alarmSetHead,
  categoryHead,
  latestCheckpoint,
  trainAtSft,
} from "@videosafety/alarm-tokens/train";
import { afterAll, expect, test } from "vitest";
import { tinyModel, tinyPrompt } from "../../test/tiny.js";
import { openHiddenStates, type PreparedSample } from "../index.js";

const root = mkdtempSync(join(tmpdir(), "video-llm-auxiliary-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const config: AtSftConfigInput = {
  learningRates: { llm: 3e-3, alarmTokens: 3e-3, classifiers: 3e-2 },
  lambdaVisual: 0.1,
  lambdaTextual: 0.1,
  batchSize: 4,
  numTrainEpochs: 20,
  maxSteps: 12,
  warmupRatio: 0,
  lrSchedulerType: "constant",
  saveSteps: 1,
};

/** Trains a fresh tiny model with both heads; stops after some steps, or goes on where the directory's run stopped. */
async function train(directory: string, stopAfter = Number.POSITIVE_INFINITY) {
  const model = tinyModel();
  const opened = openHiddenStates(model);
  const category = new Map<PreparedSample, number>();
  for (const [i, text] of ["what happens here?", "a dog", "a person walks a dog", "the park"].entries()) {
    const prompt = await tinyPrompt(model, text, { frames: 2, seed: i + 1, alarmTokens: { segments: "frame" } });
    category.set(model.prepareSample({ prompt, completion: "yes", labels: { visual: 1, textual: 0 } }), i);
  }
  const samples = [...category.keys()];
  const { hiddenSize } = model;
  const heads = [
    categoryHead<PreparedSample>({
      name: "visual_category",
      hiddenSize,
      categories: 19,
      lambda: 1,
      seed: 3,
      positionOf: ({ prompt }) => prompt.alarmPositions?.visual as number,
      categoryOf: (sample) => category.get(sample) as number,
    }),
    alarmSetHead<PreparedSample>({
      name: "visual_segments",
      hiddenSize,
      lambda: 0.5,
      seed: 4,
      setsOf: ({ prompt, labels }) => [
        { positions: prompt.alarms?.segments.map(({ position }) => position) ?? [], label: labels.visual },
      ],
    }),
  ];
  const resumeFrom = await latestCheckpoint(directory);
  const losses: number[] = [];
  for await (const event of trainAtSft({
    model: opened,
    data: {
      sources: { tiny: samples },
      describe: (sample) => ({
        assistantTokens: sample.completionIds.length,
        sequenceTokens: sample.prompt.tokenIds.length + sample.completionIds.length,
        labels: sample.labels,
      }),
    },
    config,
    auxiliary: heads,
    checkpointDirectory: directory,
    resumeFrom,
  })) {
    if (event.type === "step") losses.push(event.lossAuxiliary.visual_category as number);
    if (event.type === "checkpoint" && event.step === stopAfter) break;
  }
  const parameters = [...model.tensors, ...heads.flatMap((head) => [...head.parameters])].map(
    ([name, { data }]) => [name, data.slice()] as const,
  );
  await opened.dispose();
  await model.dispose();
  return { losses, parameters };
}

test("trainAtSft trains heads beyond the paper on a Video LLM; a resumed run ends with the same bits", async () => {
  const whole = await train(join(root, "whole"));
  expect(whole.losses).toHaveLength(12);
  expect(whole.losses.at(-1)).toBeLessThan(0.7 * (whole.losses[0] as number)); // 4 of 19 categories, told apart by 4 clips
  await train(join(root, "broken"), 5);
  const resumed = await train(join(root, "broken"));
  expect(resumed.losses).toEqual(whole.losses.slice(5));
  expect(resumed.parameters).toEqual(whole.parameters);
});
