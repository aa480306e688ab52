import { FeatureCache, initializeAlarms, loadAdapter, loadVideoLlm, saveVideoLlm } from "@videosafety/video-llm";
import { assembleModel } from "./assemble-node.js";
import { evaluateBaselines } from "./baselines-node.js";
import { type Evaluation, evaluateModel } from "./evaluation-node.js";
import { captionAccuracy, createEyes, trainEyes } from "./eyes.js";
import { trainGrpoStage } from "./grpo-stage-node.js";
import { type GuardReport, guardReport, readAlarms } from "./guard-node.js";
import { CAPTION_QUERY, tuneProjector } from "./projector.js";
import type { RunFolder } from "./run-folder-node.js";
import type { RunSettings } from "./run-settings.js";
import type { TrainingPlace } from "./run-training-node.js";
import { trainStage } from "./stages.js";
import { buildSets, writeSetClips } from "./training-sets.js";

const PROBES = 120;
const STAGES = [1, 2, 3, 4] as const;
/** The stage that trains the heads, and the last. */
const HEADS_READ: readonly number[] = [2, 4];

/** The whole run, from the first step that is not finished. `decoder` is a directory of tools/convert-gguf.py. */
export async function runDefense(folder: RunFolder, settings: RunSettings, decoder: string): Promise<void> {
  const { seed } = settings;
  const sets = buildSets(seed, settings.sizes);
  await folder.step("clips", () => writeSetClips(sets, folder.path));
  if (!folder.has("base")) await makeBase(folder, settings, decoder);

  const runtime = { threads: 1, memoryPattern: false, maxGraphs: 6 };
  const model = await loadVideoLlm(folder.file("models", "base"), runtime);
  const features = new FeatureCache(model, { sampling: { maxFrames: settings.maxFrames } });
  const context = { model, features, folder: folder.path, seed };
  await folder.step("baselines", () => evaluateBaselines(context, sets.training, sets.heldOut));
  const evaluate = (name: string, alarmTokens: boolean, tagged: boolean): Promise<Evaluation> =>
    folder.step(`evaluate ${name}`, async () => {
      const maxNewTokens = settings.maxNewTokens[tagged ? "tagged" : "plain"];
      const report = placeOf(folder, name).report;
      const evaluation = await evaluateModel(name, context, sets.heldOut, { maxNewTokens, alarmTokens, report });
      await model.dispose();
      return evaluation;
    });
  await evaluate("base", false, false);

  const guard = (name: string): Promise<GuardReport> =>
    folder.step(`guard ${name}`, async () => {
      const reading = async (of: "calibration" | "heldOut") => {
        const { samples } = sets[of];
        return { samples, readings: await readAlarms(context, samples) };
      };
      return guardReport(await reading("calibration"), await reading("heldOut"), settings.targetFrr);
    });

  // Adapters and alarm tokens: fresh, or those of the last stage that is finished.
  const done = STAGES.findLast((stage) => folder.has(`stage ${stage}`));
  if (done === undefined) {
    initializeAlarms(model, "mean");
    model.addLora(settings.lora, seed);
  } else await loadAdapter(model, folder.file("models", `stage-${done}`));
  for (const stage of STAGES) {
    const name = `stage-${stage}`;
    await folder.step(`stage ${stage}`, async () => {
      const place = placeOf(folder, name);
      const samples = stage === 4 ? sets.reinforcement.samples : sets.training.samples;
      const result =
        stage === 4
          ? await trainGrpoStage({ ...context, samples }, settings.grpo, place)
          : await trainStage(stage, { ...context, samples }, settings.stages[stage], place);
      await model.dispose();
      await saveVideoLlm(model, folder.file("models", name), { adapterOnly: true });
      return result;
    });
    await evaluate(name, true, stage >= 3);
    if (HEADS_READ.includes(stage)) await guard(name);
  }
  folder.say(`every step is done: ${folder.file("run.json")}`);
}

/** Eyes, assembly and projector: what the defense begins with. */
async function makeBase(folder: RunFolder, { seed, eyes, projector }: RunSettings, decoder: string): Promise<void> {
  const seeing = createEyes(seed);
  await folder.step("eyes", async () => {
    const result = await trainEyes(seeing, seed, eyes, placeOf(folder, "eyes"));
    const captions = await captionAccuracy(seeing, PROBES, "");
    await seeing.dispose();
    await saveVideoLlm(seeing, folder.file("models", "eyes"));
    return { ...result, captions, parameters: seeing.parameterCount };
  });
  await folder.step("base", async () => {
    const trained = await loadVideoLlm(folder.file("models", "eyes"));
    const model = await assembleModel(decoder, trained, seed);
    const result = await tuneProjector(model, seed, projector, placeOf(folder, "projector"));
    const captions = await captionAccuracy(model, PROBES / 2, CAPTION_QUERY);
    await model.dispose();
    await saveVideoLlm(model, folder.file("models", "base"));
    return { ...result, captions, parameters: model.parameterCount };
  });
}

/** Every training has a folder of checkpoints, a log, and lines of progress about every twentieth of it. */
function placeOf(folder: RunFolder, name: string): TrainingPlace {
  return {
    directory: folder.file("checkpoints", name),
    log: folder.file("logs", `${name}.jsonl`),
    report: (done, total, detail) => {
      const every = Math.max(1, Math.floor(total / 20));
      if (done % every === 0 || done === total) folder.say(`${name} ${done}/${total} ${detail}`);
    },
  };
}
