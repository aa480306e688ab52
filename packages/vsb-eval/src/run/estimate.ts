import type { EvalItem } from "@videosafety/safety-data";
import { parseArm } from "../arms/arm.js";
import { armApplies, chooseVideos } from "../arms/arm-frames.js";

/** What a request costs. */
export interface EstimateOptions {
  /** Answers per item and arm; default 1. */
  readonly epochs?: number;
  /** Prompt tokens of one frame; default 196 (a 28 x 28 grid of patches merged 2 x 2). */
  readonly tokensPerFrame?: number;
  /** Frames in arms without a count; default 16. */
  readonly framesPerVideo?: number;
  /** Generated tokens a request; default 256. */
  readonly completionTokens?: number;
  /** Price of a million prompt tokens; default 0. */
  readonly promptPrice?: number;
  /** Price of a million generated tokens; default 0. */
  readonly completionPrice?: number;
  /** Seconds a request takes; default 2. */
  readonly secondsPerRequest?: number;
  /** Requests in flight; default 64. */
  readonly concurrency?: number;
}

/** What a run would take. */
export interface RunEstimate {
  /** Requests by arm. */
  readonly requestsByArm: Readonly<Record<string, number>>;
  /** All requests. */
  readonly requests: number;
  /** Prompt tokens, text at 3 characters a token (an upper guess over ten languages). */
  readonly promptTokens: number;
  /** Generated tokens. */
  readonly completionTokens: number;
  /** In the currency of the prices. */
  readonly cost: number;
  /** Wall time in seconds. */
  readonly seconds: number;
}

/** Counts a run's requests and guesses its tokens, cost and time, without asking anybody. */
export function estimateRun(
  items: readonly EvalItem[],
  armNames: readonly string[],
  options: EstimateOptions = {},
): RunEstimate {
  const { epochs = 1, tokensPerFrame = 196, framesPerVideo = 16, completionTokens = 256 } = options;
  const choose = chooseVideos(items);
  const requestsByArm: Record<string, number> = {};
  let promptTokens = 0;
  for (const arm of armNames.map(parseArm)) {
    const applicable = items.filter((item) => armApplies(arm, item, choose));
    requestsByArm[arm.name] = applicable.length * epochs;
    const visual = arm.kind === "text" ? 0 : (arm.frameCount ?? framesPerVideo) * tokensPerFrame;
    for (const { query } of applicable) promptTokens += epochs * (visual + Math.ceil(query.length / 3));
  }
  const requests = Object.values(requestsByArm).reduce((sum, n) => sum + n, 0);
  const generated = requests * completionTokens;
  return {
    requestsByArm,
    requests,
    promptTokens,
    completionTokens: generated,
    cost: (promptTokens * (options.promptPrice ?? 0) + generated * (options.completionPrice ?? 0)) / 1e6,
    seconds: (requests * (options.secondsPerRequest ?? 2)) / (options.concurrency ?? 64),
  };
}
