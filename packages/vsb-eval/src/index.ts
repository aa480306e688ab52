export { type Arm, type ArmKind, parseArm, SWEEP_FRAME_COUNTS, sweepArms } from "./arms/arm.js";
export type { EvalVideo, FrameSource } from "./arms/frame-source.js";
export { compareRuns, type RunComparison, type RunDifference } from "./compare/compare-runs.js";
export { canonicalJson, contentKey, type Json, sha256Hex } from "./content-key.js";
export {
  RequestError,
  type RequestErrorCode,
  type RequestErrorOptions,
  VsbEvalError,
  type VsbEvalErrorCode,
} from "./errors.js";
export { checkGates, type Gate, type GateResult, parseGate } from "./gate/gate.js";
export { junitReport } from "./gate/junit.js";
export { createRuleJudge } from "./judge/rule-judge.js";
export type { Judge, JudgeInput, Stance, Verdict, Vote } from "./judge/verdict.js";
export { answeredRightOf } from "./metrics/reference-answer.js";
export { refusedOf, type ScoredUnit, safeOf } from "./metrics/scored-unit.js";
export type { OpenAiEndpoint } from "./openai/chat-completion.js";
export { createOpenAiResponder, type OpenAiResponderOptions } from "./openai/openai-responder.js";
export { reportExamples } from "./report/examples.js";
export { frameSheet } from "./report/frame-sheet.js";
export { type ExampleAnswer, htmlReport, type ReportExample, type ReportOptions } from "./report/html-report.js";
export { terminalTable } from "./report/terminal-table.js";
export { buildResults, type ResultsOptions } from "./results/build-results.js";
export { type EvaluatedRun, type LoadRunOptions, loadRun } from "./results/evaluated-run.js";
export { mainArm } from "./results/main-arm.js";
export {
  type ArmDrop,
  type ArmResults,
  type Cell,
  type DatasetSummary,
  type EvaluationResults,
  RESULTS_SCHEMA,
  type RunResults,
  type SeedMean,
  type SubsetResults,
  type SummaryRow,
} from "./results/results.js";
export { evaluationResultsSchema, resultsJsonSchema } from "./results/results-schema.js";
export { type EstimateOptions, estimateRun, type RunEstimate } from "./run/estimate.js";
export type { EvaluationEvent, EvaluationOptions } from "./run/evaluation-options.js";
export { type JudgeRunEvent, type JudgeRunOptions, judgeRun } from "./run/judge-run.js";
export type { JudgedResponse } from "./run/judging.js";
export {
  createLocalResponder,
  type LocalCompletion,
  type LocalGeneration,
  type LocalMessage,
  type LocalModel,
  type LocalPrompt,
  type LocalResponderOptions,
  type LocalToken,
} from "./run/local-responder.js";
export type {
  Outcome,
  ResponseRecord,
  RunRecord,
  StoreRecord,
  Unit,
  UnitRecord,
  VerdictRecord,
} from "./run/records/outcome.js";
export { type AllowedDifferences, RUN_DIFFERENCES, type RunDifferenceKind } from "./run/records/run-differences.js";
export { TRUNCATED_MODES, type TruncatedMode } from "./run/records/truncated.js";
export {
  DEFAULT_GENERATION,
  type GenerationOptions,
  type Responder,
  type ResponderAnswer,
  type ResponderRequest,
  type Usage,
} from "./run/responder.js";
export { runEvaluation } from "./run/run-evaluation.js";
export { type RunProgress, runProgress } from "./run/run-progress.js";
export type { LimiterOptions } from "./run/scheduling/adaptive-limiter.js";
export type { RetryOptions } from "./run/scheduling/attempt.js";
export { relayEvents } from "./run/scheduling/relay-events.js";
export { type EvaluationStore, MemoryStore } from "./store/evaluation-store.js";
