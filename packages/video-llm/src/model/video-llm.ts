import { patchify, type RgbFrames, resizePillow, videoLlama3ImageSize } from "@videosafety/video-sampler";
import { loadAdapter } from "../checkpoint/adapter-node.js";
import type { Naming } from "../checkpoint/checkpoint-config.js";
import { type SaveOptions, saveModel } from "../checkpoint/save-node.js";
import { isQwenVl, resolveConfig, type VideoLlmConfig, type VideoLlmConfigInput } from "../config/config.js";
import { sessionOptions } from "../config/frozen-runtime.js";
import { OptionsError, PromptError } from "../errors.js";
import {
  type Completion,
  type GenerationOptions,
  generateCompletions,
  resolveGeneration,
  type StreamedToken,
  streamCompletion,
} from "../generation/generate.js";
import type { GenerationContext } from "../generation/generation-context.js";
import { PrefixCache } from "../generation/prefix-cache.js";
import { ViewCache } from "../graph/view-cache.js";
import type { Sequence } from "../passes/batch.js";
import { type AlarmStates, type AtSftOptions, type AtSftResult, SequenceRunner } from "../passes/training.js";
import { VisionEncoding } from "../passes/vision-encoding.js";
import { PROMPT_CONVENTIONS } from "../prompt/conventions.js";
import {
  buildPrompt,
  type PreparedPrompt,
  type PreparedSample,
  type PromptRequest,
  type SampleLabels,
} from "../prompt/prompt.js";
import { TextTokenizer, type TokenizerFiles } from "../prompt/text-tokenizer.js";
import { DEFAULT_PREPROCESSOR, type PreprocessorConfig } from "../vision/preprocessor-config.js";
import { qwenVlPatches } from "../vision/qwen-vl-patches.js";
import { QWEN_VL_PREPROCESSOR } from "../vision/qwen-vl-preprocessor.js";
import { meanStep, type PatchedVideo, prepareVisual, type VisualFeatures } from "../vision/visual-features.js";
import { type LoraSettings, loraSpecs } from "../weights/lora.js";
import { freshTensor, ParameterStore, type TrainableTensor } from "../weights/parameter-store.js";
import { type ParameterGroup, parameterSpecs } from "../weights/parameters.js";
import { createPolicy, type VideoLlmPolicy } from "./policy.js";

/** How a model runs. */
export interface RuntimeOptions {
  /** Threads inside an op; default all cores. */
  readonly threads?: number;
  /** Plan one memory arena a graph: 4 to 15 % faster for 40 % more memory, held by every compiled graph. Default true. */
  readonly memoryPattern?: boolean;
  /** Most tokens of one training or scoring run, padding included unless `packing`; longer batches are split. Default 4096. */
  readonly maxTokensPerRun?: number;
  /**
   * Training and scoring runs hold their sequences one after the other, and pad them inside attention only. The same
   * results up to rounding. Meant for long trainings of wide models on small batches of mixed lengths: more graphs are
   * compiled (docs/experiments/video-llm.md). Default false.
   */
  readonly packing?: boolean;
  /**
   * Frozen weights become constants of the compiled graphs, which onnxruntime repacks for fast decoding, unless the model
   * has more bytes than this: then they are fed from one shared copy. Default 1 GiB.
   */
  readonly maxConstantBytes?: number;
  /**
   * Most compiled graphs kept, beside one for decoding with a frozen base. Each holds the memory of its activations, and
   * maps the weights anew. Default 48; 1 for a frozen base.
   */
  readonly maxGraphs?: number;
  /** Most bytes of keys and values kept for `reusePrefix`. Default 256 MiB: 4,600 tokens of VideoLLaMA3-2B. */
  readonly prefixCacheBytes?: number;
  /**
   * Decoding with an int8 or int4 base: 1 keeps activations in float32, 4 rounds them to 8 bits, block by block
   * (`MatMulNBits` accuracy_level). Default 1 for weights of 4 bits, and 4 for weights of 8, for which onnxruntime has no
   * fast float32 kernel.
   * Prompts, scores and gradients are always computed in float32.
   */
  readonly accuracyLevel?: 1 | 4;
}

/** What `createVideoLlm` takes. */
export interface CreateOptions extends RuntimeOptions {
  /** Sizes; `vocabularySize` defaults to the tokenizer's, rounded up to a multiple of 8. */
  readonly config: VideoLlmConfigInput;
  /** Parsed tokenizer files; the alarm tokens are added when missing. */
  readonly tokenizer: TokenizerFiles;
  /** Seed of the fresh weights. */
  readonly seed: number;
  /** How frames become patches; default VideoLLaMA3's values with the config's patch size. */
  readonly preprocessor?: Partial<PreprocessorConfig>;
  /** Jinja template; default ChatML. */
  readonly chatTemplate?: string;
}

/** Everything a model consists of. */
export interface ModelParts {
  /** Sizes. */
  readonly config: VideoLlmConfig;
  /** Patch, merge and normalisation settings. */
  readonly preprocessor: PreprocessorConfig;
  /** Tokenizer with alarm tokens. */
  readonly tokenizer: TextTokenizer;
  /** Jinja chat template. */
  readonly chatTemplate: string;
  /** Tensors by the authors' names. */
  readonly tensors: ReadonlyMap<string, TrainableTensor>;
  /** Layout it was loaded from, and is saved in by default. */
  readonly naming: Naming;
  /** Directory of the files of frozen tensors. */
  readonly weightsDirectory?: string;
}

/** Sampled frames, as video-sampler gives them. */
export interface FramesWithTimes {
  /** uint8 RGB [T, H, W, 3]. */
  readonly frames: RgbFrames;
  /** [T] seconds. */
  readonly timestampsSeconds: ArrayLike<number>;
}

/** Options of `encodeVideo`. */
export interface EncodeOptions {
  /** A video's frames are labelled with their times, an image is not. Default video. */
  readonly kind?: "video" | "image";
  /**
   * Frames taken a second of video, by which Qwen2.5-VL tells time (transformers' `sampled_fps`: frames / duration).
   * Default: the mean distance of the timestamps.
   */
  readonly framesPerSecond?: number;
  /** Leave the vision encoder for when the features are first used: many videos then share its runs. Default false. */
  readonly lazy?: boolean;
  /** Stops the work between runs. */
  readonly signal?: AbortSignal;
}

/** What `prepareSample` takes. */
export interface SampleRequest {
  /** What precedes the completion. */
  readonly prompt: PreparedPrompt;
  /** The answer to learn (the end-of-turn token is appended), or its ids as they are; none for probing alarm states. */
  readonly completion?: string | ArrayLike<number>;
  /** 0 safe, 1 harmful; unlabelled data counts as safe. */
  readonly labels?: SampleLabels;
}

/**
 * A VideoLLaMA3-family model: answers, scores and trains. Satisfies alarm-tokens' `TrainableModel<PreparedSample>`;
 * `policy()` gives grpo's `Policy<PreparedPrompt>`.
 */
export class VideoLlm {
  /** Sizes. */
  readonly config: VideoLlmConfig;
  /** Patch, merge and normalisation settings. */
  readonly preprocessor: PreprocessorConfig;
  /** Tokenizer with alarm tokens. */
  readonly tokenizer: TextTokenizer;
  /** Jinja chat template. */
  readonly chatTemplate: string;
  /** Layout of `save`. */
  readonly naming: Naming;
  /** Width d of the hidden states. */
  readonly hiddenSize: number;
  readonly #store: ParameterStore;
  readonly #sessions: ViewCache;
  readonly #vision: VisionEncoding;
  readonly #runner: SequenceRunner;
  readonly #prefixes: PrefixCache;
  readonly #accuracyLevel: 1 | 4 | undefined;

  constructor(parts: ModelParts, options: RuntimeOptions = {}) {
    this.config = parts.config;
    this.preprocessor = parts.preprocessor;
    this.tokenizer = parts.tokenizer;
    this.chatTemplate = parts.chatTemplate;
    this.naming = parts.naming;
    this.hiddenSize = parts.config.hiddenSize;
    this.#store = new ParameterStore(parts.tensors, options.maxConstantBytes);
    this.#sessions = new ViewCache(
      sessionOptions(options, parts.weightsDirectory),
      options.maxGraphs ?? (this.#store.frozenBase ? 1 : 48),
    );
    this.#prefixes = new PrefixCache(options.prefixCacheBytes ?? 2 ** 28);
    this.#accuracyLevel = options.accuracyLevel;
    this.#vision = new VisionEncoding(this.config, this.#store, this.#sessions);
    this.#runner = new SequenceRunner({
      config: this.config,
      store: this.#store,
      sessions: this.#sessions,
      vision: this.#vision,
      maxTokensPerRun: options.maxTokensPerRun ?? 4096,
      packing: options.packing ?? false,
    });
  }

  /** Every tensor by the authors' name. Written to only through `trainableParameters`. */
  get tensors(): ReadonlyMap<string, TrainableTensor> {
    return this.#store.tensors;
  }

  /** Number of parameters. */
  get parameterCount(): number {
    let count = 0;
    for (const { dims } of this.tensors.values()) count += dims.reduce((a, b) => a * b, 1);
    return count;
  }

  /**
   * Resizes frames (as Pillow; bicubic, or for SmolVLM2 Lanczos to squares), cuts patches (Qwen-VL: over pairs of frames),
   * drops repeated tokens, and runs the vision encoder. The result serves any number of queries, and is encoded again by
   * itself after the vision encoder was trained.
   *
   * @throws PromptError `empty-video` for zero frames, `visual-count` for times that are not one a frame.
   */
  async encodeVideo(video: FramesWithTimes, options: EncodeOptions = {}): Promise<VisualFeatures> {
    const { frames } = video;
    const [frameCount, height, width] = frames.dims;
    if (frameCount < 1)
      throw new PromptError(
        "empty-video",
        "expected at least one frame, found none; sample the video with minFrames: 1",
      );
    if (isQwenVl(this.config)) return this.#encodePairs(video, options);
    const { patchSize, minTokens, maxTokens, imageMean, imageStd } = this.preprocessor;
    const square = this.config.family === "smolvlm2" ? this.config.vision.imageSize : null;
    const mergeSize = square === null ? this.preprocessor.mergeSize : this.config.mergeSize;
    const size =
      square === null
        ? videoLlama3ImageSize({ height, width }, { frameCount, patchSize, mergeSize, minTokens, maxTokens })
        : { height: square, width: square };
    const resized =
      size.height === height && size.width === width
        ? frames
        : resizePillow(frames, size, square === null ? "bicubic" : "lanczos");
    const triple = (values: readonly number[]) => values as unknown as readonly [number, number, number];
    const patches = patchify(resized, { patchSize, mergeSize, mean: triple(imageMean), std: triple(imageStd) });
    return this.encodePatches(patches, video.timestampsSeconds, options);
  }

  /** Qwen-VL: patches that span two frames, timed by the first. */
  async #encodePairs({ frames, timestampsSeconds }: FramesWithTimes, options: EncodeOptions): Promise<VisualFeatures> {
    const times = Array.from(timestampsSeconds);
    if (times.length !== frames.dims[0]) {
      throw new PromptError(
        "visual-count",
        `expected ${frames.dims[0]} timestamps, one a frame, found ${times.length}`,
      );
    }
    const { temporalPatchSize: span } = this.config.vision;
    const { kind = "video", framesPerSecond = 1 / meanStep(times) } = options;
    const patches = qwenVlPatches(frames, kind, this.config, this.preprocessor);
    const pairTimes = times.filter((_, i) => i % span === 0);
    return this.encodePatches(patches, pairTimes, { ...options, framesPerSecond: framesPerSecond / span });
  }

  /** As `encodeVideo`, from patches made elsewhere. */
  async encodePatches(
    patches: PatchedVideo,
    timestampsSeconds: ArrayLike<number>,
    options: EncodeOptions = {},
  ): Promise<VisualFeatures> {
    const { kind = "video", lazy = false, signal, framesPerSecond } = options;
    const features = prepareVisual(patches, timestampsSeconds, {
      kind,
      compress: this.config.useTokenCompression,
      secondsPerGrid: framesPerSecond && 1 / framesPerSecond,
    });
    if (!lazy) await this.#vision.ensure([features], signal);
    return features;
  }

  /** Current embeddings [N, d] of the kept visual tokens. */
  async visualEmbeddings(features: VisualFeatures): Promise<Float32Array> {
    await this.#vision.ensure([features]);
    return this.#vision.embeddings(features);
  }

  /** Turns a conversation into ids with visual positions and alarm tokens. @throws PromptError, AlarmPlacementError */
  preparePrompt(request: PromptRequest): PreparedPrompt {
    return buildPrompt(request, this.tokenizer, this.chatTemplate, this.config);
  }

  /** Adds the completion to learn. @throws PromptError `empty-completion`, `too-long` */
  prepareSample({ prompt, completion, labels = { visual: 0, textual: 0 } }: SampleRequest): PreparedSample {
    if (typeof completion === "string" && completion === "") {
      throw new PromptError(
        "empty-completion",
        "expected a completion, found an empty text; leave it out to probe alarm states",
      );
    }
    const ids =
      typeof completion === "string"
        ? [...this.tokenizer.encode(completion), this.tokenizer.turnEndId]
        : (completion ?? []);
    const total = prompt.tokenIds.length + ids.length;
    if (total > this.config.maxPositions) {
      throw new PromptError(
        "too-long",
        `expected at most ${this.config.maxPositions} tokens, found ${total}; shorten the completion`,
      );
    }
    return { prompt, completionIds: Int32Array.from(ids), labels };
  }

  /** Completions [P][G]. @throws OptionsError; the signal's reason when aborted */
  async generate(prompts: readonly PreparedPrompt[], options: GenerationOptions = {}): Promise<Completion[][]> {
    const resolved = resolveGeneration(options, this.tokenizer);
    this.#checkLength(prompts, resolved.maxCompletionLength);
    return generateCompletions(await this.#generation(prompts, options.signal), prompts, resolved, this.tokenizer);
  }

  /** Tokens of one completion as they are sampled. */
  async *stream(prompt: PreparedPrompt, options: GenerationOptions = {}): AsyncGenerator<StreamedToken> {
    const resolved = resolveGeneration(options, this.tokenizer);
    this.#checkLength([prompt], resolved.maxCompletionLength);
    yield* streamCompletion(await this.#generation([prompt], options.signal), prompt, resolved, this.tokenizer);
  }

  /** The live tensors of some groups. */
  trainableParameters(groups: readonly ParameterGroup[]): ReadonlyMap<string, TrainableTensor> {
    return this.#store.select(groups);
  }

  /** Call after writing to trainable tensors. */
  parametersChanged(): void {
    this.#store.changed();
  }

  /** Loss of stages 1-3 and gradients. */
  atSftGradients(samples: readonly PreparedSample[], options: AtSftOptions): Promise<AtSftResult> {
    return this.#runner.atSft(samples, options);
  }

  /** Hidden states and head logits of the alarm tokens; completions are not needed. */
  alarmStates(samples: readonly PreparedSample[], options: { signal?: AbortSignal } = {}): Promise<AlarmStates> {
    const promptsOnly = samples.map(({ prompt }) => ({ prompt, completionIds: new Int32Array(0) }));
    return this.#runner.alarmStates(promptsOnly, options.signal);
  }

  /** Logits [T, V] that predict each completion token, one array a sequence. */
  logits(sequences: readonly Sequence[], options: { signal?: AbortSignal } = {}): Promise<Float32Array[]> {
    return this.#runner.logits(sequences, options.signal);
  }

  /** A policy for stage 4 that trains some groups; its reference is a snapshot of them, taken now. */
  policy(options: { groups: readonly ParameterGroup[] }): VideoLlmPolicy {
    return createPolicy(this, this.#runner, options.groups);
  }

  /** Settings of the adapters; null without. */
  get lora(): LoraSettings | null {
    return this.#store.lora;
  }

  /**
   * Adds fresh low-rank adapters to every linear layer of the decoder (group `lora`); they change nothing until trained.
   *
   * @throws OptionsError when there are adapters already, or the settings do not fit.
   */
  addLora(settings: LoraSettings, seed = 0): void {
    if (this.lora !== null)
      throw new OptionsError("expected a model without adapters, found some; load the base model again");
    const tensors = loraSpecs(this.config, settings).map((spec) => [spec.name, freshTensor(spec, seed)] as const);
    this.#store.addLora(settings, new Map(tensors));
  }

  /** Reads a PEFT adapter directory, as `save` with `adapterOnly` writes it. @throws CheckpointError */
  loadAdapter(directory: string): Promise<void> {
    return loadAdapter(this, directory);
  }

  /** Writes a checkpoint directory that `loadVideoLlm` reads. */
  save(directory: string, options: SaveOptions = {}): Promise<void> {
    return saveModel(this, directory, options);
  }

  /** Frees compiled graphs and kept prefixes; the model can still be used and compiles them again. */
  async dispose(): Promise<void> {
    this.#prefixes.clear();
    await this.#sessions.clear();
  }

  async #generation(prompts: readonly PreparedPrompt[], signal: AbortSignal | undefined): Promise<GenerationContext> {
    await this.#vision.ensure(
      prompts.flatMap(({ visual }) => visual),
      signal,
    );
    return {
      config: this.config,
      store: this.#store,
      sessions: this.#sessions,
      embeddings: (features) => this.#vision.embeddings(features),
      prefixes: this.#prefixes,
      accuracyLevel: this.#accuracyLevel,
    };
  }

  #checkLength(prompts: readonly PreparedPrompt[], completion: number): void {
    for (const { tokenIds } of prompts) {
      if (tokenIds.length + completion <= this.config.maxPositions) continue;
      throw new PromptError(
        "too-long",
        `expected prompt and completion within ${this.config.maxPositions} tokens, found ${tokenIds.length} + ${completion}; lower maxCompletionLength or sample fewer frames`,
      );
    }
  }
}

/** A model with fresh weights. @throws ConfigError, TokenizerError */
export function createVideoLlm(options: CreateOptions): VideoLlm {
  const conventions = PROMPT_CONVENTIONS[options.config.family ?? "videollama3"];
  const tokenizer = new TextTokenizer(options.tokenizer, [], conventions);
  const vocabularySize = options.config.vocabularySize ?? Math.ceil(tokenizer.vocabularySize / 8) * 8;
  const config = resolveConfig({ ...options.config, vocabularySize });
  const published = isQwenVl(config) ? QWEN_VL_PREPROCESSOR : DEFAULT_PREPROCESSOR;
  const preprocessor = { ...published, patchSize: config.vision.patchSize, ...options.preprocessor };
  const tensors = new Map(parameterSpecs(config).map((spec) => [spec.name, freshTensor(spec, options.seed)]));
  const chatTemplate = options.chatTemplate ?? conventions.chatTemplate;
  return new VideoLlm(
    {
      config,
      preprocessor,
      tokenizer,
      chatTemplate,
      tensors,
      naming: config.family === "smolvlm2" ? "huggingface" : "original",
    },
    options,
  );
}
