export { latestCheckpoint, prepareCheckpointDirectory, saveStepCheckpoint } from "./io/checkpoint-directory-node.js";
export {
  type CheckpointTarget,
  loadCheckpoint,
  readCheckpoint,
  restoreCheckpoint,
  type SavedCheckpoint,
  saveCheckpoint,
  type TrainingState,
} from "./io/checkpoint-node.js";
export {
  type LocatedEntry,
  openSafetensors,
  readSafetensors,
  type SafetensorsReader,
  writeSafetensors,
} from "./io/safetensors-node.js";
export { type PlannedTensor, type SafetensorsStream, streamSafetensors } from "./io/safetensors-stream-node.js";
export { type ShardOptions, writeShardedSafetensors } from "./io/sharded-safetensors-node.js";
export { type OnnxModelFile, readOnnxModel } from "./onnx/reader-node.js";
export * from "./portable.js";
export { availableProviders, compareWithCpu, type ProviderReport, reportProviders } from "./providers-node.js";
export { createSession } from "./session-node.js";
