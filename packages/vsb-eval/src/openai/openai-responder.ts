import type { EvalItem } from "@videosafety/safety-data";
import { formatSeconds, type SampledVideo } from "@videosafety/video-sampler";
import { frameView } from "../arms/frame-edits.js";
import { RequestError } from "../errors.js";
import { encodeJpeg, toBase64 } from "../report/jpeg.js";
import type { Responder, ResponderRequest } from "../run/responder.js";
import { type ContentPart, chatCompletion, type OpenAiEndpoint } from "./chat-completion.js";

/** Options of {@link createOpenAiResponder}. */
export interface OpenAiResponderOptions extends OpenAiEndpoint {
  /** Model name as the server knows it. */
  readonly model: string;
  /** Revision of the weights, quantisation included; part of the content key. */
  readonly revision: string;
  /**
   * How the server gets the video. `frames`: exactly the sampled frames as JPEG images, which is the only way that
   * works for every arm. `video_url`: the server decodes the file itself; arms `video` and `text` only.
   */
  readonly media?: "frames" | "video_url";
  /** For `video_url`: the address of an item's video. */
  readonly videoUrl?: (item: EvalItem) => string | Promise<string>;
  /** Put "Time 1.0s:" before each frame, as VideoLLaMA3's prompt does; default true. */
  readonly timestamps?: boolean;
  /** JPEG quality 1..100; default 90. */
  readonly jpegQuality?: number;
  /** Further members of the request body, e.g. `{ top_k: 1 }`, null to leave one out; part of the content key. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
}

/** Frames as JPEG images in a message, each after its time where asked for. */
export function framesAsImages(video: SampledVideo, timestamps: boolean, quality: number): ContentPart[] {
  const [count, height, width] = video.frames.dims;
  return Array.from({ length: count }, (_, t): ContentPart[] => {
    const url = `data:image/jpeg;base64,${toBase64(encodeJpeg(frameView(video, t), width, height, quality))}`;
    const image = { type: "image_url", image_url: { url } } as const;
    const time = { type: "text", text: `Time ${formatSeconds(video.timestampsSeconds[t] ?? 0)}s:` } as const;
    return timestamps ? [time, image] : [image];
  }).flat();
}

/** A model behind an OpenAI-compatible chat completion server. The base URL and the key are not part of its id. */
export function createOpenAiResponder(options: OpenAiResponderOptions): Responder {
  const { model, revision, media = "frames", videoUrl, timestamps = true, jpegQuality = 90, extraBody = {} } = options;
  const format = media === "frames" ? `frames,jpeg=${jpegQuality},timestamps=${timestamps}` : media;
  const extra = Object.keys(extraBody).length === 0 ? "" : `;${JSON.stringify(extraBody)}`;

  async function mediaParts(request: ResponderRequest): Promise<ContentPart[]> {
    if (request.frames === null) return [];
    if (media === "frames") return framesAsImages(request.frames, timestamps, jpegQuality);
    if (request.arm !== "video" || videoUrl === undefined) {
      const message = `expected arm video with \`videoUrl\` for media video_url, found arm ${request.arm}: use media frames`;
      throw new RequestError("bad_request", message);
    }
    return [{ type: "video_url", video_url: { url: await videoUrl(request.item) } }];
  }

  return {
    id: `openai:${model}@${revision};${format}${extra}`,
    async respond(request, { signal }) {
      const { maxNewTokens, temperature, topP, seed, system } = request.generation;
      const content = [...(await mediaParts(request)), { type: "text", text: request.query } as const];
      const body = {
        model,
        messages: [
          ...(system === null ? [] : [{ role: "system", content: system }]),
          ...(request.history ?? []),
          { role: "user", content: content.length === 1 ? request.query : content },
        ],
        max_tokens: maxNewTokens,
        temperature,
        top_p: topP,
        seed,
      };
      const answer = await chatCompletion(options, body, signal === undefined ? {} : { signal });
      const { text, reasoning, finishReason, finishNamed, usage } = answer;
      if (finishReason !== "stop" && finishReason !== "length" && finishReason !== "blocked") {
        const next =
          finishReason === "tool_calls" ? "the model called a tool" : "say in finishReasons what this word stands for";
        const message = `expected finish reason stop, length or content_filter, found ${finishNamed ?? "none"}: ${next}`;
        throw new RequestError("invalid_response", message);
      }
      return {
        text,
        finishReason,
        ...(reasoning === null ? {} : { reasoning }),
        ...(usage === null ? {} : { usage }),
      };
    },
  };
}
