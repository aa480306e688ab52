import type { EvalItem } from "@videosafety/safety-data";
import type { SampledVideo } from "@videosafety/video-sampler";
import type { Turn } from "../attacks/attack.js";

/** How an answer is generated; every field is part of the response's content key. */
export interface GenerationOptions {
  /** Upper bound on generated tokens. */
  readonly maxNewTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  /** Nucleus mass in (0, 1]. */
  readonly topP: number;
  /** Seed of the sampler; the runner adds the epoch. */
  readonly seed: number;
  /** System message; null = none. */
  readonly system: string | null;
}

/** Greedy decoding, at most 512 new tokens, no system message. */
export const DEFAULT_GENERATION: GenerationOptions = {
  maxNewTokens: 512,
  temperature: 0,
  topP: 1,
  seed: 0,
  system: null,
};

/** One question to a model: an item under an arm. */
export interface ResponderRequest {
  /** The item asked about. */
  readonly item: EvalItem;
  /** Name of the arm: `video`, `text`, `dup_jitter_8`, ... */
  readonly arm: string;
  /** What the user asks. */
  readonly query: string;
  /** Turns before the query, oldest first; left out without any. A responder that cannot send them must refuse the request. */
  readonly history?: readonly Turn[];
  /** Frames uint8 [T, H, W, 3] with timestamps; null in the text arm. */
  readonly frames: SampledVideo | null;
  /** How to generate; `seed` already includes the epoch. */
  readonly generation: GenerationOptions;
}

/** Tokens as the responder counted them. */
export interface Usage {
  /** Prompt tokens, visual ones included: the evidence of each arm's token load. */
  readonly promptTokens: number;
  /** Generated tokens. */
  readonly completionTokens: number;
}

/** What a model said. */
export interface ResponderAnswer {
  /** The whole completion, tags included. */
  readonly text: string;
  /** Reasoning that came in a field of its own (`reasoning_content`, `reasoning`): kept, never judged as the answer. */
  readonly reasoning?: string;
  /** `stop`: complete; `length`: cut by the token limit; `blocked`: withheld by the provider's filter. */
  readonly finishReason: "stop" | "length" | "blocked";
  /** Token counts, where the responder knows them. */
  readonly usage?: Usage;
  /** What it took, where the responder knows better than a clock outside; see {@link AnswerCost}. */
  readonly cost?: AnswerCost;
}

/** What an answer took, also where parts of it were kept from before: a price must not depend on what was asked earlier. */
export interface AnswerCost {
  /** Times that a model was asked: windows and single frames count one each. */
  readonly calls: number;
  /** Time of those calls when they were made. */
  readonly milliseconds: number;
}

/** A model under test. Throw `RequestError` for typed failures; any other exception is recorded as `exception`. */
export interface Responder {
  /** Model id and revision: part of the cache key, so it must change when the weights do. */
  readonly id: string;
  /** Answers one request. */
  respond(request: ResponderRequest, options: { signal?: AbortSignal }): Promise<ResponderAnswer>;
  /** Answers several at once, in order: local models batch here. A throw makes the runner ask one by one. */
  respondMany?(requests: readonly ResponderRequest[], options: { signal?: AbortSignal }): Promise<ResponderAnswer[]>;
}
