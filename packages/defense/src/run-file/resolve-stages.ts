import { type AtSftConfig, parseAtSftConfig } from "@videosafety/alarm-tokens/train";
import { type GrpoConfig, resolveGrpoConfig } from "@videosafety/grpo";
import { DefenseError } from "../errors.js";
import { defined } from "./frames-of.js";
import { STAGE_DEFAULTS } from "./presets.js";
import type { RunFile } from "./run-schema.js";
import type { GrpoStage, SftStage } from "./trainer-options.js";

/** What every stage has. */
interface StageBase {
  /** Unique in the run: names its folders and rows. */
  readonly name: string;
  /** Names of its sources; null: all of the format that it reads. */
  readonly sources: readonly string[] | null;
}

/** One of the stages 1 to 3, with its trainer's whole configuration. */
export interface ResolvedSftStage extends StageBase {
  readonly stage: 1 | 2 | 3;
  readonly turns: "every" | "last";
  readonly config: AtSftConfig;
}

/** Stage 4, with its trainer's whole configuration. */
export interface ResolvedGrpoStage extends StageBase {
  readonly stage: 4;
  readonly prompt: "authors" | "plain";
  readonly reference: "snapshot" | "adapter-off";
  readonly config: GrpoConfig;
}

/** A stage as it is trained. */
export type ResolvedStage = ResolvedSftStage | ResolvedGrpoStage;

/** Whether a stage trains what visual features are made by, so that they cannot be kept. */
export const trainsVision = (stage: ResolvedStage): boolean =>
  stage.stage !== 4 &&
  (stage.config.learningRates.visionEncoder !== undefined || stage.config.learningRates.projector !== undefined);

/**
 * The stages of a run with everything that their trainers need: the authors' settings under what the run file says.
 *
 * @throws DefenseError `stage-order` for stages that descend or share a name; `invalid-run-file` for settings that
 *   contradict the model; and what the trainers say of their own settings
 */
export function resolveStages(run: RunFile): ResolvedStage[] {
  const stages = run.stages.map((stage) => (stage.stage === 4 ? grpoStage(run, stage) : sftStage(run, stage)));
  for (const [i, { stage, name }] of stages.entries()) {
    const before = stages[i - 1];
    if (before !== undefined && before.stage > stage)
      throw new DefenseError(
        "stage-order",
        `stages.${i}: expected a stage of at least ${before.stage}, found stage ${stage} after it: each stands on the ones before; list them in ascending order`,
      );
    if (stages.slice(0, i).some((other) => other.name === name))
      throw new DefenseError("stage-order", `stages.${i}: expected a name of its own, found ${name} twice; set name`);
  }
  return stages;
}

/** The group that is the language model of a run. */
export const decoderGroup = ({ model }: RunFile): "lora" | "llm" =>
  model.lora === null && model.adapter === undefined ? "llm" : "lora";

function sftStage(run: RunFile, stage: SftStage): ResolvedSftStage {
  const {
    stage: number,
    name = `stage-${number}`,
    sources = null,
    turns,
    learningRate,
    learningRates,
    freeze,
    ...own
  } = stage;
  const { learningRates: usual, ...defaults } = STAGE_DEFAULTS[number];
  const decoder = decoderGroup(run);
  const { llm, ...others } = usual;
  const rates: Record<string, number | undefined> = { ...(llm === undefined ? {} : { [decoder]: llm }), ...others };
  if (learningRate !== undefined) rates[decoder] = learningRate;
  Object.assign(rates, learningRates ?? {});
  for (const group of freeze) delete rates[group];
  if (!run.model.alarmTokens) for (const group of ["alarmTokens", "classifiers"]) delete rates[group];
  const off = run.model.alarmTokens ? {} : { lambdaVisual: 0, lambdaTextual: 0 };
  const config = parseAtSftConfig({
    ...{ seed: run.seed, saveSteps: run.saveSteps, saveTotalLimit: run.saveTotalLimit },
    ...defaults,
    ...defined(own),
    ...off,
    learningRates: defined(rates),
  });
  checkGroups(run, name, Object.keys(config.learningRates));
  return { stage: number, name, sources, turns, config };
}

function grpoStage(run: RunFile, stage: GrpoStage): ResolvedGrpoStage {
  const { stage: number, name = "stage-4", sources = null, prompt, reference, ...own } = stage;
  const limits = { seed: run.seed, saveTotalLimit: run.saveTotalLimit };
  // The authors save every 200 steps, which is longer than many runs here.
  const config = resolveGrpoConfig({ ...limits, ...STAGE_DEFAULTS[number], saveSteps: run.saveSteps, ...defined(own) });
  checkGroups(run, name, [decoderGroup(run), ...Object.keys(config.learningRates)]);
  if (reference === "adapter-off" && decoderGroup(run) !== "lora")
    throw new DefenseError(
      "invalid-run-file",
      `${name}: expected model.lora beside reference adapter-off, found none; add it or take snapshot`,
    );
  return { stage: number, name, sources, prompt, reference, config };
}

function checkGroups(run: RunFile, name: string, groups: readonly string[]): void {
  const { precision } = run.model;
  const frozen = precision !== "float32";
  const weights = groups.find((group) => ["llm", "projector", "visionEncoder"].includes(group));
  if (frozen && weights !== undefined)
    throw new DefenseError(
      "invalid-run-file",
      `${name}: expected adapters beside precision ${precision}, which freezes the weights, found a rate for ${weights}; set model.lora, e.g. {rank: 16, alpha: 32}`,
    );
  if (groups.includes("lora") && decoderGroup(run) !== "lora")
    throw new DefenseError("invalid-run-file", `${name}: expected model.lora beside a rate for lora, found none`);
}
