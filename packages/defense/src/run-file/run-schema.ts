import { draConfigSchema } from "@videosafety/rewards";
import { evalConfigSchema } from "@videosafety/vsb-eval/node";
import { z } from "zod";
import { PRECISIONS } from "./precisions.js";
import { stageSchema } from "./trainer-options.js";

const positive = z.number().int().positive();

/** Names of presets. */
export const PRESET_NAMES = ["vsr1", "demo", "lora-cpu"] as const;

const modelSchema = z.strictObject({
  source: z.string().min(1).describe("model directory, or id on the Hugging Face hub"),
  revision: z.string().min(1).optional().describe("branch, tag or commit of an id (default: main)"),
  adapter: z.string().min(1).optional().describe("PEFT LoRA adapter to start from: directory or id"),
  precision: z
    .enum(PRECISIONS)
    .default("float32")
    .describe("how the base weights are held; all but float32 freeze them, so that lora is needed"),
  providers: z
    .array(z.string().min(1))
    .min(1)
    .default(["cpu"])
    .describe("onnxruntime execution providers in order of preference, e.g. [cuda, cpu]"),
  threads: positive.optional().describe("threads inside an operation (default: all cores)"),
  maxTokensPerRun: positive.optional().describe("most tokens of one forward and backward pass (default: 4096)"),
  lora: z
    .strictObject({
      rank: positive.describe("inner size r"),
      alpha: z.number().positive().describe("the scale is alpha / rank"),
      useRslora: z.boolean().default(false).describe("the scale is alpha / sqrt(rank)"),
      targetModules: z
        .array(z.enum(["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]))
        .min(1)
        .optional()
        .describe("which linear layers of the decoder (default: all seven)"),
    })
    .nullable()
    .default(null)
    .describe("train low-rank adapters of the decoder instead of its weights"),
  alarmTokens: z.boolean().default(true).describe("false: the same training without the method, as a comparison"),
  alarmStart: z
    .union([z.enum(["zeros", "mean"]), z.strictObject({ visual: z.string().min(1), textual: z.string().min(1) })])
    .default("zeros")
    .describe(
      "where alarm vectors start in a model that has none: zeros (the authors), the mean embedding, or phrases",
    ),
  alarmVectors: z
    .strictObject({ visual: positive.optional(), textual: positive.optional() })
    .optional()
    .describe("learned vectors per modality, for a model that has none (default: 1, the paper)"),
});

const sourceSchema = z.strictObject({
  file: z.string().min(1).describe("JSON Lines"),
  format: z
    .enum(["auto", "sft", "grpo"])
    .default("auto")
    .describe("layout: sft (stages 1 to 3) or grpo (stage 4), the authors' two; auto goes by the first record"),
  mediaRoot: z.string().min(1).default(".").describe("folder that media paths of the records start from"),
  labels: z
    .enum(["as-written", "inverted"])
    .default("as-written")
    .describe("inverted: the file has 1 for safe; records are turned round as they are read"),
  missingLabels: z
    .enum(["throw", "safe"])
    .default("throw")
    .describe("what a record without safety labels means: a mistake, or (general data) safe"),
  onBadRecord: z
    .enum(["throw", "skip"])
    .default("throw")
    .describe("a record that cannot be used: stop, or leave it out"),
});

const rewardsSchema = z.strictObject({
  use: z
    .record(z.string(), z.number())
    .default({ format: 1, accuracy: 1 })
    .describe(
      "weight by name: format, accuracy, repetition, think-leakage, language-consistency, safe-completion, overlong, or of a module",
    ),
  modules: z
    .array(z.string().min(1))
    .default([])
    .describe("modules that export `rewards`, an object of reward functions by name"),
  compat: z.enum(["strict", "vsr1"]).default("strict").describe("vsr1: the authors' numbers, faults included"),
  tokenizer: z
    .enum(["rouge", "unicode"])
    .default("rouge")
    .describe("tokens of ROUGE: rouge is Google's a-z and 0-9, unicode any script"),
  dra: z.prefault(draConfigSchema, {}).describe("dynamic reward adaptation"),
  overlong: z
    .strictObject({ maxTokens: positive, bufferTokens: positive })
    .nullable()
    .default(null)
    .describe("limits of the reward overlong"),
  completionPrefix: z.string().default("").describe("what prompts already hold of every completion, such as <think>"),
});

const { items, format, root, arms, epochs, limit, generation, judges, truncated, comprehension, judgeThink, gates } =
  evalConfigSchema.shape;
const evaluationSchema = z.strictObject({
  ...{ items, format, root, arms, epochs, limit, generation, judges, truncated, comprehension, judgeThink, gates },
  batchSize: positive.default(16).describe("questions that are answered together; changes memory and speed"),
  baselines: z
    .boolean()
    .default(true)
    .describe("add rows of readers that are no models: always, never, words alone, frames alone"),
  prompts: z
    .record(z.string().min(1), z.string().regex(/\{query\}/, "expected {query} in it"))
    .default({})
    .describe(
      "what is written around the query of a checkpoint, by its name, with {query} in its place, for stages whose records have a prompt around their questions (default: nothing; stage 4 with prompt: authors has the authors' template for questions about safety)",
    ),
  probes: z
    .string()
    .min(1)
    .optional()
    .describe("further items, which the checkpoints are asked for the scorers alone: no rate counts them"),
  scorers: z
    .array(z.string().min(1))
    .default([])
    .describe("modules that export `score`, a function that counts what answers are worth by the user's own truth"),
  blur: z
    .boolean()
    .default(true)
    .describe("blur queries, answers and frames of evaluation.html until they are clicked"),
});

/** `run.yaml`: what `videosafety train` and `evaluate` do. Unknown members are refused. */
export const runFileSchema = z.strictObject({
  $schema: z.string().optional().describe("address of this schema, for editors"),
  preset: z.enum(PRESET_NAMES).optional().describe("settings to start from; what the file says goes over them"),
  seed: z.number().int().nonnegative().default(1).describe("of new weights, the order of records, and rollouts"),
  out: z.string().min(1).describe("run folder: checkpoints, models, events, results"),
  model: modelSchema,
  data: z.record(z.string().min(1), sourceSchema).describe("training records by name"),
  frames: z
    .strictObject({
      fps: z.number().positive().optional().describe("frames per second of video (default: the family's own)"),
      maxFrames: positive.optional().describe("most frames of a video (default: the family's own)"),
      maxVisualTokens: positive.optional().describe("most tokens of a whole video; frames become smaller"),
    })
    .prefault({})
    .describe("how videos are shown"),
  maxLength: positive.optional().describe("most tokens of prompt and answer (default: the model's positions)"),
  stages: z.array(stageSchema).min(1).describe("stages to run, in ascending order"),
  saveSteps: positive.default(50).describe("optimizer steps between checkpoints, where a stage does not say"),
  saveTotalLimit: positive.nullable().default(2).describe("newest checkpoints of a stage to keep; null keeps all"),
  rewards: rewardsSchema.prefault({}).describe("rewards of stage 4"),
  evaluation: evaluationSchema.optional().describe("held-out items and how they are asked"),
  featureCache: z
    .strictObject({
      directory: z.string().min(1).optional().describe("default: the user's cache folder"),
      maxBytes: positive.default(20 * 2 ** 30).describe("most bytes on disk; what was used longest ago goes first"),
    })
    .nullable()
    .prefault({})
    .describe("features of the frozen vision encoder, kept by content; null keeps none"),
});

/** A run file with every default filled in, and paths made absolute. */
export type RunFile = z.output<typeof runFileSchema>;
/** What a user writes. */
export type RunFileInput = z.input<typeof runFileSchema>;
/** One source of `data`. */
export type DataSource = RunFile["data"][string];

/** The JSON Schema of `run.yaml`, for editors; the package holds it as `schema/run.json`. */
export function runFileJsonSchema(): object {
  return {
    ...z.toJSONSchema(runFileSchema, { io: "input" }),
    title: "videosafety run file",
    description: "What `videosafety train run.yaml` does. Relative paths start from the file's folder.",
  };
}
