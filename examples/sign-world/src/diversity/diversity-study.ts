import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { loadVideoLlm } from "@videosafety/video-llm";
import { cpuFeatures } from "@videosafety/vsb-eval/node";
import { answerPrompts, type ComposedScores, scoreComposed } from "../base/composed-evaluation.js";
import { hashOfWeights } from "../base/record-training-node.js";
import { GRAMMARS } from "../grammars/grammars.js";
import { buildComposedSet, type ComposedSample } from "../records/composed-set.js";
import type { StageSpec } from "../study/arms.js";
import { STAGE_SETTINGS } from "../study/stage-settings.js";
import { RenderedFeatures, trainStage } from "../study/train-stage.js";
import { type DiversityRow, diversityEffectTable, diversityRowSchema, queryDiversity } from "./diversity-rows.js";
import { narrowGrammar, WORDINGS, type Wordings } from "./narrow-grammar.js";

/*
 * What varied wordings are worth: stage 2 (AT-SFT, no stage 1) on as many records of few and of many productions, with the same clips, topics and
 * answers, scored on unseen clips in the training's own wordings and in held-out productions. One line per training goes to the results
 * file; what stands there is not done again.
 *
 *   npx tsx examples/sign-world/src/diversity/diversity-study.ts --base FOLDER [--seeds 1,2,3] [--out results.jsonl] [--clips 90] [--threads 1]
 *   npx tsx examples/sign-world/src/diversity/diversity-study.ts --table results.jsonl
 */
const { values } = parseArgs({
  options: {
    base: { type: "string" },
    seeds: { type: "string", default: "1,2,3" },
    wordings: { type: "string", default: WORDINGS.join(",") },
    out: { type: "string", default: "diversity-effect.jsonl" },
    records: { type: "string", default: String(STAGE_SETTINGS.records.stages1And2) },
    clips: { type: "string", default: "90" }, // unseen clips, each with four or five queries
    threads: { type: "string" },
    table: { type: "string" },
  },
});

const readRows = (path: string): DiversityRow[] =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => diversityRowSchema.parse(JSON.parse(line)))
    : [];

if (values.table !== undefined) process.stdout.write(diversityEffectTable(readRows(values.table)));
else await study();

async function study(): Promise<void> {
  const { base } = values;
  const [records, clips] = [Number(values.records), Number(values.clips)];
  const seeds = values.seeds.split(",").map(Number);
  if (base === undefined) throw new Error("expected --base, the folder of a base, found none");
  if (![records, clips, ...seeds].every((number) => Number.isInteger(number) && number > 0))
    throw new Error("expected --seeds, --records and --clips as whole numbers of at least 1");
  const wordings = values.wordings.split(",").map((name) => {
    const found = WORDINGS.find((one) => one === name);
    if (found === undefined) throw new Error(`expected --wordings among ${WORDINGS.join(", ")}, found ${name}`);
    return found;
  });
  const weights = hashOfWeights(base);
  mkdirSync(dirname(values.out), { recursive: true });
  for (const seed of seeds)
    for (const level of wordings) {
      const done = readRows(values.out).some(
        (row) => row.seed === seed && row.wordings === level && row.base === weights,
      );
      if (!done) await trainOne(base, weights, seed, level, records, clips);
    }
  process.stdout.write(diversityEffectTable(readRows(values.out)));
}

/** Topics and compositions that training shows, so that wording alone is new; without minimal pairs, whose signs decide. */
function asked({ samples }: { readonly samples: readonly ComposedSample[] }): ComposedSample[] {
  return samples.filter(({ novelty, pair }) => novelty === "seen" && pair === null);
}

async function trainOne(
  base: string,
  weights: string,
  seed: number,
  wordings: Wordings,
  records: number,
  clips: number,
): Promise<void> {
  const started = performance.now();
  const grammars = GRAMMARS.map((grammar) => narrowGrammar(grammar, wordings));
  const build = (name: string, split: "train" | "heldOut", count: number) =>
    buildComposedSet({ seed, name, split, clips: count, pairs: Math.ceil(count / 3), grammars });
  const training = build("diversity", "train", Math.ceil(records / 5.6)).samples.slice(0, records);
  const { epochs: one } = STAGE_SETTINGS.stage1;
  const { epochs: two, lambdaVisual, lambdaTextual } = STAGE_SETTINGS.stage2;
  const spec: StageSpec = { stage: 2, alarmTokens: true, epochs: one + two, lambdaVisual, lambdaTextual, clips: true };
  const model = await loadVideoLlm(base, {
    memoryPattern: false,
    ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
  });
  try {
    const features = new RenderedFeatures(model);
    const sets = { finetuning: training, chainOfThought: [], reinforcement: [], heldOut: [] };
    const steps = await trainStage(features, spec, sets, seed);
    const score = async (samples: readonly ComposedSample[]): Promise<ComposedScores> => {
      const prompts = [];
      for (const sample of samples) prompts.push(await features.prompt(sample, { alarmTokens: true, thinks: false }));
      return scoreComposed(await answerPrompts(model, samples, prompts));
    };
    const row: DiversityRow = {
      wordings,
      seed,
      base: weights,
      records: training.length,
      settings: { spec, stage2: STAGE_SETTINGS.stage2, clips },
      queries: await queryDiversity(training),
      own: await score(asked(build("diversity-own", "train", clips))),
      heldOut: await score(asked(build("diversity-held-out", "heldOut", clips))),
      lastLoss: steps.at(-1)?.value ?? Number.NaN,
      environment: { node: process.version, cpuFeatures: cpuFeatures() },
    };
    appendFileSync(values.out, `${JSON.stringify(row)}\n`);
    console.error(`seed ${seed}, ${wordings}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  } finally {
    await model.dispose();
  }
}
