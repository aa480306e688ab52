export { type ActivationCell, type ActivationSummary, activationPatterns } from "./activation-patterns.js";
export { type AlarmAttention, alarmAttention, type SequenceSegment } from "./alarm-attention.js";
export { type AlarmVectors, insertAlarmEmbeddings, writeAlarmEmbeddingsInto } from "./alarm-embeddings.js";
export { alarmInsertionPoints, type InsertionPoints, type PlacementTokens } from "./alarm-insertion-points.js";
export { type AlarmPositions, findAlarmPositions } from "./alarm-positions.js";
export {
  ALARM_TENSOR_NAMES,
  ALARM_TOKENS,
  type AlarmTokenIds,
  type Modality,
  TEXTUAL_ALARM_TOKEN,
  VISUAL_ALARM_TOKEN,
} from "./alarm-tokens.js";
export { type AtSftLossInput, type AtSftLossResult, atSftLoss } from "./at-sft-loss.js";
export { type AtcHead, type AtcHeadGradients, atcGradients, atcHeadOf, atcLogits } from "./atc-head.js";
export { type AttentionShare, attentionShares, meanAttentionShares } from "./attention-shares.js";
export { aucInterval } from "./auc-interval.js";
export {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyResult,
  balancedClassWeights,
  binaryCrossEntropy,
  type ClassWeights,
  sigmoid,
  softplus,
} from "./binary-cross-entropy.js";
export { type CategoryLossResult, categoryLoss } from "./category-loss.js";
export {
  type ConformalTarget,
  type ConformalThreshold,
  conformalThreshold,
  minimumCalibrationSize,
} from "./conformal-threshold.js";
export {
  AlarmPlacementError,
  AlarmShapeError,
  AlarmTokenizerError,
  AlarmTokensError,
  CalibrationError,
  EmptyClassError,
  MissingPeerError,
  NonFiniteError,
  type PlacementCode,
  SafetyLabelError,
} from "./errors.js";
export {
  type AlarmMetrics,
  alarmMetrics,
  evaluateAlarms,
  type HeadMetrics,
  type RefuseOn,
  refusalScore,
  shouldRefuse,
} from "./evaluate-alarms.js";
export {
  type Assessment,
  createGuard,
  type Guard,
  type GuardLatency,
  type GuardMode,
  type GuardOptions,
  type GuardWindow,
  type WindowAssessment,
} from "./guard.js";
export {
  type CalibrationInput,
  calibrateGuard,
  describeGuarantee,
  type GuardCalibration,
  guardCalibrationSchema,
  parseGuardCalibration,
} from "./guard-calibration.js";
export type { GuardModel, GuardStates, SegmentLogits } from "./guard-model.js";
export {
  fitHarmReadout,
  type HarmReadout,
  harmReadoutSchema,
  parseHarmReadout,
  readoutLogits,
} from "./harm-readout.js";
export {
  type GuardHeads,
  type GuardPlaces,
  type HiddenStateGuardModel,
  hiddenStateGuardModel,
  type SegmentGuardModel,
} from "./hidden-state-guard-model.js";
export {
  type AttentionWeights,
  type HiddenStateModel,
  type HiddenStateRequest,
  hasHiddenStates,
} from "./hidden-state-model.js";
export { type AlarmInitialization, type EmbeddingTable, initializeAlarmToken } from "./initialize-alarm-tokens.js";
export { type InsertedTokenIds, type Insertion, insertTokenIds } from "./insert-token-ids.js";
export { type LabelPolicy, resolveLabels, type SampleLabels } from "./label-policy.js";
export { labelRecord } from "./label-record.js";
export { fitLinearProbe, type LayerProbe, layerProbes } from "./linear-probe.js";
export {
  type FloatTensor,
  fromPeftPromptTuning,
  type PeftPromptTuning,
  toPeftPromptTuning,
} from "./peft-prompt-tuning.js";
export { placeAlarmText, type TextPlacementOptions } from "./place-alarm-text.js";
export { carryOver, type PlacedTokenIds, placeAlarmTokenIds } from "./place-alarm-token-ids.js";
export {
  type AlarmLayout,
  type AlarmPlaces,
  type AlarmSegment,
  type AlarmSegments,
  type FrameInSequence,
  type PlacedAlarms,
  placeAlarms,
} from "./place-alarms.js";
export { describeLocation, type RecordLocation } from "./record-location.js";
export {
  type AddedToken,
  lookupAlarmTokenIds,
  registerAlarmTokens,
  type TextEncoder,
  type TokenizerJson,
} from "./register-alarm-tokens.js";
export { type Reliability, type ReliabilityBin, reliability } from "./reliability.js";
export { auc, bestDsrAtFrr, leastFrrAtDsr, type OperatingPoint, rocCurve } from "./roc.js";
export { segmentLoss, segmentSpans } from "./segment-alarms.js";
export { type SegmentCalibration, segmentThreshold } from "./segment-guard.js";
export { type FrameWindow, slidingWindows } from "./sliding-windows.js";
export {
  type CalibrationVideo,
  calibrateStreamGuard,
  readWindows,
  type StreamMaxima,
  streamMaxima,
  type WindowReadings,
} from "./stream-calibration.js";
export { fitTemperature } from "./temperature.js";
export { mergeSpans, type TimeSpan } from "./time-spans.js";
export { type TokenDrift, type TokenSnapshot, tokenDrift, type VectorDrift } from "./token-drift.js";
export type {
  AlarmStates,
  AtSftNormalizers,
  AtSftOptions,
  AtSftResult,
  ParameterGroup,
  TrainableModel,
  TrainableTensor,
} from "./trainable-model.js";
