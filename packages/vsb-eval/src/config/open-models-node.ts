import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseBaseUrl } from "@videosafety/endpoint";
import { longFetch } from "@videosafety/endpoint/node";
import type { EvalItem } from "@videosafety/safety-data";
import { RequestError, VsbEvalError } from "../errors.js";
import { createDigitJudge } from "../judge/digit-judge.js";
import { createLlmJudge } from "../judge/llm-judge.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import type { Judge } from "../judge/verdict.js";
import { createVotingJudge } from "../judge/voting-judge.js";
import type { OpenAiEndpoint } from "../openai/chat-completion.js";
import { createOpenAiResponder } from "../openai/openai-responder.js";
import type { Responder } from "../run/responder.js";
import type { JudgeConfig, ModelConfig, ServerModelConfig, SingleJudgeConfig } from "./eval-config.js";

type Server = Pick<
  ServerModelConfig,
  "baseUrl" | "apiKeyEnv" | "auth" | "headers" | "extraBody" | "tokensField" | "finishReasons"
>;

/** @throws {VsbEvalError} `invalid_input`, naming the variable, never a value */
function fromEnvironment(name: string, what: string): string {
  const value = process.env[name];
  if (value !== undefined && value.trim() !== "") return value;
  throw new VsbEvalError("invalid_input", `expected ${what} in the environment variable ${name}, found none: set it`);
}

/**
 * A server's endpoint with its secrets read from the environment. OPENAI_API_KEY goes to api.openai.com unasked; every other
 * server gets a key only where the configuration names the variable.
 */
export function openEndpoint(server: Server): OpenAiEndpoint {
  const { root } = parseBaseUrl(server.baseUrl);
  const usual = new URL(root).hostname === "api.openai.com" ? "OPENAI_API_KEY" : undefined;
  const variable = server.auth === "none" ? undefined : (server.apiKeyEnv ?? usual);
  const headers = Object.entries(server.headers).map(([name, value]) => [
    name,
    typeof value === "string" ? value : fromEnvironment(value.env, `the header ${name} of ${root}`),
  ]);
  return {
    baseUrl: server.baseUrl,
    fetch: longFetch,
    headers: Object.fromEntries(headers),
    extraBody: server.extraBody,
    tokensField: server.tokensField,
    finishReasons: server.finishReasons,
    ...(server.auth === undefined ? {} : { auth: server.auth }),
    ...(variable === undefined ? {} : { apiKey: fromEnvironment(variable, `the key of ${root}`) }),
  };
}

const isUrl = (path: string): boolean => /^(https?|data|file):/i.test(path);

/** The address by which a server gets an item's video itself. */
function videoUrl(base: string | undefined) {
  return ({ id, video }: EvalItem): string => {
    const path = video?.path ?? "";
    if (isUrl(path)) return path;
    if (base !== undefined) return `${base.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
    throw new RequestError(
      "bad_request",
      `expected a URL as video of ${id} for media video_url, found a path: set videoUrlBase`,
    );
  };
}

async function openModule(path: string): Promise<Responder> {
  const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  const made = typeof module.default === "function" ? await module.default() : module.default;
  if (typeof (made as Responder | undefined)?.respond === "function") return made as Responder;
  throw new VsbEvalError("invalid_input", `expected a Responder as default export of ${path}, found none`);
}

/** The responder that a configuration names: a module, or a server. */
export async function openResponder(model: ModelConfig): Promise<Responder> {
  if ("responder" in model) return openModule(model.responder);
  const { media, videoUrlBase, revision } = model;
  return createOpenAiResponder({
    ...openEndpoint(model),
    model: model.model,
    revision,
    media,
    videoUrl: videoUrl(videoUrlBase),
  });
}

function openSingle(config: SingleJudgeConfig): Judge | Promise<Judge> {
  if (config.kind === "rules") return createRuleJudge();
  const { model, revision, maxTokens } = config;
  const options = { ...openEndpoint(config), model, revision, ...(maxTokens === undefined ? {} : { maxTokens }) };
  if (config.kind === "llm") return createLlmJudge(options);
  return createDigitJudge({ ...options, ...(config.threshold === undefined ? {} : { threshold: config.threshold }) });
}

/** The judge that a configuration names. */
export async function openJudge(config: JudgeConfig): Promise<Judge> {
  if (config.kind !== "vote") return openSingle(config);
  return createVotingJudge(await Promise.all(config.judges.map(openSingle)));
}
