export { latestCheckpoint } from "@videosafety/onnx-autodiff";
export {
  type AtcHeadValues,
  type AtSftLossGraph,
  type AtSftLossGraphInputs,
  atcLogitsGraph,
  atSftLossGraph,
} from "./loss/at-sft-loss-graph.js";
export { atcHeadToOnnx } from "./loss/atc-onnx.js";
export {
  type AtSftConfig,
  type AtSftConfigInput,
  atSftConfigSchema,
  parseAtSftConfig,
} from "./training/at-sft-config.js";
export {
  type AlarmSet,
  type AuxiliaryHead,
  type AuxiliaryResult,
  alarmSetHead,
  categoryHead,
  categoryLogits,
} from "./training/auxiliary-heads.js";
export { groupMicroBatches, type MicroBatchLimits } from "./training/micro-batches.js";
export { AUTHORS_MIXTURE, type Draw, epochPlan, type Mixture, mixtureCounts } from "./training/mixture.js";
export { STAGE_1_ALARM_AR, STAGE_2_AT_SFT, STAGE_3_COT } from "./training/stages.js";
export { type TrainAtSftOptions, trainAtSft } from "./training/train-at-sft.js";
export type { SampleDescription, SampleSource, TrainingData } from "./training/training-data.js";
export {
  AlarmTrainingConfigError,
  CheckpointMismatchError,
  TrainingDivergedError,
} from "./training/training-errors.js";
export type {
  CheckpointEvent,
  DoneEvent,
  EvaluationEvent,
  StepEvent,
  TrainingEvent,
} from "./training/training-events.js";
