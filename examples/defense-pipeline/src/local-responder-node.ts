import type { VideoLlm } from "@videosafety/video-llm";
import type { Responder, ResponderAnswer, ResponderRequest } from "@videosafety/vsb-eval";
import type { ClipFeatures } from "./clip-features-node.js";

/** A model in this process as vsb-eval's responder; requests are answered in batches. */
export class LocalResponder implements Responder {
  readonly id: string;
  readonly #model: VideoLlm;
  readonly #features: ClipFeatures;
  readonly #alarmTokens: boolean;

  /** @param alarmTokens off for the base model, which has never seen them */
  constructor(id: string, model: VideoLlm, features: ClipFeatures, alarmTokens: boolean) {
    this.id = id;
    this.#model = model;
    this.#features = features;
    this.#alarmTokens = alarmTokens;
  }

  async respond(request: ResponderRequest, options: { signal?: AbortSignal }): Promise<ResponderAnswer> {
    const [answer] = await this.respondMany([request], options);
    return answer as ResponderAnswer;
  }

  async respondMany(
    requests: readonly ResponderRequest[],
    options: { signal?: AbortSignal },
  ): Promise<ResponderAnswer[]> {
    const prompts = await Promise.all(
      requests.map(async ({ query, frames }) =>
        this.#model.preparePrompt({
          messages: [{ role: "user", content: query }],
          visual: frames === null ? null : await this.#features.ofVideo(frames),
          alarmTokens: this.#alarmTokens,
        }),
      ),
    );
    const generation = requests[0]?.generation;
    const completions = await this.#model.generate(prompts, {
      maxCompletionLength: generation?.maxNewTokens ?? 64,
      temperature: generation?.temperature ?? 0,
      topP: generation?.topP ?? 1,
      seed: generation?.seed ?? 0,
      ...options,
    });
    return completions.map(([completion], i) => {
      if (completion === undefined) throw new Error(`the model gave no completion for request ${i}`);
      const { text, finishReason, tokenIds } = completion;
      const promptTokens = prompts[i]?.tokenIds.length ?? 0;
      return { text, finishReason, usage: { promptTokens, completionTokens: tokenIds.length } };
    });
  }
}
