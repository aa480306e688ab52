import { atSftConfigSchema } from "@videosafety/alarm-tokens/train";
import { grpoConfigSchema } from "@videosafety/grpo";
import { z } from "zod";

type Fields = Readonly<Record<string, z.core.$ZodType>>;
/** A field as a user may leave it out, without the default that the trainer fills in. */
type Optional<T extends Fields> = { [K in keyof T]: z.ZodOptional<T[K]> };

/** A trainer's fields, each optional: a default would hide what a preset says. */
function optionalFields<T extends Fields>(shape: T): Optional<T> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => {
      const bare = field instanceof z.core.$ZodDefault ? field._zod.def.innerType : field;
      const description = z.globalRegistry.get(field)?.description;
      return [name, description === undefined ? z.optional(bare) : z.optional(bare).describe(description)];
    }),
  ) as Optional<T>;
}

const sources = z
  .array(z.string().min(1))
  .min(1)
  .optional()
  .describe("names of `data` that this stage learns from (default: all of the format that it reads)");
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/i, "expected letters, digits, dots, dashes: it names a folder")
  .optional()
  .describe("name of its folders and rows (default: stage-<number>)");

const { learningRates: _, ...atSft } = atSftConfigSchema.shape;
const rate = z.number().positive();

/** Stages 1 to 3: alarm-tokens' trainer, and where its samples come from. */
export const sftStageSchema = z.strictObject({
  stage: z.literal([1, 2, 3]).describe("1 alarm autoregression, 2 AT-SFT, 3 chain-of-thought cold start"),
  name,
  sources,
  turns: z
    .enum(["every", "last"])
    .default("every")
    .describe("of a conversation: learn every answer, each with what precedes it, or only the last"),
  learningRate: rate
    .optional()
    .describe("peak rate of the language model: of its adapters where there are some, else of its weights"),
  learningRates: z
    .strictObject({
      llm: rate.optional(),
      lora: rate.optional(),
      alarmTokens: rate.optional(),
      classifiers: rate.optional(),
      projector: rate.optional(),
      visionEncoder: rate.optional(),
    })
    .optional()
    .describe("peak rates of parameter groups, put over the stage's own; null is not a rate: see `freeze`"),
  freeze: z
    .array(z.enum(["llm", "lora", "alarmTokens", "classifiers"]))
    .default([])
    .describe("groups that the stage would train, and that stay as they are"),
  ...optionalFields(atSft),
});

/** Stage 4: grpo's trainer, and where its prompts come from. */
export const grpoStageSchema = z.strictObject({
  stage: z.literal(4).describe("4 safety-guided GRPO"),
  name,
  sources,
  prompt: z
    .enum(["authors", "plain"])
    .default("authors")
    .describe("authors: the question in the words of their training script; plain: the question alone"),
  reference: z
    .enum(["snapshot", "adapter-off"])
    .default("snapshot")
    .describe("what the KL compares with: the weights as the stage finds them, or the model without its adapters"),
  ...optionalFields(grpoConfigSchema.shape),
});

/** One entry of `stages`. */
export const stageSchema = z.discriminatedUnion("stage", [sftStageSchema, grpoStageSchema]);
/** A stage of stages 1 to 3, as a run file holds it. */
export type SftStage = z.output<typeof sftStageSchema>;
/** Stage 4, as a run file holds it. */
export type GrpoStage = z.output<typeof grpoStageSchema>;
