import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { longFetch } from "@videosafety/endpoint/node";
import { VsbEvalError } from "../errors.js";
import { createDigitJudge } from "../judge/digit-judge.js";
import { createLlmJudge } from "../judge/llm-judge.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import type { Judge } from "../judge/verdict.js";
import { createVotingJudge } from "../judge/voting-judge.js";
import { createOpenAiResponder } from "../openai/openai-responder.js";
import type { Responder } from "../run/responder.js";
import type { RunConfig } from "./run-config.js";

/** The responder that the flags name: a module, or a server. */
export async function openResponder(config: RunConfig): Promise<Responder> {
  if (config.responder !== undefined) {
    const module = (await import(pathToFileURL(resolve(config.responder)).href)) as { default?: unknown };
    const made = typeof module.default === "function" ? await module.default() : module.default;
    if (typeof (made as Responder | undefined)?.respond === "function") return made as Responder;
    throw new VsbEvalError(
      "invalid_input",
      `expected a Responder as default export of ${config.responder}, found none`,
    );
  }
  const { baseUrl, model, revision } = config;
  if (baseUrl === undefined || model === undefined) {
    throw new VsbEvalError("invalid_input", "expected --responder, or --base-url and --model, found neither");
  }
  const apiKey = process.env[config.apiKeyEnv];
  return createOpenAiResponder({
    baseUrl,
    model,
    revision,
    fetch: longFetch,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
}

/** The judge that the flags name, several models as one vote; null for none. */
export async function openJudge(
  config: Pick<RunConfig, "judge" | "judgeBaseUrl" | "judgeModel" | "judgeRevision" | "apiKeyEnv"> & {
    readonly baseUrl?: string | undefined;
  },
): Promise<Judge | null> {
  if (config.judge === "none") return null;
  if (config.judge === "rules") return createRuleJudge();
  const baseUrl = config.judgeBaseUrl ?? config.baseUrl;
  if (baseUrl === undefined || config.judgeModel.length === 0) {
    throw new VsbEvalError("invalid_input", `expected --judge-base-url and --judge-model for judge ${config.judge}`);
  }
  const apiKey = process.env[config.apiKeyEnv];
  const endpoint = {
    baseUrl,
    fetch: longFetch,
    revision: config.judgeRevision,
    ...(apiKey === undefined ? {} : { apiKey }),
  };
  const create = config.judge === "llm" ? createLlmJudge : createDigitJudge;
  const judges = await Promise.all(config.judgeModel.map((model) => create({ ...endpoint, model })));
  return judges.length === 1 ? (judges[0] as Judge) : createVotingJudge(judges);
}
