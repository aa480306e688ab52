import { type ChatOutcome, chatCompletion, mapLimited } from "@videosafety/endpoint";
import * as z from "zod/mini";
import { GrpoRolloutError } from "../errors.js";
import type { Completion, GenerateOptions } from "./policy.js";
import type { RolloutSource } from "./rollout.js";
import { rolloutError, type VllmServer, vllmEndpoint, vllmRequest } from "./vllm-client.js";

/** Settings of `vllmRollouts`. */
export interface VllmRolloutOptions<Prompt> extends VllmServer {
  /**
   * The request's own part for a prompt: `messages` (a video goes in as `{ type: "video_url", video_url: { url } }`) and,
   * where needed, `media_io_kwargs: { video: { num_frames } }` or other fields of vLLM's chat completions.
   */
  readonly request: (prompt: Prompt) => { readonly messages: readonly unknown[] } & Readonly<Record<string, unknown>>;
}

const scoreSchema = z.object({
  choices: z
    .array(z.object({ prompt_logprobs: z.array(z.nullable(z.record(z.string(), z.object({ logprob: z.number() })))) }))
    .check(z.minLength(1)),
});

/**
 * Completions from a vLLM server, with the ids and log-probabilities it sampled. Start it with
 * `vllm serve MODEL --logprobs-mode processed_logprobs`, so that they are those of the truncated, tempered distribution.
 * Weights are not sent to the server: keep it up to date by other means, and correct for what lag remains
 * (`vllmImportanceSamplingCorrection`, on by default).
 */
export function vllmRollouts<Prompt>(options: VllmRolloutOptions<Prompt>): RolloutSource<Prompt> {
  return {
    generate: (prompts, generation) =>
      mapLimited(prompts, options.concurrency ?? 8, async (prompt, index) => {
        const body = {
          ...options.request(prompt),
          model: options.model,
          n: generation.numGenerations,
          max_tokens: generation.maxCompletionLength,
          temperature: generation.temperature,
          top_p: generation.topP,
          ...(generation.topK > 0 && { top_k: generation.topK }),
          seed: generation.seed + index,
          logprobs: true,
          top_logprobs: 0,
          return_token_ids: true,
        };
        const { signal } = generation;
        const outcome = await chatCompletion(vllmEndpoint(options), body, { ...(signal && { signal }) }).catch(
          (error: unknown) => {
            throw rolloutError(error, options);
          },
        );
        return readChat(outcome, generation);
      }),
  };
}

function readChat(outcome: ChatOutcome, { numGenerations }: GenerateOptions): Completion[] {
  if (outcome.kind === "blocked")
    throw new GrpoRolloutError(
      `expected completions to train on, found a prompt that was filtered: ${outcome.message}`,
    );
  const { choices } = outcome;
  const completions = choices.map(({ tokenIds, tokens, text, finish }, place): Completion => {
    if (tokenIds === null || tokens === null || tokens.length !== tokenIds.length)
      throw new GrpoRolloutError(
        `choices[${place}] lacks what training needs: expected token_ids and as many logprobs (vLLM >= 0.10 with return_token_ids and logprobs), found ${tokenIds?.length ?? "no"} ids and ${tokens?.length ?? "no"} logprobs`,
      );
    if (finish.reason !== "stop" && finish.reason !== "length")
      throw new GrpoRolloutError(
        `choices[${place}]: expected finish reason stop or length, found ${finish.named ?? "none"}: such an answer cannot be trained on`,
      );
    return {
      tokenIds: Int32Array.from(tokenIds),
      text,
      logProbs: Float64Array.from(tokens, ({ logprob }) => logprob ?? Number.NaN),
      finishReason: finish.reason,
    };
  });
  if (choices.length !== numGenerations)
    throw new GrpoRolloutError(`the server gave ${choices.length} choices, ${numGenerations} were asked for`);
  return completions;
}

/** A prompt and completion as ids, to be scored. */
export interface TokenItem {
  /** Prompt ids. */
  readonly promptIds: ArrayLike<number>;
  /** Completion ids. */
  readonly tokenIds: ArrayLike<number>;
}

/**
 * Log-probabilities of given completions under the served model (a frozen reference, say), one row per item. Text models
 * only: the prompt goes in as ids.
 *
 * @throws GrpoRolloutError
 */
export function vllmLogProbs(
  server: VllmServer,
  items: readonly TokenItem[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<Float64Array[]> {
  return mapLimited(items, server.concurrency ?? 8, async ({ promptIds, tokenIds }) => {
    const prompt = [...Array.from(promptIds), ...Array.from(tokenIds)];
    const body = { model: server.model, prompt, max_tokens: 1, temperature: 0, prompt_logprobs: 0 };
    const parsed = scoreSchema.safeParse(await vllmRequest(server, "/completions", body, options.signal));
    const found = parsed.success ? parsed.data.choices[0]?.prompt_logprobs : undefined;
    return Float64Array.from(tokenIds, (id, token) => {
      const logProb = found?.[promptIds.length + token]?.[String(id)]?.logprob;
      if (logProb === undefined)
        throw new GrpoRolloutError(
          `the server gave no log-probability for token ${token} (id ${id}); ask for prompt_logprobs`,
        );
      return logProb;
    });
  });
}
