export {
  type ComposedScore,
  composeRewards,
  type RewardComponent,
  type RewardComposition,
} from "./compose/compose-rewards.js";
export { type HackingReport, hackingReport, type JudgedBatch, type LabelUse } from "./compose/hacking-report.js";
export {
  batchRows,
  type RewardBatch,
  type RewardExample,
  type RewardFunction,
  type RewardRow,
  type RowReward,
  rewardFunction,
} from "./compose/reward-batch.js";
export { type ScoreRowOptions, scoreRow } from "./compose/score-row.js";
export { type AccuracyOptions, accuracyOptionsSchema } from "./scores/accuracy-options.js";
export { accuracyReward, accuracyScore } from "./scores/accuracy-score.js";
export { DEFAULT_DRA, type DraConfig, type DraParts, draConfigSchema, draParts, lintDra } from "./scores/dra.js";
export { formatReward, formatScore } from "./scores/format-score.js";
export { type JudgeCache, type JudgeOptions, type JudgeReward, judgeReward } from "./scores/judge-reward.js";
export { languageConsistency } from "./scores/language-consistency.js";
export {
  type LengthBonusOptions,
  lengthBonus,
  type OverlongOptions,
  overlongPenalty,
  temporalBonus,
} from "./scores/length-rewards.js";
export { readLabel, type SafetyScoreOptions, safetyScore } from "./scores/safety-score.js";
export { type Score, scored, unscorable } from "./scores/score.js";
export { repetitionPenalty, thinkLeakagePenalty } from "./scores/text-penalties.js";
export { vsr1AccuracyRewards, vsr1FormatReward } from "./scores/vsr1.js";
export { editDistance } from "./text/edit-distance.js";
export { type AlignedUnit, alignTexts, errorRate, errorRateUnits } from "./text/error-rate.js";
export { parseNumber } from "./text/parse-number.js";
export { porterStem } from "./text/porter-stemmer.js";
export { meanRouge, type RougeScore, type RougeType, rouge } from "./text/rouge.js";
export { type TokenizeOptions, tokenize } from "./text/tokenize.js";
