import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadRunFile, resolveStages } from "@videosafety/defense";
import { STAGE_SETTINGS } from "sign-world";
import { expect, test } from "vitest";
import { DEMO_SETTINGS, QUICK_SETTINGS } from "./demo-settings.js";
import { withSettings } from "./run-file.js";
import { type DemoRun, OtherRunError, placeRunFile } from "./write-world-node.js";

const committed = fileURLToPath(new URL("../run.yaml", import.meta.url));

test("the committed run.yaml holds the study's settings (-u writes them)", async () => {
  await expect(withSettings(readFileSync(committed, "utf8"), DEMO_SETTINGS)).toMatchFileSnapshot(committed);
});

test("the trainers get the study's settings", async () => {
  const [one, two, three, four] = resolveStages(await loadRunFile(committed)).map(({ config }) => config);
  const { stage1, stage2, stage3, stage4, maxNewTokens } = STAGE_SETTINGS;
  expect(one).toMatchObject({
    ...{ numTrainEpochs: stage1.epochs, batchSize: stage1.batchSize, lambdaVisual: 0, lambdaTextual: 0 },
    learningRates: { llm: stage1.learningRate, alarmTokens: stage1.alarmLearningRate },
  });
  expect(two).toMatchObject({
    ...{ numTrainEpochs: stage2.epochs, lambdaVisual: stage2.lambdaVisual, lambdaTextual: stage2.lambdaTextual },
    learningRates: {
      ...{ llm: stage2.learningRate, alarmTokens: stage2.alarmLearningRate },
      classifiers: stage2.alarmLearningRate,
    },
  });
  expect(three).toMatchObject({ numTrainEpochs: stage3.epochs, learningRates: { llm: stage3.learningRate } });
  expect(Object.keys((three as { learningRates: object }).learningRates)).toEqual(["llm"]);
  expect(four).toMatchObject({
    ...{ maxSteps: stage4.steps, promptsPerRollout: stage4.promptsPerStep, numGenerations: stage4.numGenerations },
    ...{ beta: stage4.beta, learningRate: stage4.learningRate, maxCompletionLength: maxNewTokens },
    lrSchedulerType: "cosine",
  });
});

const demoIn = (folder: string, more: Partial<DemoRun> = {}): DemoRun => ({
  ...{ folder, seed: 3, base: "some/base", settings: QUICK_SETTINGS },
  ...more,
});

test("a world's folder holds a run file of its own, which is continued with --resume and the same flags only", async () => {
  const folder = join(mkdtempSync(join(tmpdir(), "demo-")), "run");
  const path = await placeRunFile(demoIn(folder), false);
  const run = await loadRunFile(path);
  expect(run).toMatchObject({
    ...{ seed: 3, out: folder, model: { source: expect.stringMatching(/some\/base$/) } },
    data: { sft: { file: join(folder, "stage-1-2.sft.jsonl"), mediaRoot: join(folder, "clips") } },
    evaluation: { root: folder, scorers: [expect.stringMatching(/defense-pipeline\/dist\/score-world\.js$/)] },
  });
  expect(resolveStages(run)[3]?.config).toMatchObject({ maxSteps: 3, promptsPerRollout: 2 });
  expect(readdirSync(folder)).toEqual(["run.yaml"]);
  await expect(placeRunFile(demoIn(folder), false)).rejects.toThrow(/--resume/);
  await expect(placeRunFile(demoIn(folder, { seed: 4 }), true)).rejects.toThrow(OtherRunError);
  await expect(placeRunFile(demoIn(folder, { settings: DEMO_SETTINGS }), true)).rejects.toThrow(/--out/);
  expect(await placeRunFile(demoIn(folder), true)).toBe(path);
});
