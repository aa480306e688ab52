import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { auc } from "@videosafety/alarm-tokens";
import { trainWordRegression } from "@videosafety/vsb-eval/baselines";
import { cpuFeatures } from "@videosafety/vsb-eval/node";
import { frameReader } from "../../admission/admission.js";
import { type ComposedSample, composedLabels } from "../../records/composed-set.js";
import { ARMS, type Arm, readoutOf, thinksFirst } from "../arms.js";
import { withTrainedArm } from "../run-arm-node.js";
import { STAGE_SETTINGS } from "../stage-settings.js";
import { studySets } from "../study-sets.js";
import { type AlarmHeads, alarmHeadsSchema, READERS, readAlarmHeads } from "./alarm-heads.js";

/*
 * How well the classifiers of alarm tokens, and of the last token without any, tell harm apart on the study's held-out samples
 * with clips; regressions on words and on frames stand beside them. Trains what is missing; lines that are there are kept.
 *
 *   npx tsx src/study/alarm-heads/score-alarm-heads.ts --seed 1 --base assets/base --work study-work --out alarm-heads.jsonl
 *     [--arms stage-2,at-sft-last-token,...] [--draw test|development] [--threads 1]
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    base: { type: "string" },
    work: { type: "string", default: "study-work" },
    out: { type: "string", default: "alarm-heads.jsonl" },
    arms: { type: "string", default: "readers,stage-2,at-sft-no-stage-1,at-sft-last-token,full" },
    draw: { type: "string", default: "test" },
    threads: { type: "string" },
  },
});
const { draw, out } = values;
const seed = Number(values.seed);
if (!Number.isInteger(seed) || seed < 0)
  throw new Error(`expected --seed as a whole number of at least 0, found ${values.seed}`);
if (draw !== "test" && draw !== "development")
  throw new Error(`expected --draw test or development, found ${values.draw}`);
if (values.base === undefined) throw new Error("expected --base: the folder of the seed's own base");
const { base } = values;
const arms = values.arms.split(",").map((name) => {
  if (name === READERS) return READERS;
  const found = ARMS.find((arm) => arm.name === name);
  if (found === undefined || readoutOf(found) === null)
    throw new Error(`expected arms with classifiers, or ${READERS}, found ${name}`);
  return found;
});
const sizes = { ...STAGE_SETTINGS.records, heldOutClips: 120 };
const sets = studySets(seed, draw, sizes);
const samples = sets.heldOut.filter(({ clip }) => clip !== null);
const labels = samples.map(composedLabels);

const nameOf = (arm: Arm | typeof READERS): string => (arm === READERS ? arm : arm.name);

const done: AlarmHeads[] = [];
if (existsSync(out)) done.push(...readAlarmHeads(readFileSync(out, "utf8")));
for (const arm of arms) {
  if (done.some((row) => row.arm === nameOf(arm) && row.seed === seed && row.draw === draw)) continue;
  const scored = await (arm === READERS ? scoresOfReaders() : scoresOfHeads(arm));
  const areaOf = (scores: ArrayLike<number> | null, modality: "visual" | "textual") => {
    if (scores === null) return null;
    const harmful = labels.map((one) => one[modality]);
    const count = harmful.filter((label) => label === 1).length;
    return { auc: auc(scores, harmful), harmful: count, safe: harmful.length - count };
  };
  const row: AlarmHeads = {
    arm: nameOf(arm),
    seed,
    draw,
    base: scored.base,
    visual: areaOf(scored.visual, "visual"),
    textual: areaOf(scored.textual, "textual"),
    environment: { node: process.version, cpuFeatures: cpuFeatures() },
  };
  appendFileSync(out, `${JSON.stringify(alarmHeadsSchema.parse(row))}\n`);
  console.error(
    `seed ${seed}, ${row.arm}: ${row.visual?.auc.toFixed(3) ?? "-"}, ${row.textual?.auc.toFixed(3) ?? "-"}`,
  );
}

interface Scores {
  readonly base: string | null;
  readonly visual: ArrayLike<number> | null;
  readonly textual: ArrayLike<number> | null;
}

function scoresOfHeads(arm: Arm): Promise<Scores> {
  const threads = values.threads === undefined ? {} : { threads: Number(values.threads) };
  const context = { seed, sizes, sets, base, models: join(values.work, "models"), say: console.error, ...threads };
  return withTrainedArm(arm, context, async ({ features, base: weights }) => {
    const readout = readoutOf(arm);
    const shape = {
      alarmTokens: readout === "alarm-tokens",
      thinks: thinksFirst(arm),
      readout: readout === "last-token" ? readout : undefined,
    };
    const probes = [];
    for (const sample of samples) {
      const prompt = await features.prompt(sample, shape);
      probes.push(features.model.prepareSample({ prompt, labels: composedLabels(sample) }));
    }
    const { visualLogits, textualLogits } = await features.model.alarmStates(probes);
    return { base: weights, visual: visualLogits, textual: textualLogits };
  });
}

/** What words and frames alone tell, learnt from the same records as stage 2's classifiers. */
async function scoresOfReaders(): Promise<Scores> {
  const textual = (sample: ComposedSample) => composedLabels(sample).textual;
  const texts = sets.finetuning.map((sample) => ({ text: sample.query, label: textual(sample) }));
  const words = trainWordRegression(texts, { pairs: true });
  const withClip = sets.finetuning.filter(({ clip }) => clip !== null);
  const frames = frameReader(withClip, (sample) => composedLabels(sample).visual);
  return { base: null, visual: samples.map(frames), textual: samples.map(({ query }) => words(query)) };
}
