import { chatCompletion, type Endpoint, EndpointError, mapLimited } from "@videosafety/endpoint";
import { longFetch } from "@videosafety/endpoint/node";
import { formatSeconds } from "@videosafety/video-sampler";
import { PromptError, RemoteError } from "../errors.js";
import { type Completion, DEFAULT_GENERATION, type GenerationOptions } from "../generation/generate.js";
import { checkSampling } from "../generation/sampling.js";
import type { ChatMessage, ContentPart } from "../prompt/chat.js";
import type { FramesWithTimes } from "../vision/frames-with-times.js";
import { encodePng } from "./png-node.js";

/** Where an OpenAI-compatible server is. One try may take 600 s unless `timeoutSeconds` says otherwise. */
export interface RemoteOptions extends Endpoint {
  /** Name the server knows the model by. */
  readonly model: string;
  /** Ask for token ids (`return_token_ids`, vLLM >= 0.10.2); servers that do not know the field may refuse it. Default false. */
  readonly returnTokenIds?: boolean;
  /** Requests in flight. Default 8. */
  readonly concurrency?: number;
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
   * `logProbs` are those the server reports, NaN where it reports none for a token.
   *
   * @throws RemoteError for a refused or filtered request, an answer that is not understood, or one that neither stopped
   *   nor reached its length; the signal's reason when aborted.
   */
  generate(prompts: readonly RemotePrompt[], options?: GenerationOptions): Promise<Completion[][]>;
}

type Resolved = Required<Omit<GenerationOptions, "signal" | "stopTokenIds" | "useGenerationConfig">> &
  GenerationOptions;

/** Connects to a server. Nothing is sent before `generate`. */
export function createRemoteVideoLlm(remote: RemoteOptions): RemoteVideoLlm {
  return {
    async generate(prompts, options = {}) {
      const resolved = { ...DEFAULT_GENERATION, ...options };
      checkSampling(resolved);
      return mapLimited(prompts, remote.concurrency ?? 8, (prompt) => complete(remote, prompt, resolved));
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
  const { signal } = options;
  const endpoint = { timeoutSeconds: 600, fetch: longFetch, ...remote };
  const outcome = await chatCompletion(endpoint, body, { ...(signal && { signal }) }).catch((error: unknown) => {
    if (!(error instanceof EndpointError)) throw error;
    throw new RemoteError(error.message, error.status ?? 0, { cause: error });
  });
  if (outcome.kind === "blocked") throw new RemoteError(outcome.message, 400);
  if (outcome.choices.length !== options.numGenerations)
    throw new RemoteError(`expected ${options.numGenerations} choices, found ${outcome.choices.length}`, 200);
  return outcome.choices.map(({ text, refusal, tokenIds, tokens, finish }) => {
    if (finish.reason !== "stop" && finish.reason !== "length")
      throw new RemoteError(`expected finish reason stop or length, found ${finish.named ?? "none"}`, 200);
    return {
      text: text || (refusal ?? ""),
      tokenIds: Int32Array.from(tokenIds ?? []),
      logProbs: Float64Array.from(tokens ?? [], ({ logprob }) => logprob ?? Number.NaN),
      finishReason: finish.reason,
    };
  });
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
