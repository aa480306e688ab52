import {
  createRemoteVideoLlm,
  type DownloadProgress,
  loadVideoLlm,
  type Precision,
  samplePlanFor,
  type VideoLlmConfig,
} from "@videosafety/video-llm";
import { type SampledVideo, sampleFrames } from "@videosafety/video-sampler";

/** What to ask, of what, about what. */
export interface Question {
  /** A model of the Hugging Face hub by its id, a checkpoint directory, or the base URL of an OpenAI-compatible server. */
  readonly model: string;
  /** How a local model's weights are held: int8 or int4 for large ones. Default float32. */
  readonly precision?: Precision;
  /** onnxruntime execution providers of a local model, in order of preference. Default cpu. */
  readonly providers?: readonly string[];
  /** Branch, tag or commit of an id. Default main. */
  readonly revision?: string;
  /** Told how far the download of an id is. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** The server's name for its model; with a directory unused. */
  readonly remoteName?: string;
  /** A video file. */
  readonly video: string;
  /** Questions about it, each in a conversation of its own. */
  readonly questions: readonly string[];
  /** Most frames looked at. */
  readonly maxFrames: number;
  /** Frames per second of video. Default the model's own. */
  readonly fps?: number;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  /** Stops the work. */
  readonly signal?: AbortSignal;
}

/** A piece of the answer to one of the questions. */
export interface AnswerPiece {
  /** Index into the questions. */
  readonly question: number;
  /** Text as it comes. */
  readonly text: string;
  /** For local models: whether the alarm tokens hold the video and the query for harmful, as probabilities. */
  readonly alarms?: { readonly visual: number; readonly textual: number };
}

/** Samples the video once, as the model's authors do, and answers the questions in turn. */
export function ask(question: Question): AsyncGenerator<AnswerPiece> {
  return /^https?:/.test(question.model) ? askServer(question) : askDirectory(question);
}

const sample = (question: Question, family: VideoLlmConfig["family"]): Promise<SampledVideo> =>
  sampleFrames(
    question.video,
    samplePlanFor(family, {
      maxFrames: question.maxFrames,
      ...(question.fps === undefined ? {} : { fps: question.fps }),
    }),
    signalOf(question),
  );

async function* askDirectory(question: Question): AsyncGenerator<AnswerPiece> {
  const { precision, providers, revision, onProgress } = question;
  const model = await loadVideoLlm(question.model, {
    ...(precision === undefined ? {} : { precision }),
    ...(providers === undefined ? {} : { providers }),
    ...(revision === undefined ? {} : { revision }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...signalOf(question),
  });
  try {
    const video = await sample(question, model.config.family);
    const duration = video.info.declaredDurationSeconds;
    const visual = await model.encodeVideo(video, {
      ...signalOf(question),
      ...(duration ? { framesPerSecond: video.timestampsSeconds.length / duration } : {}),
    });
    for (const [index, content] of question.questions.entries()) {
      const prompt = model.preparePrompt({ messages: [{ role: "user", content }], visual });
      const { visualLogits, textualLogits } = await model.alarmStates([model.prepareSample({ prompt })]);
      const alarms = { visual: sigmoid(visualLogits[0] ?? 0), textual: sigmoid(textualLogits[0] ?? 0) };
      yield { question: index, text: "", alarms };
      const options = { maxCompletionLength: question.maxTokens, ...signalOf(question) };
      for await (const { text } of model.stream(prompt, options)) yield { question: index, text };
    }
  } finally {
    await model.dispose();
  }
}

async function* askServer(question: Question): AsyncGenerator<AnswerPiece> {
  for (const key of ["precision", "providers", "revision"] as const) {
    if (question[key] !== undefined)
      throw new Error(
        `expected ${key} for a local model only, found it for the server ${question.model}; leave it out`,
      );
  }
  const frames = await sample(question, "videollama3");
  const model = createRemoteVideoLlm({ baseUrl: question.model, model: question.remoteName ?? "default" });
  for (const [index, content] of question.questions.entries()) {
    const prompts = [{ messages: [{ role: "user", content } as const], visual: [frames] }];
    const options = { maxCompletionLength: question.maxTokens, ...signalOf(question) };
    const [[completion] = []] = await model.generate(prompts, options);
    yield { question: index, text: completion?.text ?? "" };
  }
}

const signalOf = ({ signal }: Question): { signal?: AbortSignal } => (signal ? { signal } : {});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
