import { VsbEvalError } from "../errors.js";
import type { JudgeFlags, RunFlags } from "./run-flags.js";

type Raw = Record<string, unknown>;

const usage = (message: string): VsbEvalError => new VsbEvalError("invalid_input", message);
const asRaw = (value: unknown): Raw =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Raw) : {};
const given = (members: Raw): Raw =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** Two halves of `name: value`, `name=variable` or `word=meaning`. */
function halves(texts: readonly string[] | undefined, separator: ":" | "=", flag: string): [string, string][] {
  return (texts ?? []).map((text) => {
    const at = text.indexOf(separator);
    if (at < 1)
      throw usage(`--${flag}: expected ${separator === ":" ? "name: value" : "name=value"}, found no "${separator}"`);
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  });
}

function headersOf(
  before: unknown,
  plain: readonly string[] | undefined,
  byEnv: readonly string[] | undefined,
): Raw | undefined {
  if (plain === undefined && byEnv === undefined) return undefined;
  const secret = halves(byEnv, "=", "header-env").map(([name, env]) => [name, { env }] as const);
  return { ...asRaw(before), ...Object.fromEntries([...halves(plain, ":", "header"), ...secret]) };
}

/** The extra body with members that are not to be sent. */
function bodyOf(before: unknown, extra: Raw | undefined, off: Readonly<Record<string, boolean>>): Raw | undefined {
  const dropped = Object.entries(off).filter(([, is]) => is);
  if (extra === undefined && dropped.length === 0) return undefined;
  return { ...asRaw(before), ...extra, ...Object.fromEntries(dropped.map(([name]) => [name, null])) };
}

/** Members of one model that only make sense for one. */
function modelMembers(model: Raw, flags: RunFlags): Raw {
  const off = { temperature: flags.temperature === false, top_p: flags.topP === false, seed: flags.seed === false };
  const finish = flags.finishReason && Object.fromEntries(halves(flags.finishReason, "=", "finish-reason"));
  return given({
    name: flags.name,
    responder: flags.responder,
    baseUrl: flags.baseUrl,
    model: flags.model,
    revision: flags.revision,
    apiKeyEnv: flags.apiKeyEnv,
    auth: flags.auth,
    headers: headersOf(model.headers, flags.header, flags.headerEnv),
    extraBody: bodyOf(model.extraBody, flags.extraBody, off),
    tokensField: flags.maxTokensField,
    finishReasons: finish && { ...asRaw(model.finishReasons), ...finish },
    media: flags.media,
    videoUrlBase: flags.videoUrlBase,
  });
}

/** Bounds that models and judges share. */
const bounds = (flags: RunFlags): Raw =>
  given({
    timeoutSeconds: flags.timeout,
    maxRetries: flags.maxRetries,
    maxWaitSeconds: flags.maxWait,
    maxConcurrency: flags.maxConcurrency,
  });

function withModels(raw: Raw, flags: RunFlags): Raw[] {
  const models = Array.isArray(raw.models) ? raw.models.map(asRaw) : [{}];
  const own = models.map((model) => modelMembers(model, flags));
  if (models.length > 1 && Object.keys(own[0] as Raw).length > 0)
    throw usage(
      `expected flags for one model, found ${models.length} models in the configuration and ${Object.keys(own[0] as Raw).join(", ")}: change it there`,
    );
  return models.map((model, i) => ({ ...model, ...own[i], ...bounds(flags) }));
}

/** Members that the judge's flags give. */
function judgeMembers(flags: JudgeFlags): Raw {
  return given({
    baseUrl: flags.judgeBaseUrl,
    revision: flags.judgeRevision,
    apiKeyEnv: flags.judgeApiKeyEnv,
    auth: flags.judgeAuth,
    headers: headersOf({}, flags.judgeHeader, flags.judgeHeaderEnv),
    extraBody: bodyOf({}, flags.judgeExtraBody, {
      temperature: flags.judgeNoTemperature === true,
      seed: flags.judgeNoSeed === true,
    }),
    tokensField: flags.judgeMaxTokensField,
    maxTokens: flags.judgeMaxTokens,
  });
}

/**
 * The judges that flags ask for, over those of a configuration. Without `--judge-base-url` a judge sits at the model's server
 * and uses its key, its headers and its dialect; with it, it gets nothing of the model's.
 *
 * @param model the only model, when there is one; null otherwise
 */
export function withJudges(judges: unknown, model: Raw | null, flags: JudgeFlags): unknown {
  const members = judgeMembers(flags);
  const names = flags.judgeModel;
  if (flags.judge === "none") return [];
  if (flags.judge === undefined && names === undefined && Object.keys(members).length === 0) return judges;
  const before = Array.isArray(judges) ? judges.map(asRaw) : [];
  if (flags.judge === undefined && before.length !== 1)
    throw usage(`expected --judge beside its flags, found none: say llm or rjscore`);
  const kind = flags.judge ?? (before[0] as Raw).kind;
  if (kind === "rules") return [{ kind }];
  const kept = flags.judge === undefined && kind !== "vote" ? (before[0] as Raw) : {};
  const { baseUrl, apiKeyEnv, auth, headers, tokensField } = model ?? {};
  const shared = members.baseUrl === undefined && kept.baseUrl === undefined;
  const home = shared ? given({ baseUrl, apiKeyEnv, auth, headers, tokensField }) : {};
  const judge = { ...home, ...kept, ...members, kind };
  if (shared && baseUrl === undefined) throw usage(`expected --judge-base-url for judge ${kind}, found none`);
  if (names === undefined && kept.model === undefined)
    throw usage(`expected --judge-model for judge ${kind}, found none`);
  if (names === undefined || names.length === 1) return [{ ...judge, ...(names && { model: names[0] }) }];
  return [{ kind: "vote", judges: names.map((name) => ({ ...judge, model: name })) }];
}

/**
 * A configuration with flags put over it; the result is for `checkConfig`.
 *
 * @throws {VsbEvalError} `invalid_input` for flags that fit no single model or judge of the configuration
 */
export function applyFlags(raw: Raw, flags: RunFlags): Raw {
  const models = withModels(raw, flags);
  const judges = withJudges(raw.judges, models.length === 1 ? (models[0] as Raw) : null, flags);
  const off = <T>(value: T | false): T | undefined => (value === false ? undefined : value);
  const generation = given({
    maxNewTokens: flags.maxNewTokens,
    temperature: off(flags.temperature),
    topP: off(flags.topP),
    seed: off(flags.seed),
    system: flags.system,
  });
  return {
    ...raw,
    ...given({
      out: flags.out,
      format: flags.format,
      arms: flags.arms,
      root: flags.root,
      limit: flags.limit,
      epochs: flags.epochs,
      truncated: flags.truncated,
      comprehension: flags.skipComprehension === true ? false : undefined,
      judgeThink: flags.judgeThink,
      failOnError: flags.failOnError,
      gates: flags.gate,
    }),
    generation: { ...asRaw(raw.generation), ...generation },
    models,
    ...(judges === undefined ? {} : { judges: boundJudges(judges, bounds(flags)) }),
  };
}

function boundJudges(judges: unknown, limits: Raw): unknown {
  if (!Array.isArray(judges)) return judges;
  return judges.map((value) => {
    const judge = asRaw(value);
    if (judge.kind === "vote") return { ...judge, judges: boundJudges(judge.judges, limits) };
    return judge.kind === "rules" ? judge : { ...judge, ...limits };
  });
}
