export { type AnswerPiece, ask, type Question } from "./ask/ask-node.js";
export { main as videosafety } from "./cli/main-node.js";
export { type Command, EXIT, type Terminal } from "./command/command.js";
export { DefenseError, type DefenseErrorCode } from "./errors.js";
export type { Scorer, ScorerInput, ScoreShare, Scores } from "./evaluate/scorers-node.js";
export { alarmLines, type StageRates, type TrainingAlarm, trainingAlarms } from "./evaluate/training-alarms.js";
export type { RunResultsFile } from "./evaluate/write-results-node.js";
export { type CheckpointNotes, readNotes } from "./model/checkpoint-notes-node.js";
export {
  checkpointHash,
  type OpenedCheckpoint,
  type OpenOptions,
  openCheckpoint,
} from "./model/open-checkpoint-node.js";
export { checkRunFile, loadRunFile, type RunFlags } from "./run-file/load-run-file-node.js";
export { type ResolvedStage, resolveStages } from "./run-file/resolve-stages.js";
export { type RunFile, type RunFileInput, runFileJsonSchema, runFileSchema } from "./run-file/run-schema.js";
