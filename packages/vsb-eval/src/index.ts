export { type Arm, type ArmKind, parseArm, SWEEP_FRAME_COUNTS, sweepArms } from "./arms/arm.js";
export { armApplies, armFrames, armParameters, chooseVideos, type VideoChoice } from "./arms/arm-frames.js";
export { cacheFrames } from "./arms/cached-frames.js";
export { blankFrames, frameView, JITTER_LEVELS, jitterFrames, repeatFrame, shuffleFrames } from "./arms/frame-edits.js";
export type { EvalVideo, FrameSource } from "./arms/frame-source.js";
export {
  type AnnotatedClip,
  type Annotator,
  annotateClip,
  type ClipAnnotation,
  createOpenAiAnnotator,
} from "./build/annotation.js";
export {
  type BuildOptions,
  type BuiltBenchmark,
  buildBenchmark,
  type DropReason,
  splitOf,
} from "./build/build-benchmark.js";
export {
  clipHash,
  type FrameFeatures,
  hashDistance,
  isStaticClip,
  meanFeatureSimilarity,
  meanFrameDifference,
  type StaticRule,
} from "./build/clip-features.js";
export { datasheet } from "./build/datasheet.js";
export { QUERY_TEMPLATES, type QueryTemplates } from "./build/query-templates.js";
export { compareRuns, type RunComparison, type RunDifference } from "./compare/compare-runs.js";
export { canonicalJson, contentKey, type Json, sha256Hex } from "./content-key.js";
export { checkItems, type ExpectedCounts, type ItemsReport, VSB_77K } from "./data/check-items.js";
export {
  figStepItems,
  mmSafetyBenchItems,
  videoSafetyBenchItems,
  videoSafetyGrpoItems,
  videoSafetySftItems,
  vlGuardItems,
  xsTestItems,
} from "./data/public-datasets.js";
export {
  RequestError,
  type RequestErrorCode,
  type RequestErrorOptions,
  VsbEvalError,
  type VsbEvalErrorCode,
} from "./errors.js";
export { checkGates, type Gate, type GateResult, parseGate } from "./gate/gate.js";
export { junitReport } from "./gate/junit.js";
export {
  type CalibrationLabel,
  calibrateJudge,
  calibrateThreshold,
  type JudgeCalibration,
} from "./judge/calibration.js";
export { createDigitJudge, type DigitScore, digitScore, RJ_THRESHOLD } from "./judge/digit-judge.js";
export { policyOf } from "./judge/judge-prompt.js";
export { createLlmJudge, type LlmJudgeOptions } from "./judge/llm-judge.js";
export {
  classifyRefusal,
  normalizeForRules,
  REFUSAL_LANGUAGES,
  REFUSAL_RULES_VERSION,
  type RuleFinding,
} from "./judge/refusal-rules.js";
export { createRuleJudge } from "./judge/rule-judge.js";
export type { Judge, JudgeInput, Stance, Verdict, Vote } from "./judge/verdict.js";
export { type CompletionParts, splitCompletion } from "./judge/visible-answer.js";
export { createVotingJudge } from "./judge/voting-judge.js";
export {
  type Coverage,
  coverageOf,
  type Defense,
  defenseOf,
  type MacroRate,
  macroDefense,
} from "./metrics/defense.js";
export {
  type Bootstrapped,
  type ControlPoint,
  type DuplicateControl,
  duplicateControl,
} from "./metrics/duplicate-control.js";
export { type FalseRefusal, falseRefusalOf } from "./metrics/false-refusal.js";
export { comparePaired, type PairedComparison, pairUnits, relativeDrop, type UnitPair } from "./metrics/paired-arms.js";
export { clusterCounts, type Rate, rateOf } from "./metrics/rate.js";
export { clusterOf, collectUnits, refusedOf, type ScoredUnit, safeOf, stanceOf } from "./metrics/scored-unit.js";
export { type TaggedOutput, taggedOutputOf } from "./metrics/tagged-output.js";
export { describeServer, type OpenAiEndpoint } from "./openai/chat-completion.js";
export { createOpenAiResponder, type OpenAiResponderOptions } from "./openai/openai-responder.js";
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
export { evaluationResultsSchema, resultsJsonSchema } from "./results/results-schema.js";
export { AdaptiveLimiter, type LimiterOptions } from "./run/adaptive-limiter.js";
export type { RetryOptions } from "./run/attempt.js";
export { type EstimateOptions, estimateRun, type RunEstimate } from "./run/estimate.js";
export type { EvaluationEvent, EvaluationOptions } from "./run/evaluation-options.js";
export { type JudgeRunEvent, type JudgeRunOptions, judgeRun } from "./run/judge-run.js";
export type { JudgedResponse } from "./run/judging.js";
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
export { createUnitRunner, runEvaluation, type UnitRunner } from "./run/run-evaluation.js";
export { type Agreement, agreementOf, cohenKappa, type Ratings } from "./stats/agreement.js";
export { sampleBinomial } from "./stats/binomial-sampler.js";
export {
  BOOTSTRAP_DRAWS,
  type BootstrapOptions,
  type BootstrapResult,
  clusterBootstrap,
  quantile,
} from "./stats/cluster-bootstrap.js";
export { type McNemarResult, mcNemar } from "./stats/mcnemar.js";
export { benjaminiHochbergAdjust, holmAdjust } from "./stats/multiple-testing.js";
export { normalCdf, normalQuantile } from "./stats/normal-quantile.js";
export {
  type ClusterCount,
  type ClusteredProportion,
  clusteredProportion,
  type Interval,
  wilsonInterval,
} from "./stats/proportion-interval.js";
export { roganGladen } from "./stats/rogan-gladen.js";
export { type SignFlipResult, signFlipTest } from "./stats/sign-flip-test.js";
export { type EvaluationStore, MemoryStore, mergeInto, StoreIndex } from "./store/evaluation-store.js";
