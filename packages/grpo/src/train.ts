export { latestCheckpoint } from "@videosafety/onnx-autodiff";
export {
  type GrpoLossGraph,
  type GrpoLossGraphInputs,
  type GrpoLossGraphNormalizers,
  grpoLossGraph,
} from "./loss/grpo-loss-graph.js";
export { type CurveOptions, type CurveSeries, curveSvg } from "./report/curve-svg.js";
export { charts, type RunReportOptions, runReport, sampleLines } from "./report/run-report.js";
export type {
  AlarmEvent,
  CheckpointEvent,
  DoneEvent,
  EvaluationEvent,
  GrpoEvent,
  PhaseSeconds,
  RewardSummary,
  RewardsEvent,
  RolloutEvent,
  SampleRecord,
  UpdateEvent,
} from "./training/events.js";
export { promptOrder } from "./training/prompt-order.js";
export type { GrpoExample, RewardBatch, RewardFunction, RewardFunctions } from "./training/rewards.js";
export type { PreparedRollout, RolloutSource } from "./training/rollout.js";
export { trainGrpo } from "./training/train-grpo.js";
export type { LengthReward, TemporalReward, TrainGrpoOptions } from "./training/train-options.js";
export type { VllmServer } from "./training/vllm-client.js";
export { type TokenItem, type VllmRolloutOptions, vllmLogProbs, vllmRollouts } from "./training/vllm-rollouts.js";
