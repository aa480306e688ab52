import type { AlarmStates, AtSftOptions, AtSftResult, ParameterGroup } from "@videosafety/alarm-tokens";
import { type VideoLlmConfig, visualWidth } from "../config/config.js";
import type { Naming } from "../config/naming.js";
import { type RuntimeOptions, sessionOptions } from "../config/runtime-options.js";
import { OptionsError, PromptError } from "../errors.js";
import {
  type Completion,
  type GenerationOptions,
  generateCompletions,
  resolveGeneration,
  type StreamedToken,
  streamCompletion,
} from "../generation/generate.js";
import type { GenerationDefaults } from "../generation/generation-config.js";
import type { GenerationContext } from "../generation/generation-context.js";
import { PrefixCache } from "../generation/prefix-cache.js";
import { GraphCache } from "../graph/graph-cache.js";
import type { Sequence } from "../passes/sequence.js";
import { SequenceRunner } from "../passes/sequence-runner.js";
import { VisionEncoding } from "../passes/vision-encoding.js";
import { preparedInTime } from "../prompt/deadline-node.js";
import { buildPrompt, type PreparedPrompt, type PreparedSample, type PromptRequest } from "../prompt/prompt.js";
import { buildSample, type SampleRequest } from "../prompt/sample.js";
import type { TextTokenizer } from "../prompt/text-tokenizer.js";
import type { EncodeOptions, FramesWithTimes, TimedPatches } from "../vision/frames-with-times.js";
import { patchFrames } from "../vision/patch-frames.js";
import type { PreprocessorConfig } from "../vision/preprocessor-config.js";
import { restoreFeatures, type StoredFeatures, storeFeatures } from "../vision/stored-features.js";
import { type PatchedVideo, prepareVisual, type VisualFeatures } from "../vision/visual-features.js";
import { type LoraAdapters, type LoraSettings, loraSpecs, resolveLora } from "../weights/lora.js";
import { freshTensor, ParameterStore } from "../weights/parameter-store.js";
import type { TrainableTensor } from "../weights/trainable-tensor.js";
import { createPolicy, type PolicyOptions, type VideoLlmPolicy } from "./policy.js";

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
  /** What generation_config.json says; default: nothing. */
  readonly generation?: GenerationDefaults;
  /** Directory of the files of frozen tensors. */
  readonly weightsDirectory?: string;
  /** Texts of other files of its directory by name, which a save writes again. Default none. */
  readonly files?: ReadonlyMap<string, string>;
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
  /** Layout it was loaded from, and is saved in by default. */
  readonly naming: Naming;
  /** Texts of other files of the directory it was loaded from, by name: a save writes them again. */
  readonly files: ReadonlyMap<string, string>;
  /** Directory of the files of frozen tensors; undefined without any. */
  readonly weightsDirectory: string | undefined;
  /** Width d of the hidden states. */
  readonly hiddenSize: number;
  /** What the checkpoint wants of `generate` and `stream` unless told otherwise. */
  readonly generation: GenerationDefaults;
  readonly #store: ParameterStore;
  readonly #sessions: GraphCache;
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
    this.generation = parts.generation ?? { options: {}, notComputed: [] };
    this.files = parts.files ?? new Map();
    this.weightsDirectory = parts.weightsDirectory;
    this.hiddenSize = parts.config.hiddenSize;
    this.#store = new ParameterStore(parts.tensors, options.maxConstantBytes);
    this.#sessions = new GraphCache(
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
   * @throws PromptError `empty-video` for zero frames, `visual-count` for times that are not one per frame.
   */
  async encodeVideo(video: FramesWithTimes, options: EncodeOptions = {}): Promise<VisualFeatures> {
    const { patches, timestampsSeconds, ...times } = patchFrames(video, options, this.config, this.preprocessor);
    return this.encodePatches(patches, timestampsSeconds, { ...options, ...times });
  }

  /** As `encodeVideo`, from patches made elsewhere. */
  async encodePatches(
    patches: PatchedVideo,
    timestampsSeconds: ArrayLike<number>,
    options: EncodeOptions & Pick<TimedPatches, "toldSeconds" | "tiles"> = {},
  ): Promise<VisualFeatures> {
    const { kind = "video", lazy = false, signal, framesPerSecond, toldSeconds, tiles } = options;
    const features = prepareVisual(patches, timestampsSeconds, {
      kind,
      compress: this.config.useTokenCompression,
      secondsPerGrid: framesPerSecond && 1 / framesPerSecond,
      toldSeconds,
      ...(tiles && { tiles }),
    });
    if (!lazy) await this.#vision.ensure([features], signal);
    return features;
  }

  /**
   * Current embeddings [N, d] of the kept visual tokens. For Qwen3-VL rows of [N, d (1 + DeepStack layers)]: what is added to
   * the first decoder layers' hidden states follows the embedding.
   */
  async visualEmbeddings(features: VisualFeatures): Promise<Float32Array> {
    await this.#vision.ensure([features]);
    return this.#vision.embeddings(features);
  }

  /** Features with their embeddings, to be kept outside of this process: what `importFeatures` takes. */
  async exportFeatures(features: VisualFeatures): Promise<StoredFeatures> {
    await this.#vision.ensure([features]);
    return storeFeatures(features, this.#vision.embeddings(features));
  }

  /**
   * Features that a model with the same vision encoder and projector exported. They hold no patches: once the vision encoder is
   * trained they cannot be encoded again, and say so.
   *
   * @throws PromptError `visual-count` when the embeddings do not fit the tokens or this model's width.
   */
  importFeatures(stored: StoredFeatures): VisualFeatures {
    const features = restoreFeatures(stored, visualWidth(this.config));
    this.#vision.keep(features, stored.embeddings.data);
    return features;
  }

  /** Turns a conversation into ids with visual positions and alarm tokens. @throws PromptError, AlarmPlacementError */
  preparePrompt(request: PromptRequest): PreparedPrompt {
    return preparedInTime(() => buildPrompt(request, this.tokenizer, this.chatTemplate, this.config));
  }

  /** Adds the completion to learn. @throws PromptError `empty-completion`, `too-long` */
  prepareSample(request: SampleRequest): PreparedSample {
    return preparedInTime(() => buildSample(request, this.tokenizer, this.config));
  }

  /** Completions [P][G]. @throws OptionsError; the signal's reason when aborted */
  async generate(prompts: readonly PreparedPrompt[], options: GenerationOptions = {}): Promise<Completion[][]> {
    const resolved = resolveGeneration(options, this.tokenizer, this.generation);
    this.#checkLength(prompts, resolved.maxCompletionLength);
    return generateCompletions(await this.#generation(prompts, options.signal), prompts, resolved, this.tokenizer);
  }

  /** Tokens of one completion as they are sampled. */
  async *stream(prompt: PreparedPrompt, options: GenerationOptions = {}): AsyncGenerator<StreamedToken> {
    const resolved = resolveGeneration(options, this.tokenizer, this.generation);
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

  /**
   * A policy for stage 4 that trains some groups. Its reference: where `lora` is among them, the model with its adapters
   * switched off ("adapter-off"), and the other groups as they are now; else, or with "snapshot", all of them as they are now.
   */
  policy(options: PolicyOptions): VideoLlmPolicy {
    return createPolicy(this, this.#runner, options);
  }

  /** Settings of the adapters; null without. */
  get lora(): LoraAdapters | null {
    return this.#store.lora;
  }

  /**
   * Adds fresh low-rank adapters to linear layers of the decoder (group `lora`); they change nothing until trained.
   *
   * @param settings or adapters as another model has them
   * @throws OptionsError when there are adapters already, or the settings do not fit.
   */
  addLora(settings: LoraSettings | LoraAdapters, seed = 0): void {
    if (this.lora !== null)
      throw new OptionsError("expected a model without adapters, found some; load the base model again");
    const adapters = "modules" in settings ? settings : resolveLora(this.config, settings);
    const tensors = loraSpecs(this.config, adapters).map((spec) => [spec.name, freshTensor(spec, seed)] as const);
    this.#store.addLora(adapters, new Map(tensors));
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
