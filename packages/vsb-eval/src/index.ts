export { type Arm, type ArmKind, parseArm, SWEEP_FRAME_COUNTS, sweepArms } from "./arms/arm.js";
export { armApplies, armFrames, armParameters, chooseVideos, type VideoChoice } from "./arms/arm-frames.js";
export { cacheFrames } from "./arms/cached-frames.js";
export { blankFrames, frameView, JITTER_LEVELS, jitterFrames, repeatFrame, shuffleFrames } from "./arms/frame-edits.js";
export type { EvalVideo, FrameSource } from "./arms/frame-source.js";
export { canonicalJson, contentKey, type Json, sha256Hex } from "./content-key.js";
export {
  RequestError,
  type RequestErrorCode,
  type RequestErrorOptions,
  VsbEvalError,
  type VsbEvalErrorCode,
} from "./errors.js";
export {
  classifyRefusal,
  normalizeForRules,
  REFUSAL_LANGUAGES,
  REFUSAL_RULES_VERSION,
  type RuleFinding,
} from "./judge/refusal-rules.js";
export { createRuleJudge } from "./judge/rule-judge.js";
export type { Judge, JudgeInput, Stance, Verdict } from "./judge/verdict.js";
export { type CompletionParts, splitCompletion } from "./judge/visible-answer.js";
export {
  type Coverage,
  coverageOf,
  type Defense,
  defenseOf,
  type MacroRate,
  macroDefense,
} from "./metrics/defense.js";
export { type FalseRefusal, falseRefusalOf } from "./metrics/false-refusal.js";
export { comparePaired, type PairedComparison, pairUnits, relativeDrop, type UnitPair } from "./metrics/paired-arms.js";
export { clusterCounts, type Rate, rateOf } from "./metrics/rate.js";
export { clusterOf, collectUnits, type ScoredUnit, safeOf } from "./metrics/scored-unit.js";
export { type TaggedOutput, taggedOutputOf } from "./metrics/tagged-output.js";
export { createRandom, type Random, seedOf } from "./random.js";
export { type ContactSheetOptions, contactSheet, encodeJpeg, toBase64 } from "./report/contact-sheet.js";
export { reportExamples } from "./report/examples.js";
export { type ExampleAnswer, htmlReport, type ReportExample, type ReportOptions } from "./report/html-report.js";
export { alignTable, terminalTable } from "./report/terminal-table.js";
export { buildResults, type ResultsOptions } from "./results/build-results.js";
export { type EvaluatedRun, loadRun } from "./results/evaluated-run.js";
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
export { AdaptiveLimiter, type LimiterOptions } from "./run/adaptive-limiter.js";
export type { RetryOptions } from "./run/attempt.js";
export {
  OUTCOMES,
  type Outcome,
  type ResponseRecord,
  type StoreRecord,
  type Unit,
  type UnitRecord,
  type VerdictRecord,
} from "./run/outcome.js";
export { type RunConfiguration, responseKey, runId, verdictKey } from "./run/record-keys.js";
export {
  DEFAULT_GENERATION,
  type GenerationOptions,
  type Responder,
  type ResponderAnswer,
  type ResponderRequest,
  type Usage,
} from "./run/responder.js";
export { type EvaluationEvent, type EvaluationOptions, runEvaluation } from "./run/run-evaluation.js";
export { sampleBinomial } from "./stats/binomial-sampler.js";
export {
  BOOTSTRAP_DRAWS,
  type BootstrapOptions,
  type BootstrapResult,
  clusterBootstrap,
  quantile,
} from "./stats/cluster-bootstrap.js";
export { type McNemarResult, mcNemar } from "./stats/mcnemar.js";
export { normalCdf, normalQuantile } from "./stats/normal-quantile.js";
export {
  type ClusterCount,
  type ClusteredProportion,
  clusteredProportion,
  type Interval,
  wilsonInterval,
} from "./stats/proportion-interval.js";
export { type EvaluationStore, MemoryStore, StoreIndex } from "./store/evaluation-store.js";
