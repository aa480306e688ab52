import { z } from "zod";
import { ConfigError } from "../errors.js";
import { activationSchema } from "./activation.js";
import { ropeScalingSchema } from "./rope-scaling.js";

const count = () => z.int().positive();

const visionSchema = z.strictObject({
  hiddenSize: count().describe("width of the vision encoder"),
  intermediateSize: count().describe("width of its MLP"),
  layers: count().describe("number of blocks"),
  heads: count().describe("attention heads; hiddenSize / heads must be a multiple of 4 (2-D rotary)"),
  activation: activationSchema.describe("activation of its MLP; by default the family's"),
  patchSize: count().default(14).describe("pixels a patch side"),
  channels: count().default(3).describe("colour channels"),
  layerNormEps: z.number().positive().default(1e-6).describe("epsilon of LayerNorm"),
  ropeTheta: z.number().positive().default(10_000).describe("base of the 2-D rotary angles (all but smolvlm2)"),
  imageSize: count()
    .default(384)
    .describe("side of the square frames, in pixels; what patches leave over is not seen (smolvlm2)"),
  temporalPatchSize: count().default(1).describe("frames a patch spans: 2 in Qwen-VL, 1 elsewhere"),
  windowSize: count().default(112).describe("side of an attention window, in pixels (qwen2.5-vl)"),
  fullAttentionLayers: z
    .array(z.int().nonnegative())
    .default([])
    .describe("layers whose attention spans the whole frame instead of a window (qwen2.5-vl)"),
  tokensPerSecond: count().default(2).describe("temporal positions a second of video takes (qwen2.5-vl)"),
  positionEmbeddings: count().default(2304).describe("rows of the square table of learned positions (qwen3-vl)"),
  deepstackLayers: z
    .array(z.int().nonnegative())
    .default([])
    .describe("layers whose output, merged on its own, is added to the first decoder layers' (qwen3-vl)"),
});

/** Sizes of a VideoLLaMA3-family model. A 1M-parameter model and VideoLLaMA3-2B differ only in these numbers. */
export const videoLlmConfigSchema = z.strictObject({
  family: z
    .enum(["videollama3", "smolvlm2", "qwen2-vl", "qwen2.5-vl", "qwen3-vl"])
    .default("videollama3")
    .describe(
      "architecture: smolvlm2 has learned positions in square frames, pixel shuffle and a Llama decoder; the qwen families merge pairs of frames and turn decoder positions by time, row and column; qwen3-vl also tells time by text and feeds inner vision layers to the decoder (DeepStack)",
    ),
  vocabularySize: count().describe("rows of the embedding table"),
  hiddenSize: count().describe("width d of the language model"),
  intermediateSize: count().describe("width of its gated MLP"),
  layers: count().describe("number of decoder layers"),
  heads: count().describe("query heads"),
  keyValueHeads: count().describe("key and value heads; divides heads"),
  headSize: count().describe("width of one head, even"),
  rmsNormEps: z.number().positive().default(1e-6).describe("epsilon of RMSNorm"),
  ropeTheta: z.number().positive().default(1_000_000).describe("base of the rotary angles"),
  ropeScaling: ropeScalingSchema.prefault({ type: "default" }).describe("how rotary frequencies are stretched"),
  activation: activationSchema.default("silu").describe("activation of the gated MLP"),
  tieWordEmbeddings: z.boolean().default(true).describe("whether the output layer is the embedding table"),
  maxPositions: count().default(32_768).describe("longest sequence in tokens"),
  mergeSize: count()
    .default(2)
    .describe("patches merged into a token along each side, where the projector fixes it (all but videollama3)"),
  mropeSections: z
    .array(z.int().nonnegative())
    .length(3)
    .describe(
      "rotary pairs that turn with time, row and column; sum to headSize / 2; by default 1/4, 3/8 and 3/8 of it, for qwen3-vl, which interleaves them, 3/8, 5/16 and 5/16",
    ),
  alarmVectors: z
    .strictObject({
      visual: count().default(1).describe("vectors n at each visual place, `visual_alarm_tokens` [n, d]"),
      textual: count().default(1).describe("vectors m at the textual place, `textual_alarm_tokens` [m, d]"),
    })
    .prefault({})
    .describe("learned alarm vectors per modality; the paper has one. A checkpoint's tensors say how many"),
  useTokenCompression: z
    .boolean()
    .describe("drop visual tokens that repeat the previous frame's; by default videollama3 does"),
  vision: visionSchema,
});

/** Resolved model sizes. */
export type VideoLlmConfig = z.output<typeof videoLlmConfigSchema>;
/** Resolved sizes of the vision encoder. */
export type VisionConfig = VideoLlmConfig["vision"];
/** What `createVideoLlm` takes: sizes with defaults; `vocabularySize` comes from the tokenizer. */
export type VideoLlmConfigInput = Omit<
  z.input<typeof videoLlmConfigSchema>,
  "vocabularySize" | "headSize" | "mropeSections" | "useTokenCompression" | "vision"
> & {
  vision: Omit<z.input<typeof visionSchema>, "activation"> & { activation?: VisionConfig["activation"] };
  vocabularySize?: number;
  headSize?: number;
  mropeSections?: readonly number[];
  useTokenCompression?: boolean;
};

/**
 * Validates sizes and fills defaults (`headSize` = hiddenSize / heads, and for Qwen-VL pairs of frames).
 *
 * @throws ConfigError naming every field that does not fit.
 */
export function resolveConfig(input: VideoLlmConfigInput & { vocabularySize: number }): VideoLlmConfig {
  const { family = "videollama3", headSize = input.hiddenSize / input.heads } = input;
  const spatial = family === "qwen3-vl" ? Math.floor((5 * headSize) / 32) : Math.floor((3 * headSize) / 16);
  const parsed = videoLlmConfigSchema.safeParse({
    useTokenCompression: family === "videollama3",
    mropeSections: [Math.max(0, Math.floor(headSize / 2) - 2 * spatial), spatial, spatial],
    ...input,
    headSize,
    vision: {
      temporalPatchSize: isQwenVl({ family }) ? 2 : 1,
      activation: VISION_ACTIVATIONS[family],
      ...input.vision,
    },
  });
  if (!parsed.success) throw new ConfigError(`the model config does not fit:\n${z.prettifyError(parsed.error)}`);
  const config = parsed.data;
  const { vision } = config;
  const expect = (holds: boolean, what: string): void => {
    if (!holds) throw new ConfigError(`${what}; change the sizes in the config`);
  };
  expect(
    config.heads % config.keyValueHeads === 0,
    `expected keyValueHeads to divide heads, found ${config.keyValueHeads} and ${config.heads}`,
  );
  expect(config.headSize % 2 === 0, `expected an even headSize, found ${config.headSize}`);
  expect(
    vision.hiddenSize % vision.heads === 0 && (vision.hiddenSize / vision.heads) % 4 === 0,
    `expected vision.hiddenSize / vision.heads to be a multiple of 4, found ${vision.hiddenSize} / ${vision.heads}`,
  );
  if (config.family === "smolvlm2") {
    const side = patchesPerSide(config);
    expect(
      side > 0 && side % config.mergeSize === 0,
      `expected vision.imageSize / patchSize, rounded down, to be a multiple of mergeSize, found ${vision.imageSize} / ${vision.patchSize} and ${config.mergeSize}`,
    );
  }
  if (isQwenVl(config)) {
    const pairs = config.mropeSections.reduce((a, b) => a + b, 0);
    expect(
      pairs === config.headSize / 2,
      `expected mropeSections that sum to headSize / 2 = ${config.headSize / 2}, found ${config.mropeSections.join(" + ")} = ${pairs}`,
    );
    const outside = vision.fullAttentionLayers.find((layer) => layer >= vision.layers);
    expect(
      config.family !== "qwen2.5-vl" || outside === undefined,
      `expected vision.fullAttentionLayers below ${vision.layers} layers, found ${outside}`,
    );
    const deep = vision.deepstackLayers.find((layer) => layer >= vision.layers);
    expect(deep === undefined, `expected vision.deepstackLayers below ${vision.layers} layers, found ${deep}`);
    expect(
      vision.deepstackLayers.length <= config.layers,
      `expected at most ${config.layers} vision.deepstackLayers, one per decoder layer, found ${vision.deepstackLayers.length}`,
    );
    expect(
      vision.deepstackLayers.length === 0 || config.family === "qwen3-vl",
      `expected vision.deepstackLayers for qwen3-vl only, found some for ${config.family}`,
    );
    const unit = vision.patchSize * config.mergeSize;
    expect(
      config.family !== "qwen2.5-vl" || vision.windowSize >= unit,
      `expected vision.windowSize of at least one merged token, ${unit} pixels, found ${vision.windowSize}`,
    );
  }
  return config;
}

/** What each family's vision encoder has between its two linear layers, unless a checkpoint says otherwise. */
const VISION_ACTIVATIONS = {
  videollama3: "gelu_pytorch_tanh",
  smolvlm2: "gelu_pytorch_tanh",
  "qwen2-vl": "quick_gelu",
  "qwen2.5-vl": "silu",
  "qwen3-vl": "gelu_pytorch_tanh",
} as const;

/** Whether a model is of a Qwen-VL family: pairs of frames, decoder positions in three dimensions. */
export const isQwenVl = ({ family }: Pick<VideoLlmConfig, "family">): boolean => family.startsWith("qwen");

/** Patches along a side of the square frames (smolvlm2); pixels that fill no patch are not seen. */
export const patchesPerSide = ({ vision }: Pick<VideoLlmConfig, "vision">): number =>
  Math.floor(vision.imageSize / vision.patchSize);

/** Numbers per visual token that go from the vision encoder to the decoder: its embedding, and one more per DeepStack layer. */
export const visualWidth = ({ hiddenSize, vision }: Pick<VideoLlmConfig, "hiddenSize" | "vision">): number =>
  hiddenSize * (1 + vision.deepstackLayers.length);
