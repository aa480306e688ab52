import { STAGE_SETTINGS } from "sign-world";
import { z } from "zod";

const stageSchema = z.strictObject({
  epochs: z.number().positive().describe("passes over the stage's training records"),
  batchSize: z.int().positive().describe("samples an optimizer step"),
  learningRate: z.number().positive().describe("peak rate of the language model (cosine schedule, 3 % warm-up)"),
  alarmLearningRate: z.number().positive().describe("peak rate of the alarm tokens and of the ATC heads"),
});

/** Everything the pipeline's numbers depend on; saved with every run. A small model wants larger rates than the paper's 1e-6. */
export const pipelineConfigSchema = z.strictObject({
  seed: z.int().nonnegative().describe("of clips, questions, shuffling and rollouts; the base checkpoint is fixed"),
  sizes: z.strictObject({
    evalItems: z.int().positive().describe("held-out items in each of HH and SH; twice as many clips"),
    stages1And2: z.int().positive().describe("training records of stages 1 and 2"),
    stage3: z.int().positive().describe("training records of stage 3"),
    stage4: z.int().positive().describe("training prompts of stage 4"),
  }),
  sampling: z.strictObject({
    fps: z.number().positive().describe("frames per second taken from each clip"),
    maxFrames: z.int().positive().describe("cap on the frames of a clip"),
  }),
  stage1: stageSchema,
  stage2: stageSchema.extend({
    lambdaVisual: z.number().nonnegative().describe("weight of the visual alarm classification loss (paper: 0.1)"),
    lambdaTextual: z.number().nonnegative().describe("weight of the textual alarm classification loss (paper: 0.1)"),
  }),
  stage3: stageSchema.omit({ alarmLearningRate: true }),
  stage4: z.strictObject({
    steps: z.int().positive().describe("optimizer steps"),
    promptsPerStep: z.int().positive().describe("prompts a step, each with a group of completions"),
    numGenerations: z.int().min(2).describe("completions a prompt (paper: 6)"),
    learningRate: z.number().positive().describe("peak rate of the language model, cosine schedule"),
    beta: z.number().nonnegative().describe("weight of the KL term (paper: 0.04)"),
  }),
  maxNewTokens: z.int().positive().describe("longest completion, in tokens"),
});

/** The resolved configuration of one pipeline run. */
export type PipelineConfig = z.infer<typeof pipelineConfigSchema>;

const { records, maxNewTokens, ...stages } = STAGE_SETTINGS;

/** What `npm run demo` runs: the stages of the study, on one seed. */
export const DEMO_CONFIG: PipelineConfig = pipelineConfigSchema.parse({
  seed: 1,
  sizes: { evalItems: 60, ...records },
  sampling: { fps: 1, maxFrames: 6 },
  ...stages,
  maxNewTokens,
});

/** The same pipeline, shortened: every step runs, nothing is learnt well. */
export const QUICK_CONFIG: PipelineConfig = pipelineConfigSchema.parse({
  ...DEMO_CONFIG,
  sizes: { evalItems: 6, stages1And2: 32, stage3: 64, stage4: 8 },
  stage1: { ...DEMO_CONFIG.stage1, epochs: 1 },
  stage2: { ...DEMO_CONFIG.stage2, epochs: 1 },
  stage4: { ...DEMO_CONFIG.stage4, steps: 3, promptsPerStep: 2 },
});
