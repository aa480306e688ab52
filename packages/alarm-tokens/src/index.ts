export { type ActivationCell, type ActivationSummary, activationPatterns } from "./analysis/activation-patterns.js";
export { type AlarmAttention, alarmAttention, type PromptPart } from "./analysis/alarm-attention.js";
export { type AttentionShare, attentionShares, meanAttentionShares } from "./analysis/attention-shares.js";
export { aucInterval } from "./analysis/auc-interval.js";
export {
  type AlarmMetrics,
  alarmMetrics,
  evaluateAlarms,
  type HeadMetrics,
  type RefuseOn,
  refusalScore,
  shouldRefuse,
} from "./analysis/evaluate-alarms.js";
export { fitLinearProbe, type LayerProbe, layerProbes } from "./analysis/linear-probe.js";
export { type Reliability, type ReliabilityBin, reliability } from "./analysis/reliability.js";
export { auc, bestDsrAtFrr, leastFrrAtDsr, type OperatingPoint, rocCurve } from "./analysis/roc.js";
export { type AlarmVectors, insertAlarmEmbeddings, writeAlarmEmbeddingsInto } from "./embeddings/alarm-embeddings.js";
export {
  type AlarmInitialization,
  type EmbeddingTable,
  initializeAlarmToken,
} from "./embeddings/initialize-alarm-tokens.js";
export {
  type FloatTensor,
  fromPeftPromptTuning,
  type PeftPromptTuning,
  toPeftPromptTuning,
} from "./embeddings/peft-prompt-tuning.js";
export { type TokenDrift, type TokenSnapshot, tokenDrift, type VectorDrift } from "./embeddings/token-drift.js";
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
  type ChatMessage,
  type ChatTurn,
  type ChatTurnOptions,
  chatTurns,
  type TurnAssessment,
  watchTurns,
} from "./guard/chat-turns.js";
export {
  type ConformalTarget,
  type ConformalThreshold,
  conformalThreshold,
  minimumCalibrationSize,
} from "./guard/conformal-threshold.js";
export {
  createDriftMonitor,
  type DriftMonitor,
  type DriftMonitorOptions,
  type DriftMonitorState,
  type DriftReading,
  resumeDriftMonitor,
} from "./guard/drift-monitor.js";
export {
  type Assessment,
  createGuard,
  type Guard,
  type GuardLatency,
  type GuardMode,
  type GuardOptions,
  type GuardWindow,
  type WindowAssessment,
} from "./guard/guard.js";
export {
  type CalibrationInput,
  calibrateGuard,
  calibrationHalf,
  describeGuarantee,
  type GuardCalibration,
  guardCalibrationSchema,
  parseGuardCalibration,
} from "./guard/guard-calibration.js";
export {
  fitHarmReadout,
  type HarmReadout,
  harmReadoutSchema,
  parseHarmReadout,
  readoutLogits,
} from "./guard/harm-readout.js";
export {
  type GuardHeads,
  type GuardPlaces,
  type HiddenStateGuardModel,
  hiddenStateGuardModel,
  type SegmentGuardModel,
} from "./guard/hidden-state-guard-model.js";
export { type SegmentCalibration, segmentThreshold } from "./guard/segment-guard.js";
export { type FrameWindow, slidingWindows } from "./guard/sliding-windows.js";
export {
  type CalibrationVideo,
  calibrateStreamGuard,
  readWindows,
  type StreamMaxima,
  streamMaxima,
  type WindowReadings,
} from "./guard/stream-calibration.js";
export { fitTemperature } from "./guard/temperature.js";
export { type LabelPolicy, resolveLabels, type SampleLabels } from "./labels/label-policy.js";
export { labelRecord } from "./labels/label-record.js";
export { describeLocation, type RecordLocation } from "./labels/record-location.js";
export { type AtSftLossInput, type AtSftLossResult, atSftLoss } from "./loss/at-sft-loss.js";
export { type AtSftCounts, type AtSftScale, atSftScale } from "./loss/at-sft-scale.js";
export { type AtcHead, type AtcHeadGradients, atcGradients, atcHeadOf, atcLogits } from "./loss/atc-head.js";
export {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyResult,
  balancedClassWeights,
  binaryCrossEntropy,
  type ClassWeights,
  sigmoid,
  softplus,
} from "./loss/binary-cross-entropy.js";
export { type CategoryLossResult, categoryLoss } from "./loss/category-loss.js";
export { segmentLoss, segmentSpans } from "./loss/segment-alarms.js";
export type { GuardModel, GuardStates, SegmentLogits } from "./model/guard-model.js";
export {
  type AttentionWeights,
  type HiddenStateModel,
  type HiddenStateRequest,
  hasHiddenStates,
} from "./model/hidden-state-model.js";
export { mergeSpans, spanOverlap, type TimeSpan } from "./model/time-spans.js";
export type {
  AlarmStates,
  AtSftNormalizers,
  AtSftOptions,
  AtSftResult,
  ParameterGroup,
  TrainableModel,
  TrainableTensor,
} from "./model/trainable-model.js";
export { alarmInsertionPoints, type PlacementTokens } from "./placement/alarm-insertion-points.js";
export {
  type AlarmPoints,
  type AlarmTurns,
  alarmPoints,
  type CoveredTurns,
  type InsertionPoints,
  type PlacementOptions,
} from "./placement/alarm-points.js";
export { type AlarmPositions, findAlarmPositions } from "./placement/alarm-positions.js";
export {
  ALARM_TENSOR_NAMES,
  ALARM_TOKENS,
  type AlarmTokenIds,
  type Modality,
  TEXTUAL_ALARM_TOKEN,
  VISUAL_ALARM_TOKEN,
} from "./placement/alarm-tokens.js";
export { type InsertedTokenIds, type Insertion, insertTokenIds } from "./placement/insert-token-ids.js";
export { type PlacedText, placeAlarmText, type TextPlacementOptions } from "./placement/place-alarm-text.js";
export { carryOver, type PlacedTokenIds, placeAlarmTokenIds } from "./placement/place-alarm-token-ids.js";
export {
  type AlarmLayout,
  type AlarmPlaces,
  type AlarmSegment,
  type AlarmSegments,
  type FrameInSequence,
  type PlacedAlarms,
  type PlacedTurns,
  placeAlarms,
  placeAlarmsAt,
} from "./placement/place-alarms.js";
export {
  type AddedToken,
  lookupAlarmTokenIds,
  registerAlarmTokens,
  type TextEncoder,
  type TokenizerJson,
} from "./placement/register-alarm-tokens.js";
