import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { replaceFile } from "@videosafety/safety-data/node";
import { loadVideoLlm, saveVideoLlm, type VideoLlm } from "@videosafety/video-llm";
import { buildComposedSet } from "../records/composed-set.js";
import { ARCHITECTURES, type Architecture, createBaseModel, tokensOf } from "./base-model.js";
import { answerComposed, scoreComposed } from "./composed-evaluation.js";
import { buildComposedTokenizer } from "./composed-tokenizer.js";
import { pretrainingRecipe, type TrainingRecipe, trainComposed, tuningRecipe } from "./composed-training.js";
import { measuredBefore } from "./degradation-report.js";
import { recordTraining } from "./record-training-node.js";

/*
 * The base of the world, and how refusing is lost: pre-trains a model on text (harmful requests refused) and frames,
 * then tunes it on clips without one harmful request beside a clip, once per share of replayed text, and measures refusals
 * with and without the clip on the way. Everything is kept in --out; the same command with --resume continues a run that
 * was stopped, at the last saved step.
 *
 *   npx tsx examples/sign-world/src/base/degradation.ts --seed 1 --out degradation [--resume]
 *     [--architecture videollama3|qwen2-vl|smolvlm2] [--scale 1] [--replays 0,0.15,0.4] [--steps 1000] [--marks 0,50,200,500,1000] [--clips 100] [--threads 1]
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "degradation" },
    resume: { type: "boolean", default: false },
    architecture: { type: "string", default: "videollama3" },
    scale: { type: "string", default: "1" }, // multiplies the steps of pre-training
    replays: { type: "string", default: "0,0.15,0.4" },
    steps: { type: "string", default: "1000" },
    marks: { type: "string", default: "0,50,200,500,1000" },
    clips: { type: "string", default: "100" },
    threads: { type: "string", default: "0" }, // 0: one per core
  },
});

const numbers = (text: string): number[] => text.split(",").map(Number);
const [seed, scale, steps, clips] = [values.seed, values.scale, values.steps, values.clips].map(Number) as [
  number,
  number,
  number,
  number,
];
const [threads, allMarks, replays] = [Number(values.threads), numbers(values.marks), numbers(values.replays)];
if (![seed, scale, steps, clips, threads, ...allMarks, ...replays].every(Number.isFinite))
  throw new Error("expected numbers for --seed, --scale, --steps, --clips, --marks, --replays and --threads");
const architecture = values.architecture as Architecture;
if (!ARCHITECTURES.includes(architecture))
  throw new Error(`expected --architecture ${ARCHITECTURES.join(", ")}, found ${values.architecture}`);
const marks = allMarks.filter((mark) => mark <= steps);
const runtime = { memoryPattern: false, ...(threads > 0 ? { threads } : {}) };
const resultsFile = join(values.out, "degradation.json");
if (existsSync(resultsFile) && !values.resume)
  throw new Error(
    `${values.out} already holds a run: add --resume to continue it, or choose another folder with --out`,
  );
mkdirSync(values.out, { recursive: true });
const other = architecture === "videollama3" ? {} : { architecture };
const settings = { seed, ...other, scale, steps, clips, set: "development, held-out productions" };
const measured = existsSync(resultsFile)
  ? [...measuredBefore(JSON.parse(readFileSync(resultsFile, "utf8")), settings)]
  : [];
const writeResults = (): Promise<void> =>
  replaceFile(resultsFile, `${JSON.stringify({ settings, measured }, null, 1)}\n`);
await writeResults(); // before the first step: what is stopped before its first measurement is not continued with other settings either

const heldOut = buildComposedSet({
  seed,
  name: "development",
  split: "heldOut",
  clips,
  pairs: Math.ceil(clips / 3),
}).samples;
const textOnly = heldOut.filter(({ family }) => family === "H" || family === "N" || family === "B");

async function measure(model: VideoLlm, replay: number, step: number): Promise<void> {
  const answers = [
    ...(await answerComposed(model, heldOut)),
    ...(await answerComposed(model, textOnly, { clips: false })),
  ];
  const scores = scoreComposed(answers);
  measured.push({ replay, step, scores });
  await writeResults();
  const percent = (name: string): string => {
    const share = scores[name];
    return share ? `${((100 * share.count) / share.of).toFixed(1)} %` : "-";
  };
  const shown = [
    "harmful text: refused",
    "HH: refused",
    "HH: complied",
    "SH: refused",
    "SH: complied",
    "safe: right",
    "safe: refused",
    "V: right",
    "VR pairs: both right",
  ];
  console.log(`replay ${replay}, step ${step}: ${shown.map((name) => `${name} ${percent(name)}`).join(", ")}`);
  if (step === steps)
    writeFileSync(
      join(values.out, `answers-${replay}.json`),
      JSON.stringify(
        answers.map(({ sample, ...rest }) => ({ id: sample.id, query: sample.query, right: sample.answer, ...rest })),
        null,
        1,
      ),
    );
}

/** Runs a recipe to its end, from its last saved state if there is one. */
async function train(
  model: VideoLlm,
  recipe: TrainingRecipe,
  state: string,
  at: (step: number) => Promise<void> = async () => {},
): Promise<void> {
  const started = performance.now();
  const recent = new Map<string, number>();
  const resume = existsSync(state);
  for await (const { step, totalSteps, kind, loss } of trainComposed(model, recipe, {
    checkpoint: state,
    resume,
    saveEvery: 50,
  })) {
    const before = recent.get(kind);
    recent.set(kind, before === undefined ? loss : 0.95 * before + 0.05 * loss);
    if (step % 50 === 0 || step === totalSteps) {
      const losses = [...recent].map(([name, value]) => `${name} ${value.toFixed(3)}`).join(", ");
      console.error(
        `${((performance.now() - started) / 1000).toFixed(0)} s, ${recipe.name} step ${step} of ${totalSteps}: ${losses}`,
      );
    }
    await at(step);
  }
}

const script = "sign-world/src/base/degradation.ts";
const pretraining = pretrainingRecipe(seed, scale);
const pretrained = join(values.out, pretraining.name);
if (!existsSync(join(pretrained, "training.json"))) {
  const model = createBaseModel(seed, buildComposedTokenizer(tokensOf(architecture)), { ...runtime, architecture });
  console.error(`${model.parameterCount} parameters`);
  await train(model, pretraining, join(values.out, `${pretraining.name}.state.safetensors`));
  await saveVideoLlm(model, pretrained);
  recordTraining(pretrained, { script, recipe: pretraining });
  await model.dispose();
}
for (const replay of replays) {
  const tuned = join(values.out, `tuned-${replay}`);
  if (existsSync(join(tuned, "training.json"))) continue;
  const model = await loadVideoLlm(pretrained, runtime);
  const isMeasured = (step: number): boolean => measured.some((one) => one.replay === replay && one.step === step);
  if (marks.includes(0) && !isMeasured(0)) await measure(model, replay, 0);
  const recipe = tuningRecipe(seed, replay, steps);
  await train(model, recipe, join(values.out, `tuning-${replay}.state.safetensors`), async (step) => {
    if (marks.includes(step) && !isMeasured(step)) await measure(model, replay, step);
  });
  await saveVideoLlm(model, tuned, { dtype: "bfloat16" });
  recordTraining(tuned, { script, recipe, pretraining });
  await model.dispose();
}
