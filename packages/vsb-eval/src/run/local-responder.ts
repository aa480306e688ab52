import { seedOf } from "@videosafety/random";
import type { SampledVideo } from "@videosafety/video-sampler";
import { canonicalJson } from "../content-key.js";
import { RequestError } from "../errors.js";

import type { GenerationOptions, Responder, ResponderAnswer, ResponderRequest } from "./responder.js";

/** What a local model is asked to generate. */
export interface LocalGeneration {
  /** Upper bound on generated tokens. */
  readonly maxCompletionLength: number;
  /** 0 = greedy. */
  readonly temperature: number;
  /** Nucleus mass in (0, 1]. */
  readonly topP: number;
  /** Seed of the sampler. */
  readonly seed: number;
  /** Stops the work. */
  readonly signal?: AbortSignal;
}

/** One completion of a local model. */
export interface LocalCompletion {
  /** Generated ids, the end token included when one was sampled. */
  readonly tokenIds: ArrayLike<number>;
  /** The text. */
  readonly text: string;
  /** Why generation ended. */
  readonly finishReason: "stop" | "length";
}

/** A piece of a completion as it is generated. */
export interface LocalToken {
  /** Text that became certain with this token; may be empty. */
  readonly text: string;
  /** Set on the last token only. */
  readonly finishReason: "stop" | "length" | null;
}

/** What a query becomes before a model reads it. */
export interface LocalPrompt {
  /** Ids of the whole prompt: their count is reported as usage. */
  readonly tokenIds: ArrayLike<number>;
}

/** A message of the conversation. */
export interface LocalMessage {
  /** Who speaks. */
  readonly role: "system" | "user" | "assistant";
  /** The text. */
  readonly content: string;
}

/**
 * What a model in this process must offer: prompts from messages and features, and either batches (`generate`) or single
 * streams (`stream`). video-llm's `VideoLlm` fits.
 */
export interface LocalModel<Visual, Prompt extends LocalPrompt> {
  /** Frames to features. */
  encodeVideo(video: SampledVideo, options?: { readonly signal?: AbortSignal }): Promise<Visual>;
  /** Messages and features to a prompt. */
  preparePrompt(request: {
    readonly messages: LocalMessage[];
    readonly visual: Visual | null;
    readonly alarmTokens?: boolean;
  }): Prompt;
  /** Completions of several prompts, one list per prompt. */
  generate?(prompts: readonly Prompt[], options: LocalGeneration): Promise<readonly (readonly LocalCompletion[])[]>;
  /** One completion, token by token; used where there is no `generate`. */
  stream?(prompt: Prompt, options: LocalGeneration): AsyncIterable<LocalToken>;
}

/** What {@link createLocalResponder} takes. */
export interface LocalResponderOptions<Visual, Prompt extends LocalPrompt> {
  /** Model id and revision: part of the cache key, so it must change when the weights do. */
  readonly id: string;
  /** The model. */
  readonly model: LocalModel<Visual, Prompt>;
  /** Place alarm tokens in the prompts. Left to the model where it is not given. */
  readonly alarmTokens?: boolean;
  /**
   * What is written around each query, with `{query}` in its place, for a model that was trained with a prompt of its own: part of the responder's id.
   */
  readonly questionPrompt?: string;
  /** Features of frames, when they are kept somewhere; default: the model's `encodeVideo`, once per distinct frames of a batch. */
  readonly featuresOf?: (video: SampledVideo, options: { readonly signal?: AbortSignal }) => Promise<Visual>;
}

/**
 * A model in this process as a responder. Greedy requests are answered in batches; sampled ones one by one, each with a
 * seed of its own (from the request's seed, item and arm), so that an answer does not depend on what it was batched with.
 *
 * @throws TypeError when the model has neither `generate` nor `stream`, or `questionPrompt` has no `{query}`
 */
export function createLocalResponder<Visual, Prompt extends LocalPrompt>(
  options: LocalResponderOptions<Visual, Prompt>,
): Responder & Required<Pick<Responder, "respondMany">> {
  const { model, alarmTokens, questionPrompt = "{query}" } = options;
  if (!questionPrompt.includes("{query}"))
    throw new TypeError(`expected {query} in questionPrompt, found ${JSON.stringify(questionPrompt)}`);
  const id = questionPrompt === "{query}" ? options.id : `${options.id}, asked ${JSON.stringify(questionPrompt)}`;
  if (model.generate === undefined && model.stream === undefined) {
    throw new TypeError(`expected a model with generate() or stream() for the responder ${id}, found neither`);
  }

  const promptsOf = async (
    requests: readonly ResponderRequest[],
    signal: { signal?: AbortSignal },
  ): Promise<Prompt[]> => {
    const features = new Map<SampledVideo, Promise<Visual>>();
    const visualOf = (frames: SampledVideo): Promise<Visual> => {
      const known = features.get(frames);
      if (known !== undefined) return known;
      const made = options.featuresOf?.(frames, signal) ?? model.encodeVideo(frames, signal);
      features.set(frames, made);
      return made;
    };
    return Promise.all(
      requests.map(async ({ query, frames, generation, history = [] }) => {
        const { system } = generation;
        const messages: LocalMessage[] = system === null ? [] : [{ role: "system", content: system }];
        messages.push(...history);
        messages.push({ role: "user", content: questionPrompt.replaceAll("{query}", () => query) });
        const visual = frames === null ? null : await visualOf(frames);
        return model.preparePrompt({ messages, visual, ...(alarmTokens === undefined ? {} : { alarmTokens }) });
      }),
    );
  };

  const complete = async (prompts: readonly Prompt[], generation: LocalGeneration): Promise<ResponderAnswer[]> => {
    const completions = model.generate
      ? (await model.generate(prompts, generation)).map(([first]) => first)
      : await streamAll(model, prompts, generation);
    return prompts.map(({ tokenIds }, i) => {
      const completion = completions[i];
      if (completion === undefined) {
        throw new RequestError(
          "invalid_response",
          `expected ${prompts.length} completions of ${id}, found none for prompt ${i}`,
        );
      }
      const { text, finishReason } = completion;
      const usage = { promptTokens: tokenIds.length, completionTokens: completion.tokenIds.length };
      return { text, finishReason, usage };
    });
  };

  const respondMany = async (
    requests: readonly ResponderRequest[],
    signal: { signal?: AbortSignal },
  ): Promise<ResponderAnswer[]> => {
    const prompts = await promptsOf(requests, signal);
    const answers: ResponderAnswer[] = new Array(requests.length);
    for (const { indices, generation } of batchesOf(requests)) {
      const batch = indices.map((i) => prompts[i] as Prompt);
      const answered = await complete(batch, { ...generation, ...signal });
      for (const [k, i] of indices.entries()) answers[i] = answered[k] as ResponderAnswer;
    }
    return answers;
  };
  return {
    id,
    respondMany,
    respond: async (request, signal) => (await respondMany([request], signal))[0] as ResponderAnswer,
  };
}

interface Batch {
  readonly indices: number[];
  readonly generation: LocalGeneration;
}

/** Greedy requests with equal settings together; each sampled request alone. */
function batchesOf(requests: readonly ResponderRequest[]): Batch[] {
  const greedy = new Map<string, Batch>();
  const batches: Batch[] = [];
  for (const [i, { item, arm, generation }] of requests.entries()) {
    if (generation.temperature > 0) {
      const seed = seedOf(`${generation.seed}\u0000${item.id}\u0000${arm}`);
      batches.push({ indices: [i], generation: { ...localGeneration(generation), seed } });
      continue;
    }
    const key = canonicalJson({ ...generation, system: null });
    const batch = greedy.get(key) ?? { indices: [], generation: localGeneration(generation) };
    if (batch.indices.length === 0) {
      greedy.set(key, batch);
      batches.push(batch);
    }
    batch.indices.push(i);
  }
  return batches;
}

const localGeneration = ({ maxNewTokens, temperature, topP, seed }: GenerationOptions): LocalGeneration => ({
  maxCompletionLength: maxNewTokens,
  temperature,
  topP,
  seed,
});

async function streamAll<Visual, Prompt extends LocalPrompt>(
  model: LocalModel<Visual, Prompt>,
  prompts: readonly Prompt[],
  generation: LocalGeneration,
): Promise<LocalCompletion[]> {
  const completions: LocalCompletion[] = [];
  for (const prompt of prompts) {
    let text = "";
    let tokens = 0;
    let finishReason: LocalToken["finishReason"] = null;
    for await (const piece of model.stream?.(prompt, generation) ?? []) {
      text += piece.text;
      tokens++;
      finishReason = piece.finishReason;
    }
    if (finishReason === null) {
      throw new RequestError(
        "invalid_response",
        "expected the stream's last token to say why it ended, found none that did",
      );
    }
    completions.push({ text, finishReason, tokenIds: { length: tokens } });
  }
  return completions;
}
