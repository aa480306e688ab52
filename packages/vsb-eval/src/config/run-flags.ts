import { z } from "zod";
import { ITEM_FORMATS } from "../data/item-formats.js";

/** A flag's schema with what stands for its value in `--help`. Without a placeholder it is a switch. */
const flag = <T extends z.ZodType>(schema: T, placeholder: string | undefined, description: string) =>
  schema.optional().meta({ description, ...(placeholder === undefined ? {} : { placeholder }) });

const count = z.coerce.number().int().positive();
const whole = z.coerce.number().int();
const share = z.coerce.number().min(0).max(1);
const text = z.string().min(1);
const list = z.string().transform((value) =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);
/** A flag that may be given several times; commander collects them. */
const several = z.array(z.string());
const jsonObject = z.string().transform((value, context) => {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Said below.
  }
  context.addIssue({ code: "custom", message: `expected a JSON object such as {"top_k": 1}` });
  return z.NEVER;
});
/** `--no-x` beside `--x <value>`: commander gives false. */
const orOff = <T extends z.ZodType>(schema: T) => z.union([z.literal(false), schema]);

/** Flags of `judge` as well. */
export const judgeFlags = {
  judge: flag(
    z.enum(["rules", "llm", "rjscore", "none"]),
    "kind",
    "who judges: rules, llm, rjscore or none (default: rules)",
  ),
  judgeBaseUrl: flag(text, "url", "the judge's server (default: the model's, with its key)"),
  judgeModel: flag(list, "names", "the judge's model; several, comma-separated, vote by strict majority"),
  judgeRevision: flag(text, "revision", "revision of the judge (default: unknown)"),
  judgeApiKeyEnv: flag(text, "variable", "variable that holds the key of --judge-base-url"),
  judgeAuth: flag(z.enum(["bearer", "api-key", "none"]), "way", "bearer, api-key or none"),
  judgeHeader: flag(several, "name: value", "further header of the judge's server (repeatable)"),
  judgeHeaderEnv: flag(several, "name=variable", "further header whose value stands in a variable (repeatable)"),
  judgeExtraBody: flag(jsonObject, "json", "further members of the judge's requests; null leaves one out"),
  judgeMaxTokens: flag(count, "n", "longest reply of the judge, tokens, reasoning included"),
  judgeMaxTokensField: flag(text, "name", "name of the judge's token limit, e.g. max_completion_tokens"),
  judgeNoTemperature: flag(z.boolean(), undefined, "send the judge no temperature"),
  judgeNoSeed: flag(z.boolean(), undefined, "send the judge no seed"),
};

/** Flags of `run` and `worker`. Each overrides the configuration file; defaults are the file's. */
export const runFlags = {
  out: flag(text, "folder", "run folder; the same run again resumes, another model is added"),
  format: flag(z.enum(ITEM_FORMATS), "name", `layout of the items' file: ${ITEM_FORMATS.join(", ")} (default: vsb)`),
  name: flag(text, "name", "name in reports (default: the model's)"),
  arms: flag(list, "names", "comma-separated arms, e.g. video,text,video_8,dup_jitter_8 (default: video,text)"),
  root: flag(text, "folder", "folder that media paths start from (default: here, or the configuration's folder)"),
  limit: flag(count, "n", "only the first items"),
  epochs: flag(count, "n", "answers per item and arm (default: 1)"),
  responder: flag(text, "module", "module whose default export is a Responder, or a function that makes one"),
  baseUrl: flag(text, "url", "OpenAI-compatible server, up to and with /v1"),
  model: flag(text, "name", "model name at the server"),
  revision: flag(
    text,
    "revision",
    "revision and quantisation of the weights: part of the content key (default: unknown)",
  ),
  apiKeyEnv: flag(
    text,
    "variable",
    "variable that holds the server's key (default: OPENAI_API_KEY at api.openai.com only)",
  ),
  auth: flag(z.enum(["bearer", "api-key", "none"]), "way", "where the key goes: bearer, api-key or none"),
  header: flag(several, "name: value", "further header (repeatable)"),
  headerEnv: flag(several, "name=variable", "further header whose value stands in a variable (repeatable)"),
  extraBody: flag(jsonObject, "json", "further members of the request; null leaves one out"),
  maxTokensField: flag(text, "name", "name of the token limit, e.g. max_completion_tokens (default: max_tokens)"),
  maxNewTokens: flag(count, "n", "longest answer, tokens (default: 512)"),
  temperature: flag(
    orOff(z.coerce.number().min(0)),
    "number",
    "sampling temperature (default: 0); --no-temperature sends none",
  ),
  topP: flag(orOff(z.coerce.number().gt(0).max(1)), "share", "nucleus mass (default: 1); --no-top-p sends none"),
  seed: flag(orOff(whole), "n", "generation seed (default: 0); --no-seed sends none"),
  system: flag(z.string(), "text", "system message (default: none)"),
  finishReason: flag(several, "word=meaning", "what a server's own finish reason means, e.g. done=stop (repeatable)"),
  media: flag(z.enum(["frames", "video_url"]), "kind", "frames as images (default), or video_url"),
  videoUrlBase: flag(text, "url", "for video_url: address that relative video paths are put behind"),
  timeout: flag(z.coerce.number().positive(), "seconds", "seconds an attempt may take (default: 600)"),
  maxRetries: flag(whole.min(0), "n", "attempts after the first (default: 4)"),
  maxWait: flag(
    z.coerce.number().positive(),
    "seconds",
    "longest wait a server may ask for; beyond, the run stops (default: 300)",
  ),
  maxConcurrency: flag(count, "n", "most requests in flight (default: 64)"),
  ...judgeFlags,
  truncated: flag(
    z.enum(["judge", "exclude", "unsafe"]),
    "policy",
    "answers cut by the token limit: judge (default), exclude, unsafe",
  ),
  skipComprehension: flag(z.boolean(), undefined, "do not ask the items' comprehension questions"),
  judgeThink: flag(z.boolean(), undefined, "judge the reasoning in <think> too, scored apart"),
  failOnError: flag(share, "share", "exit 1 when a larger share of units fails (always when all do)"),
  gate: flag(several, "condition", "exit 3 unless it holds, e.g. dsr.hh.lower>=0.85 (repeatable)"),
  queue: flag(text, "url", "redis://host: put the units on a queue for workers instead of asking here"),
  queueName: flag(text, "name", "beginning of the queue's name; the run's id is added (default: vsb-eval)"),
  queuePasswordEnv: flag(text, "variable", "variable that holds the password of --queue (default: REDIS_PASSWORD)"),
  queueDeadline: flag(
    z.coerce.number().positive(),
    "seconds",
    "how long Redis may be away before the command fails (default: 60)",
  ),
  dryRun: flag(z.boolean(), undefined, "count requests, tokens, cost and time; ask nobody"),
  promptPrice: flag(z.coerce.number().min(0), "price", "price of a million prompt tokens, for --dry-run"),
  completionPrice: flag(z.coerce.number().min(0), "price", "price of a million generated tokens, for --dry-run"),
  secondsPerRequest: flag(
    z.coerce.number().positive(),
    "seconds",
    "seconds a request takes, for --dry-run (default: 2)",
  ),
};

/** Flags of `run`, checked. */
export const runFlagsSchema = z.strictObject(runFlags);
/** What a user gave. */
export type RunFlags = z.infer<typeof runFlagsSchema>;
/** Flags of `judge`, checked. */
export const judgeFlagsSchema = z.strictObject(judgeFlags);
/** What a user gave. */
export type JudgeFlags = z.infer<typeof judgeFlagsSchema>;
