#!/usr/bin/env node
// Stages 1 and 2 of a run of the demo again, each time with a part of the method left out or weighed otherwise: same records,
// steps and rates. Each recipe is a run of `videosafety train` in the run's `recipes/`; its checkpoint is copied to `models/<recipe>`,
// and `recipes.json` lists them for alarm-guard's `ablate`. A recipe that was trained before is not trained again.
//
//   node dist/train-recipes.js --run demo-runs/seed-1 [--recipes plain-refusal,lambda-1-1]
import { existsSync, readFileSync } from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { EXIT, loadRunFile, resolveStages, type Terminal, videosafety } from "@videosafety/defense";
import { replaceFile, writeJsonl } from "@videosafety/safety-data/node";
import { composedSftRecords, reasoningSets } from "sign-world";
import { RECIPES, type Recipe, type RecipeRun, recipeArguments } from "./at-sft-recipes.js";
import { describeFailure } from "./describe-failure.js";
import { WORLD_FILE, type World } from "./world.js";

class UsageError extends Error {}

/** Progress on standard error; what the command prints are paths that this program says itself. */
const terminal: Terminal = {
  out: () => {},
  err: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
};

const lines = (path: string): number => readFileSync(path, "utf8").trim().split("\n").length;

async function openRun(folder: string): Promise<RecipeRun & { readonly lambdas: readonly [number, number] }> {
  const file = join(folder, "run.yaml");
  if (!existsSync(file))
    throw new UsageError(`expected a run of the demo in ${folder}, found no run.yaml: npm run demo -- --out ${folder}`);
  const run = await loadRunFile(file);
  const [first, second] = resolveStages(run).flatMap((stage) => (stage.stage === 4 ? [] : [stage.config]));
  if (first === undefined || second === undefined) throw new UsageError(`${file}: expected stages 1 and 2`);
  const records = {
    stages1And2: lines(join(folder, "stage-1-2.sft.jsonl")),
    stage3: lines(join(folder, "stage-3.cot.jsonl")),
  };
  const plainRecords = resolve(folder, "stage-3.plain.sft.jsonl");
  if (!existsSync(plainRecords)) {
    // Drawn again: that many records of stage 3 as the world's draw was asked for give the same ones.
    const asked = JSON.parse(readFileSync(join(folder, WORLD_FILE), "utf8")) as World;
    await writeJsonl(plainRecords, composedSftRecords(reasoningSets(run.seed, asked.records).chainOfThought));
  }
  return {
    epochs: [first.numTrainEpochs, second.numTrainEpochs],
    lambdas: [second.lambdaVisual, second.lambdaTextual],
    ...{ records, plainRecords, stage1: resolve(folder, "models", "stage-1") },
  };
}

async function train(): Promise<number> {
  const { values } = parseArgs({ options: { run: { type: "string" }, recipes: { type: "string" } } });
  const folder = values.run;
  if (folder === undefined) throw new UsageError("expected --run, the folder of a run of the demo");
  const wanted = values.recipes?.split(",") ?? RECIPES.map(({ name }) => name);
  const unknown = wanted.find((name) => RECIPES.every((recipe) => recipe.name !== name));
  if (unknown !== undefined)
    throw new UsageError(`expected recipes among ${RECIPES.map(({ name }) => name).join(", ")}, found ${unknown}`);
  const run = await openRun(folder);
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort(new Error("interrupted: the same command continues")));

  /** The checkpoint's folder in `models`: the demo's own stage 2 is one of the recipes. */
  const checkpointOf = (recipe: Recipe): string => {
    const [visual, textual] = run.lambdas;
    const isDemo = recipe.stage1 && recipe.lambdaVisual === visual && recipe.lambdaTextual === textual;
    return isDemo && existsSync(join(folder, "models", "stage-2")) ? "stage-2" : recipe.name;
  };
  for (const recipe of RECIPES.filter(({ name }) => wanted.includes(name))) {
    const model = join(folder, "models", checkpointOf(recipe));
    if (!existsSync(model)) {
      if (recipe.alarmTokens && recipe.stage1 && !existsSync(run.stage1))
        throw new UsageError(`expected stage 1 in ${folder}, found none: npm run demo -- --resume --out ${folder}`);
      const out = join(folder, "recipes", recipe.name);
      const args = ["train", join(folder, "run.yaml"), "--out", out, "--resume", ...recipeArguments(recipe, run)];
      process.stderr.write(`${recipe.title}\n`);
      const code = await videosafety(args, terminal, abort.signal);
      if (code !== EXIT.ok) return code;
      const last = recipe.allRecords ? "stage-1" : "stage-2";
      await rm(`${model}.new`, { recursive: true, force: true });
      await cp(join(out, "models", last), `${model}.new`, { recursive: true });
      await rename(`${model}.new`, model);
    }
    process.stdout.write(`${model}\n`);
  }
  const trained = RECIPES.map((recipe) => ({ ...recipe, checkpoint: checkpointOf(recipe) })).filter(({ checkpoint }) =>
    existsSync(join(folder, "models", checkpoint)),
  );
  await replaceFile(join(folder, "recipes.json"), `${JSON.stringify(trained, null, 2)}\n`);
  return EXIT.ok;
}

try {
  process.exitCode = await train();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.failed;
}
