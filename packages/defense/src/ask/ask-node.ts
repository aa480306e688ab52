import {
  createRemoteVideoLlm,
  type DownloadProgress,
  type Precision,
  samplePlanFor,
  toldFrameRate,
  type VideoLlmConfig,
} from "@videosafety/video-llm";
import { type SampledVideo, sampleFrames } from "@videosafety/video-sampler";
import { DefenseError } from "../errors.js";
import { openCheckpoint } from "../model/open-checkpoint-node.js";

/** What to ask, of what, about what. */
export interface Question {
  /** Id on the Hugging Face hub, directory of a model or of an adapter, or base URL of an OpenAI-compatible server. */
  readonly model: string;
  /** How a local model's weights are held. Default: as its run held them, else float32. */
  readonly precision?: Precision;
  /** onnxruntime execution providers of a local model, in order of preference. Default cpu. */
  readonly providers?: readonly string[];
  /** Branch, tag or commit of an id. Default main. */
  readonly revision?: string;
  /** Told how far the download of an id is. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** The server's name for its model. */
  readonly remoteName?: string;
  /** A video file; null asks without one. */
  readonly video: string | null;
  /** Questions, each in a conversation of its own. */
  readonly questions: readonly string[];
  /** Most frames looked at. Default: as the checkpoint's run had it, else 16. */
  readonly maxFrames?: number;
  /** Frames per second of video. Default: the run's, else the family's own. */
  readonly fps?: number;
  /** What is written around each question, `{query}` in its place. Default: as a checkpoint's training wrote it, else nothing. */
  readonly questionPrompt?: string;
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
  /** First piece of a model with trained alarm tokens: whether they hold the video and the query for harmful, as probabilities. */
  readonly alarms?: { readonly visual: number; readonly textual: number };
}

const MAX_FRAMES = 16;

/**
 * Samples the video once, as the model's authors do, and answers the questions in turn, piece by piece: greedy, or as the
 * checkpoint's generation_config.json says.
 *
 * @throws DefenseError `usage` for options of local models beside a server, and for a question prompt without `{query}`; what sampling, loading and generating throw
 */
export function ask(question: Question): AsyncGenerator<AnswerPiece> {
  const { questionPrompt } = question;
  if (questionPrompt !== undefined && !questionPrompt.includes("{query}"))
    throw new DefenseError("usage", `expected {query} in the question prompt, found ${JSON.stringify(questionPrompt)}`);
  return /^https?:/.test(question.model) ? askServer(question) : askLocal(question);
}

async function sample(
  question: Question,
  family: VideoLlmConfig["family"],
  limits: { readonly fps?: number; readonly maxFrames?: number } = {},
): Promise<SampledVideo | null> {
  if (question.video === null) return null;
  const fps = question.fps ?? limits.fps;
  const maxFrames = question.maxFrames ?? limits.maxFrames ?? MAX_FRAMES;
  const plan = samplePlanFor(family, { maxFrames, ...(fps === undefined ? {} : { fps }) });
  return sampleFrames(question.video, plan, signalOf(question));
}

async function* askLocal(question: Question): AsyncGenerator<AnswerPiece> {
  const { precision, providers, revision, onProgress } = question;
  const { model, frames, alarmTokens, ...opened } = await openCheckpoint(question.model, {
    ...(precision === undefined ? {} : { precision }),
    ...(providers === undefined ? {} : { providers }),
    ...(revision === undefined ? {} : { revision }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...signalOf(question),
  });
  try {
    const video = await sample(question, model.config.family, frames);
    const visual =
      video === null
        ? null
        : await model.encodeVideo(video, { ...signalOf(question), ...toldFrameRate(model.config.family, video) });
    for (const [index, words] of question.questions.entries()) {
      const content = (question.questionPrompt ?? opened.questionPrompt).replaceAll("{query}", () => words);
      const prompt = model.preparePrompt({ messages: [{ role: "user", content }], visual, alarmTokens });
      if (alarmTokens) {
        const { visualLogits, textualLogits } = await model.alarmStates([model.prepareSample({ prompt })]);
        const alarms = { visual: sigmoid(visualLogits[0] ?? 0), textual: sigmoid(textualLogits[0] ?? 0) };
        yield { question: index, text: "", alarms };
      }
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
      throw new DefenseError(
        "usage",
        `expected ${key} for a local model only, found it for the server ${question.model}; leave it out`,
      );
  }
  const frames = await sample(question, "videollama3");
  const model = createRemoteVideoLlm({ baseUrl: question.model, model: question.remoteName ?? "default" });
  for (const [index, words] of question.questions.entries()) {
    const content = (question.questionPrompt ?? "{query}").replaceAll("{query}", () => words);
    const prompts = [{ messages: [{ role: "user", content } as const], visual: frames === null ? [] : [frames] }];
    const [[completion] = []] = await model.generate(prompts, {
      maxCompletionLength: question.maxTokens,
      ...signalOf(question),
    });
    yield { question: index, text: completion?.text ?? "" };
  }
}

const signalOf = ({ signal }: Question): { signal?: AbortSignal } => (signal ? { signal } : {});
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
