// What both faces share: `index.ts` adds files and the native runtime, `browser.ts` the one for the web.
export { createRng, type Rng, type RngState } from "@videosafety/random";
export { grad, valueAndGrad, vjp } from "./differentiate.js";
export {
  DTypeError,
  FeedError,
  FileFormatError,
  GraphError,
  MissingRuleError,
  NonFiniteError,
  OnnxAutodiffError,
  ShapeError,
} from "./errors.js";
export type {
  Attribute,
  Attributes,
  FloatAttribute,
  Initializer,
  Item,
  MakeRegionVjp,
  MaybeValue,
  Node,
  OutputSpec,
  Region,
  RegionVjp,
  Value,
} from "./graph.js";
export { float, Graph } from "./graph.js";
export {
  type BlockQuantization,
  checkQuantization,
  dequantizeRows,
  type QuantizedRows,
  quantizeRows,
} from "./io/block-quantization.js";
export { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./io/float-formats.js";
export {
  encodeSafetensors,
  parseSafetensors,
  type SafetensorsDType,
  type SafetensorsEntry,
  type StoredTensor,
  type TensorToStore,
  toFloat32,
} from "./io/safetensors.js";
export {
  type AttentionOptions,
  attention,
  type CausalAttentionOptions,
  causalAttention,
  causalMask,
  HIDDEN,
  type SelfAttentionOptions,
  selfAttention,
} from "./nn/attention.js";
export { embedWithExtra } from "./nn/embedding.js";
export { type LoraModule, type LoraSpec, linear, matmulTransposed, type Params } from "./nn/linear.js";
export {
  bceWithLogits,
  bceWithLogitsEach,
  type TokenLogProbsOptions,
  tokenLogProbs,
  weightedNll,
} from "./nn/losses.js";
export { type PackedInputs, packedInputs } from "./nn/packed-inputs.js";
export { regroupRows } from "./nn/regroup-rows.js";
export { type RopeTables, ropeTables } from "./nn/rope-tables.js";
export { type CopyOptions, copyGraph } from "./onnx/copy-graph.js";
export { type ExportOptions, exportModel } from "./onnx/export-model.js";
export { type ImportedModel, type ImportLora, type ImportOptions, importModel } from "./onnx/import-model.js";
export {
  type OnnxAttribute,
  type OnnxLimits,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
  parseOnnxModel,
} from "./onnx/reader.js";
export { serialize, type Target } from "./onnx/serialize.js";
export type { OnnxTensor } from "./onnx/tensor-reader.js";
export { encodeModel, type ModelDefinition, type NodeDefinition, type ValueDefinition } from "./onnx/writer.js";
export {
  type CachedAttentionInputs,
  cachedAttention,
  reshapeDynamic,
  splitDynamic,
  timeMajorContext,
  timeMajorScores,
} from "./ops/cache.js";
export {
  abs,
  add,
  addN,
  cast,
  cos,
  div,
  equal,
  erf,
  exp,
  geluErf,
  geluTanh,
  greater,
  identity,
  less,
  log,
  max,
  min,
  mul,
  neg,
  type Operand,
  pow,
  reciprocal,
  relu,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  sqrt,
  stopGradient,
  sub,
  tanh,
  where,
} from "./ops/elementwise.js";
export {
  type FrozenKernel,
  type FrozenStorage,
  frozenWeight,
  type StoredBytes,
} from "./ops/frozen-weight.js";
export { gather, pickLast, scatterAddLast, scatterAddRows } from "./ops/indexing.js";
export { concat, expand, pad, reshape, slice, split, transpose } from "./ops/layout.js";
export { matmul } from "./ops/matmul.js";
export type { MatmulOptions } from "./ops/matmul-options.js";
export { layerNorm, rmsNorm, rope } from "./ops/normalization.js";
export { logSoftmax, mean, reduceMax, reduceMean, reduceSum, softmax, sumAll } from "./ops/reduce.js";
export { gradientRules, zeroGradientOps } from "./rules/gradient-rules.js";
export type { Rule, Rules } from "./rules/rule.js";
export type { Feed, RunOptions, Session, SessionOptions } from "./session.js";
export { bucketOf, SessionCache } from "./session-cache.js";
export {
  broadcastShape,
  type DType,
  dim,
  type Shape,
  sizeOf,
  type Tensor,
  type TrainableTensor,
  type TypedData,
  toTypedData,
} from "./tensor.js";
export { accumulateInto } from "./train/accumulate.js";
export { AdamW, type AdamWOptions } from "./train/adamw.js";
export { clipGradNorm, gradNorm } from "./train/clip-grad-norm.js";
export { describeDataChange, fingerprintOf, fingerprintRows } from "./train/data-fingerprint.js";
export { ExponentialMovingAverage } from "./train/ema.js";
export { assertFinite, firstNonFinite } from "./train/finite.js";
export {
  type GroupOptions,
  type Optimizer,
  OptimizerError,
  type OptimizerState,
  type StepOptions,
} from "./train/optimizer.js";
export {
  constantSchedule,
  cosineSchedule,
  LR_SCHEDULER_TYPES,
  linearSchedule,
  type NamedScheduleOptions,
  namedSchedule,
  type Schedule,
  type ScheduleOptions,
} from "./train/schedules.js";
export { Sgd, type SgdOptions } from "./train/sgd.js";
export { type UpdateOptions, type UpdateReport, updateParameters } from "./train/update.js";
