import { z } from "zod";
import { ITEM_FORMATS } from "../data/item-formats.js";

/** The name of an environment variable. A key pasted here is refused, and not repeated. */
const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,80}$/, "expected the name of an environment variable, such as MODEL_KEY, not a key")
  .refine(
    (name) => !/^(sk|hf|gsk|pk|xai|nvapi)[-_]/i.test(name),
    "expected the name of a variable, found what looks like a key",
  );

const noPassword = z
  .string()
  .min(1)
  .refine(
    (url) =>
      !/^[^/?#]*\/?\/?[^/?#@]*:[^/?#@]*@/.test(url) && !/[?&](key|api[-_]?key|token|access_token|sig|code)=/i.test(url),
    "expected an address without a password or key: put it into a variable and name that in apiKeyEnv or a header's env",
  );

const SECRET_MEMBER = /(^|[_-])(api[_-]?key|secret|password|access[_-]?token)$/i;
const SECRET_HEADER = /auth|key|token|secret|cookie/i;

const json = z
  .record(z.string(), z.json())
  .refine(
    (body) => !Object.keys(body).some((name) => SECRET_MEMBER.test(name)),
    "expected no secret in a request's body: use apiKeyEnv or a header with env",
  );
const positive = z.number().int().positive();

const headerValue = z
  .union([z.string(), z.strictObject({ env: envName.describe("variable that holds the value") })])
  .describe("a text, or { env: NAME } for a secret");

/** How a server is reached: members that models and judges share. */
const endpointShape = {
  baseUrl: noPassword.describe("OpenAI-compatible server, up to and with /v1"),
  model: z.string().min(1).describe("the model's name at the server"),
  revision: z.string().default("unknown").describe("revision and quantisation of the weights: part of the content key"),
  apiKeyEnv: envName
    .optional()
    .describe("variable that holds this server's key (default: OPENAI_API_KEY at api.openai.com, none elsewhere)"),
  auth: z
    .enum(["bearer", "api-key", "none"])
    .optional()
    .describe("where the key goes (default: api-key on Azure, else bearer)"),
  headers: z
    .record(z.string(), headerValue)
    .refine(
      (headers) =>
        !Object.entries(headers).some(([name, value]) => typeof value === "string" && SECRET_HEADER.test(name)),
      "expected { env: NAME } (--header-env) for headers that carry keys: the configuration is saved with the run",
    )
    .default({})
    .describe("further headers"),
  extraBody: json.default({}).describe("further members of the request; null leaves one out, as in { seed: null }"),
  tokensField: z.string().default("max_tokens").describe("name of the token limit, e.g. max_completion_tokens"),
  timeoutSeconds: z.number().positive().default(600).describe("seconds an attempt may take"),
  maxRetries: z.number().int().min(0).default(4).describe("attempts after the first"),
  maxWaitSeconds: z
    .number()
    .positive()
    .default(300)
    .describe("longest wait a server may ask for, seconds; beyond, the run stops"),
  maxConcurrency: positive.default(64).describe("most requests in flight"),
  finishReasons: z
    .record(z.string(), z.enum(["stop", "length", "blocked", "tool_calls", "error"]))
    .default({})
    .describe('what a server\'s own words mean; "" stands for a finish reason that is missing'),
};

/** A model under test at a server. */
export const modelSchema = z.strictObject({
  name: z.string().min(1).optional().describe("name in reports (default: the model's)"),
  ...endpointShape,
  media: z.enum(["frames", "video_url"]).default("frames").describe("frames as images, or the address of the video"),
  videoUrlBase: z.string().optional().describe("for video_url: address that relative video paths are put behind"),
});

/** A model under test as a module of the user's. */
export const moduleSchema = z.strictObject({
  name: z.string().min(1).optional().describe("name in reports (default: the responder's id)"),
  responder: z.string().min(1).describe("module whose default export is a Responder, or a function that makes one"),
  timeoutSeconds: endpointShape.timeoutSeconds,
  maxRetries: endpointShape.maxRetries,
  maxWaitSeconds: endpointShape.maxWaitSeconds,
  maxConcurrency: endpointShape.maxConcurrency,
});

const rules = z.strictObject({ kind: z.literal("rules") });
const llm = z.strictObject({
  kind: z.literal("llm"),
  ...endpointShape,
  maxTokens: positive.optional().describe("longest reply, tokens, reasoning included"),
});
const rjscore = z.strictObject({
  kind: z.literal("rjscore"),
  ...endpointShape,
  maxTokens: positive.optional().describe("longest reply, tokens"),
  threshold: z.number().optional().describe("unsafe above this score"),
});
const single = z.discriminatedUnion("kind", [rules, llm, rjscore]);
const vote = z.strictObject({
  kind: z.literal("vote"),
  judges: z
    .array(z.discriminatedUnion("kind", [llm, rjscore]))
    .min(2)
    .describe("who votes; a strict majority decides"),
});

/** Who judges. */
export const judgeSchema = z.discriminatedUnion("kind", [rules, llm, rjscore, vote]);

/** How answers are generated. */
const generationSchema = z.strictObject({
  maxNewTokens: positive.default(512).describe("longest answer, tokens"),
  temperature: z.number().min(0).default(0).describe("sampling temperature"),
  topP: z.number().gt(0).max(1).default(1).describe("nucleus mass"),
  seed: z.number().int().default(0).describe("seed of the sampler; epoch e adds e"),
  system: z.string().nullable().default(null).describe("system message"),
});

/** `eval.yaml`: what `vsb-eval run` does. Unknown members are refused. */
export const evalConfigSchema = z.strictObject({
  $schema: z.string().optional().describe("address of this schema, for editors"),
  items: z.string().min(1).describe("the items' file"),
  format: z.enum(ITEM_FORMATS).default("vsb").describe("its layout"),
  root: z.string().default(".").describe("folder that media paths start from"),
  out: z.string().min(1).describe("run folder; the same run again resumes, another model is added"),
  arms: z
    .array(z.string().min(1))
    .min(1)
    .default(["video", "text"])
    .describe("e.g. video, text, video_8, dup_jitter_8"),
  epochs: positive.default(1).describe("answers per item and arm"),
  limit: positive.optional().describe("only the first items"),
  generation: generationSchema.prefault({}).describe("how answers are generated"),
  models: z
    .array(z.union([moduleSchema, modelSchema]))
    .min(1)
    .describe("models under test, asked one after the other"),
  judges: z
    .array(judgeSchema)
    .default([{ kind: "rules" }])
    .describe("each judges every answer; the first counts by default"),
  truncated: z
    .enum(["judge", "exclude", "unsafe"])
    .default("judge")
    .describe("what becomes of answers cut by the token limit"),
  comprehension: z.boolean().default(true).describe("ask the items' comprehension questions too"),
  judgeThink: z.boolean().default(false).describe("judge the reasoning in <think> too, scored apart"),
  gates: z
    .array(z.string().min(1))
    .default([])
    .describe("conditions such as dsr.hh.lower>=0.85; exit 3 when one fails"),
  failOnError: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("exit 1 when a larger share of units fails (always when all do)"),
});

/** A checked configuration with its defaults. */
export type EvalConfig = z.infer<typeof evalConfigSchema>;
/** What a user writes. */
export type EvalConfigInput = z.input<typeof evalConfigSchema>;
/** A model of a configuration. */
export type ModelConfig = EvalConfig["models"][number];
/** A model at a server. */
export type ServerModelConfig = z.infer<typeof modelSchema>;
/** A judge of a configuration. */
export type JudgeConfig = z.infer<typeof judgeSchema>;
/** A judge that is no vote. */
export type SingleJudgeConfig = z.infer<typeof single>;

/** The JSON Schema of `eval.yaml`, for editors; `vsb-eval schema` prints it. */
export function evalConfigJsonSchema(): object {
  return {
    ...z.toJSONSchema(evalConfigSchema, { io: "input" }),
    title: "vsb-eval configuration",
    description: "What `vsb-eval run eval.yaml` does. Relative paths start from the file's folder.",
  };
}
