import type { SessionOptions } from "@videosafety/onnx-autodiff";

/** How a model runs. */
export interface RuntimeOptions {
  /** Threads inside an op; default all cores. */
  readonly threads?: number;
  /** onnxruntime execution providers in order of preference, such as `["cuda", "cpu"]`. Default `["cpu"]`. */
  readonly providers?: readonly string[];
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

/**
 * Session options: graphs over mapped weights must not repack them, or each would hold a copy. They keep an arena: their buffers are so large that without one
 * the system maps and zeroes them anew for each token (docs/experiments/video-llm.md).
 */
export function sessionOptions(options: RuntimeOptions, weightsDirectory: string | undefined): SessionOptions {
  const { threads, providers, memoryPattern = true } = options;
  return {
    memoryPattern,
    ...(threads === undefined ? {} : { threads }),
    ...(providers === undefined ? {} : { providers }),
    ...(weightsDirectory === undefined
      ? {}
      : { externalDataDirectory: weightsDirectory, prepacking: false, arena: true }),
  };
}
