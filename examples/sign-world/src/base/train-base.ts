import { parseArgs } from "node:util";
import { saveVideoLlm } from "@videosafety/video-llm";
import { evaluateBase } from "./base-evaluation.js";
import { createBaseModel } from "./base-model.js";
import { BASE_RECIPE, trainBase } from "./base-training.js";
import { checkOutputFolder, recordTraining } from "./record-training-node.js";

/*
 * Trains the base checkpoint that the repository ships (assets/base) and measures it on held-out data. It is written to a
 * folder of its own; one that holds a checkpoint is not touched without --overwrite:
 *
 *   npx tsx examples/sign-world/src/base/train-base.ts [--seed 1] [--scale 1] [--out base-checkpoint] [--overwrite]
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: `${BASE_RECIPE.seed}` },
    scale: { type: "string", default: "1" }, // multiplies every phase's steps
    out: { type: "string", default: "base-checkpoint" },
    overwrite: { type: "boolean", default: false },
  },
});
checkOutputFolder(values.out, values.overwrite);
const seed = Number(values.seed);
const phases = BASE_RECIPE.phases.map((phase) => ({ ...phase, steps: Math.round(phase.steps * Number(values.scale)) }));
const started = performance.now();
const model = createBaseModel(seed);
console.error(`${model.parameterCount} parameters`);
const recent = new Map<string, number>();
const checkpoints = new Set(phases.map((_, i) => phases.slice(0, i + 1).reduce((sum, { steps }) => sum + steps, 0)));
for await (const { step, totalSteps, kind, loss } of trainBase(model, { ...BASE_RECIPE, seed, phases })) {
  const before = recent.get(kind);
  recent.set(kind, before === undefined ? loss : 0.95 * before + 0.05 * loss);
  if (checkpoints.has(step)) await saveVideoLlm(model, values.out, { dtype: "bfloat16" });
  if (step % 25 > 0 && step < totalSteps) continue;
  const losses = [...recent].map(([name, value]) => `${name} ${value.toFixed(3)}`).join(", ");
  console.error(`${((performance.now() - started) / 1000).toFixed(0)} s, step ${step} of ${totalSteps}: ${losses}`);
}
const { counts, answers } = await evaluateBase(model, seed + 1000);
for (const [kind, { total, refused, useful }] of counts) {
  console.log(`${kind}: ${total} answers, refused ${percent(refused, total)}, useful ${percent(useful, total)}`);
}
for (const { sample, text } of answers.slice(0, 24)) console.log(`  ${sample.id} | ${sample.query} | ${text}`);
recordTraining(values.out, { script: "sign-world/src/base/train-base.ts", seed, scale: Number(values.scale), phases });
await model.dispose();

function percent(count: number, total: number): string {
  return `${((100 * count) / total).toFixed(1)} %`;
}
