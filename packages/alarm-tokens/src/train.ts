export { type AtSftConfig, type AtSftConfigInput, atSftConfigSchema, parseAtSftConfig } from "./at-sft-config.js";
export {
  type AtcHeadValues,
  type AtSftLossGraph,
  type AtSftLossGraphInputs,
  atcLogitsGraph,
  atSftLossGraph,
} from "./at-sft-loss-graph.js";
export { atcHeadToOnnx } from "./atc-onnx.js";
export {
  type AlarmSet,
  type AuxiliaryHead,
  type AuxiliaryResult,
  alarmSetHead,
  categoryHead,
  categoryLogits,
} from "./auxiliary-heads.js";
export { groupMicroBatches, type MicroBatchLimits } from "./micro-batches.js";
export { AUTHORS_MIXTURE, type Draw, epochPlan, type Mixture, mixtureCounts } from "./mixture.js";
export { STAGE_1_ALARM_AR, STAGE_2_AT_SFT, STAGE_3_COT } from "./stages.js";
export { type TrainAtSftOptions, trainAtSft } from "./train-at-sft.js";
export { latestCheckpoint } from "./training-checkpoint-node.js";
export type { SampleDescription, SampleSource, TrainingData } from "./training-data.js";
export { AlarmTrainingConfigError, CheckpointMismatchError, TrainingDivergedError } from "./training-errors.js";
export type { CheckpointEvent, DoneEvent, EvaluationEvent, StepEvent, TrainingEvent } from "./training-events.js";
