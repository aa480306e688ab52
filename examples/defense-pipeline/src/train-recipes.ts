#!/usr/bin/env node
// Stages 1 and 2 of a run of the demo again, each time with a part of the method left out or weighed otherwise: same records,
// steps and rates. Writes `models/<recipe>` and `recipes.json` into the run's folder; alarm-guard's `ablate` measures them.
// A recipe that was trained before is not trained again.
//
//   node dist/train-recipes.js --run demo-runs/seed-1 [--recipes plain-refusal,lambda-1-1]
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FeatureCache, loadVideoLlm, saveVideoLlm } from "@videosafety/video-llm";
import { SHIPPED_BASE } from "sign-world";
import { RECIPES, type Recipe, recipeStages } from "./at-sft-recipes.js";
import { trainAtSftStage } from "./at-sft-stage-node.js";
import { pipelineConfigSchema } from "./pipeline-config.js";
import { describeFailure, UsageError } from "./pipeline-error.js";
import { RunFolder } from "./run-folder-node.js";
import { signWorld } from "./world-node.js";

async function openRun(path: string) {
  const file = join(path, "run.json");
  let record: { config: unknown };
  try {
    record = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new UsageError(
      `expected a run of the demo in ${path}, found no readable run.json: npm run demo -- --out ${path}`,
      { cause },
    );
  }
  const config = pipelineConfigSchema.parse(record.config);
  return { config, folder: RunFolder.open(path, config, true) };
}

async function train(): Promise<void> {
  const { values } = parseArgs({
    options: { run: { type: "string" }, recipes: { type: "string" }, base: { type: "string", default: SHIPPED_BASE } },
  });
  if (values.run === undefined) throw new UsageError("expected --run, the folder of a run of the demo");
  const wanted = values.recipes?.split(",") ?? RECIPES.map(({ name }) => name);
  const unknown = wanted.find((name) => RECIPES.every((recipe) => recipe.name !== name));
  if (unknown !== undefined)
    throw new UsageError(`expected recipes among ${RECIPES.map(({ name }) => name).join(", ")}, found ${unknown}`);
  const { config, folder } = await openRun(values.run);
  const { finetuning, chainOfThought } = signWorld(config);
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort(new Error("interrupted: the same command continues")));

  const directoryOf = ({ alarmTokens, stage1 }: Recipe): string => {
    if (!alarmTokens || !stage1) return values.base;
    if (folder.completed("stage-1") !== undefined) return folder.file("models", "stage-1");
    throw new UsageError(
      `expected stage 1 in ${folder.path}, found none: npm run demo -- --resume --out ${folder.path}`,
    );
  };
  /** The checkpoint's folder in `models`: the demo's own stage 2 is one of the recipes. */
  const checkpointOf = (recipe: Recipe): string => {
    const { lambdaVisual, lambdaTextual } = config.stage2;
    const isDemo = recipe.stage1 && recipe.lambdaVisual === lambdaVisual && recipe.lambdaTextual === lambdaTextual;
    return isDemo && folder.completed("stage-2") !== undefined ? "stage-2" : recipe.name;
  };
  const stepOf = (checkpoint: string): string => (checkpoint === "stage-2" ? checkpoint : `recipe ${checkpoint}`);

  for (const recipe of RECIPES.filter(({ name }) => wanted.includes(name))) {
    const checkpoint = checkpointOf(recipe);
    const out = folder.file("models", checkpoint);
    if (folder.completed(stepOf(checkpoint)) === undefined) {
      const model = await loadVideoLlm(directoryOf(recipe), { memoryPattern: false });
      model.trainableParameters(["llm", "alarmTokens", "classifiers"]); // as the demo's stages: equal graphs, equal bits
      const features = new FeatureCache(model, { sampling: config.sampling });
      const set = recipe.allRecords ? chainOfThought : finetuning;
      for (const stage of recipeStages(recipe, config)) {
        const { loss } = await trainAtSftStage({
          ...{ model, features, folder, set, ...stage, alarmTokens: recipe.alarmTokens },
          completionOf: ({ answer }) => answer,
          report: (done, total, detail) => {
            if (process.stderr.isTTY) process.stderr.write(`\r${stage.name}: ${done}/${total}, ${detail}   `);
          },
          signal: abort.signal,
        });
        process.stderr.write(`\r${stage.name}: loss ${loss.toFixed(3)}                              \n`);
      }
      await model.dispose();
      await saveVideoLlm(model, out);
      folder.complete(stepOf(checkpoint), null);
    }
    process.stdout.write(`${out}\n`);
  }
  const trained = RECIPES.map((recipe) => ({ ...recipe, checkpoint: checkpointOf(recipe) })).filter(
    ({ checkpoint }) => folder.completed(stepOf(checkpoint)) !== undefined,
  );
  await writeFile(folder.file("recipes.json"), `${JSON.stringify(trained, null, 2)}\n`);
}

try {
  await train();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
