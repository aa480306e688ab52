import { formatSeconds } from "@videosafety/video-sampler";
import { z } from "zod";
import { PromptError, RemoteError } from "../errors.js";
import { type Completion, DEFAULT_GENERATION, type GenerationOptions } from "../generation/generate.js";
import { checkSampling } from "../generation/sampling.js";
import type { ChatMessage, ContentPart } from "../prompt/chat.js";
import type { FramesWithTimes } from "../vision/patch-frames.js";
import { encodePng } from "./png-node.js";

/** Where an OpenAI-compatible server is. */
export interface RemoteOptions {
  /** Up to and including the version: `http://localhost:8000/v1`. */
  readonly baseUrl: string;
  /** Name the server knows the model by. */
  readonly model: string;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  /** Ask for token ids (`return_token_ids`, vLLM >= 0.10.2); servers that do not know the field may refuse it. Default false. */
  readonly returnTokenIds?: boolean;
  /** Requests in flight. Default 8. */
  readonly concurrency?: number;
  /** Replaces the global fetch, for proxies and tests. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A conversation with the frames of its videos or images, which travel as PNG pictures. */
export interface RemotePrompt {
  /** The conversation up to the answer. */
  readonly messages: readonly ChatMessage[];
  /** Frames of the videos and images, in the order of their parts; without such parts they open the first user turn. */
  readonly visual?: readonly FramesWithTimes[];
}

/** A model behind an OpenAI-compatible endpoint, such as vLLM's: `VideoLlm.generate` without the weights. */
export interface RemoteVideoLlm {
  /**
   * Completions [P][G]. `tokenIds` are there when the server returns them (vLLM's `return_token_ids`), else empty;
   * `logProbs` are those the server reports.
   *
   * @throws RemoteError for a refused request or an answer that is not understood; the signal's reason when aborted.
   */
  generate(prompts: readonly RemotePrompt[], options?: GenerationOptions): Promise<Completion[][]>;
}

const answerSchema = z.looseObject({
  choices: z.array(
    z.looseObject({
      message: z.looseObject({ content: z.string().nullish() }),
      finish_reason: z.string().nullish(),
      token_ids: z.array(z.int()).nullish(),
      logprobs: z.looseObject({ content: z.array(z.looseObject({ logprob: z.number() })).nullish() }).nullish(),
    }),
  ),
});

type Resolved = Required<Omit<GenerationOptions, "signal" | "stopTokenIds">> & GenerationOptions;

/** Connects to a server. Nothing is sent before `generate`. */
export function createRemoteVideoLlm(remote: RemoteOptions): RemoteVideoLlm {
  return {
    async generate(prompts, options = {}) {
      const resolved = { ...DEFAULT_GENERATION, ...options };
      checkSampling(resolved);
      const results = new Array<Completion[]>(prompts.length);
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < prompts.length) {
          const index = next++;
          results[index] = await complete(remote, prompts[index] as RemotePrompt, resolved);
        }
      };
      await Promise.all(Array.from({ length: Math.min(remote.concurrency ?? 8, prompts.length) }, worker));
      return results;
    },
  };
}

async function complete(remote: RemoteOptions, prompt: RemotePrompt, options: Resolved): Promise<Completion[]> {
  const body = {
    model: remote.model,
    messages: remoteMessages(prompt),
    n: options.numGenerations,
    max_tokens: options.maxCompletionLength,
    temperature: options.temperature,
    top_p: options.topP,
    // Beyond OpenAI's own fields only what is asked for: other servers refuse what they do not know.
    ...(options.topK > 0 ? { top_k: options.topK } : {}),
    ...(options.repetitionPenalty !== 1 ? { repetition_penalty: options.repetitionPenalty } : {}),
    ...(options.stopTokenIds?.length ? { stop_token_ids: options.stopTokenIds } : {}),
    ...(remote.returnTokenIds ? { return_token_ids: true } : {}),
    seed: options.seed,
    logprobs: true,
  };
  const { fetch = globalThis.fetch, apiKey } = remote;
  const url = `${remote.baseUrl.replace(/\/$/, "")}/chat/completions`;
  const headers = {
    "content-type": "application/json",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  const signal = options.signal ?? null;
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal });
  const text = await response.text();
  if (!response.ok)
    throw new RemoteError(
      `${url}: expected status 200, found ${response.status}: ${text.slice(0, 300)}`,
      response.status,
    );
  const parsed = answerSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new RemoteError(
      `${url}: the answer is not a chat completion: ${z.prettifyError(parsed.error)}`,
      response.status,
    );
  if (parsed.data.choices.length !== options.numGenerations) {
    throw new RemoteError(
      `${url}: expected ${options.numGenerations} choices, found ${parsed.data.choices.length}`,
      response.status,
    );
  }
  return parsed.data.choices.map(({ message, finish_reason, token_ids, logprobs }) => ({
    text: message.content ?? "",
    tokenIds: Int32Array.from(token_ids ?? []),
    logProbs: Float64Array.from(logprobs?.content ?? [], ({ logprob }) => logprob),
    finishReason: finish_reason === "length" ? "length" : "stop",
  }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function remoteMessages({ messages, visual = [] }: RemotePrompt): object[] {
  const firstUser = messages.find(({ role }) => role === "user");
  if (firstUser === undefined) throw new PromptError("no-messages", "expected at least one user message, found none");
  const partsOf = ({ content }: ChatMessage): readonly ContentPart[] =>
    typeof content === "string" ? [{ type: "text", text: content }] : content;
  const named = messages.flatMap(partsOf).filter((part) => part.type !== "text").length;
  if (named > 0 && named !== visual.length) {
    throw new PromptError("visual-count", `expected frames for ${named} video or image parts, found ${visual.length}`);
  }
  let next = 0;
  return messages.map((message) => {
    const front = named === 0 && message === firstUser ? visual.map(() => ({ type: "video" }) as const) : [];
    const parts = [...front, ...partsOf(message)];
    return {
      role: message.role,
      content: parts.flatMap((part) =>
        part.type === "text"
          ? [{ type: "text", text: part.text }]
          : pictures(visual[next++] as FramesWithTimes, part.type),
      ),
    };
  });
}

function pictures({ frames, timestampsSeconds }: FramesWithTimes, kind: "video" | "image"): object[] {
  const [count, height, width] = frames.dims;
  if (count < 1) throw new PromptError("empty-video", "expected at least one frame, found none");
  return Array.from({ length: count }, (_, t) => {
    const size = height * width * 3;
    const png = encodePng(frames.data.subarray(t * size, (t + 1) * size), height, width);
    const picture = {
      type: "image_url",
      image_url: { url: `data:image/png;base64,${Buffer.from(png).toString("base64")}` },
    };
    return kind === "image"
      ? [picture]
      : [{ type: "text", text: `Time ${formatSeconds(timestampsSeconds[t] as number)}s:` }, picture];
  }).flat();
}
