import { z } from "zod";
import { GrpoRolloutError } from "../errors.js";
import type { Completion, GenerateOptions } from "./policy.js";
import type { RolloutSource } from "./rollout.js";
import { mapLimited, type VllmServer, vllmRequest } from "./vllm-client.js";

/** Settings of `vllmRollouts`. */
export interface VllmRolloutOptions<Prompt> extends VllmServer {
  /**
   * The request's own part for a prompt: `messages` (a video goes in as `{ type: "video_url", video_url: { url } }`) and,
   * where needed, `media_io_kwargs: { video: { num_frames } }` or other fields of vLLM's chat completions.
   */
  readonly request: (prompt: Prompt) => { readonly messages: readonly unknown[] } & Readonly<Record<string, unknown>>;
}

const tokenSchema = z.object({ logprob: z.number().nullable() });
const choiceSchema = z.object({
  index: z.number(),
  message: z.object({ content: z.string().nullable() }),
  finish_reason: z.string().nullable(),
  token_ids: z.array(z.number()),
  logprobs: z.object({ content: z.array(tokenSchema) }),
});
const chatSchema = z.object({ choices: z.array(choiceSchema) });
const scoreSchema = z.object({
  choices: z
    .array(z.object({ prompt_logprobs: z.array(z.record(z.string(), z.object({ logprob: z.number() })).nullable()) }))
    .min(1),
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
        return readChat(await vllmRequest(options, "/chat/completions", body, generation.signal), generation);
      }),
  };
}

function readChat(answer: unknown, { numGenerations }: GenerateOptions): Completion[] {
  const parsed = chatSchema.safeParse(answer);
  if (!parsed.success)
    throw new GrpoRolloutError(
      `the answer lacks what training needs (vLLM >= 0.10 with return_token_ids and logprobs):\n${z.prettifyError(parsed.error)}`,
    );
  const choices = [...parsed.data.choices].sort((a, b) => a.index - b.index);
  if (choices.length !== numGenerations)
    throw new GrpoRolloutError(`the server gave ${choices.length} choices, ${numGenerations} were asked for`);
  return choices.map(({ token_ids, logprobs, message, finish_reason }) => ({
    tokenIds: Int32Array.from(token_ids),
    text: message.content ?? "",
    logProbs: Float64Array.from(logprobs.content, ({ logprob }) => logprob ?? Number.NaN),
    finishReason: finish_reason === "length" ? "length" : "stop",
  }));
}

/** A prompt and completion as ids, to be scored. */
export interface TokenItem {
  /** Prompt ids. */
  readonly promptIds: ArrayLike<number>;
  /** Completion ids. */
  readonly tokenIds: ArrayLike<number>;
}

/**
 * Log-probabilities of given completions under the served model (a frozen reference, say), one row an item. Text models
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
