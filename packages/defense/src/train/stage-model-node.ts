import { rm } from "node:fs/promises";
import { authorsPrompt } from "@videosafety/safety-data";
import { hasAlarms, initializeAlarms, saveVideoLlm, type VideoLlm } from "@videosafety/video-llm";
import { DefenseError } from "../errors.js";
import { type CheckpointNotes, writeNotes } from "../model/checkpoint-notes-node.js";
import { checkpointParts, type OpenedCheckpoint, openCheckpoint } from "../model/open-checkpoint-node.js";
import { defined, framesOf } from "../run-file/frames-of.js";
import type { ResolvedStage } from "../run-file/resolve-stages.js";
import type { RunFile } from "../run-file/run-schema.js";

/**
 * The model that a stage begins with: that of the stage before it, from its files, or the run's base with adapters and alarm vectors as
 * the run file wants them. Every stage starts from files, so that a run that was stopped goes on with the same bits.
 *
 * @param before folder of the stage before; null for the run's first stage
 * @throws DefenseError `stage-order` for alarm tokens that nothing trained before a stage that leaves them as they are
 */
export async function openStageModel(
  run: RunFile,
  stage: ResolvedStage,
  before: string | null,
  signal: AbortSignal,
): Promise<OpenedCheckpoint> {
  const { precision, providers, threads, maxTokensPerRun, revision, alarmVectors } = run.model;
  const opened = await openCheckpoint(before ?? run.model.source, {
    ...{ precision, providers, frames: framesOf(run), seed: run.seed, signal },
    ...defined({ threads, maxTokensPerRun, revision }),
    ...(before !== null || run.model.adapter === undefined ? {} : { adapter: run.model.adapter }),
    ...(alarmVectors === undefined ? {} : { alarmVectors: defined(alarmVectors) }),
  });
  const { model } = opened;
  if (before === null) prepareBase(run, model);
  if (run.model.alarmTokens) checkAlarms(stage, model);
  return opened;
}

function prepareBase({ model: settings, seed }: RunFile, model: VideoLlm): void {
  if (settings.lora !== null) {
    if (model.lora !== null)
      throw new DefenseError(
        "invalid-run-file",
        "model.lora: expected a model without adapters, found some: leave lora out to train those that it has",
      );
    const { targetModules, ...lora } = settings.lora;
    model.addLora({ ...lora, ...defined({ targetModules }) }, seed);
  }
  if (settings.alarmTokens && !hasAlarms(model)) initializeAlarms(model, settings.alarmStart);
}

/** Stages 3 and 4 leave alarm tokens as they are: as zeros they say nothing. */
function checkAlarms(stage: ResolvedStage, model: VideoLlm): void {
  const trains = stage.stage !== 4 && stage.config.learningRates.alarmTokens !== undefined;
  if (trains || hasAlarms(model)) return;
  throw new DefenseError(
    "stage-order",
    `${stage.name}: expected alarm tokens that an earlier stage trained, found none in the model: run stage 1 or 2 first, give a rate for alarmTokens, or set model.alarmTokens: false`,
  );
}

/**
 * What is written around a question that the stage's model is asked: as the run's evaluation says, else as stage 4 wrote around questions
 * about safety. What records of other stages hold around theirs is not known here.
 */
export function questionPromptOf(run: RunFile, stage: ResolvedStage): string | undefined {
  const told = run.evaluation?.prompts[stage.name];
  if (told !== undefined || stage.stage !== 4 || stage.prompt !== "authors") return told;
  return authorsPrompt({ question: "{query}", problemType: "free-form-and-choice" });
}

/** Saves what a stage made, as adapters where the run trains adapters, with the notes that opening it needs. */
export async function saveStageModel(
  run: RunFile,
  stage: ResolvedStage,
  model: VideoLlm,
  directory: string,
): Promise<void> {
  const { base } = await checkpointParts(run.model.source, run.model.adapter);
  const { revision, adapter, precision, alarmTokens } = run.model;
  await rm(`${directory}/adapter_config.json`, { force: true });
  await saveVideoLlm(model, directory, model.lora === null ? {} : { adapterOnly: true, baseModel: base });
  const notes: CheckpointNotes = {
    ...{ stage: stage.name, base, precision, alarmTokens, frames: framesOf(run) },
    ...defined({ revision, adapter, questionPrompt: questionPromptOf(run, stage) }),
  };
  await writeNotes(directory, notes);
}
