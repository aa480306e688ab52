export { type AccuracyOptions, accuracyOptionsSchema } from "./accuracy-options.js";
export { accuracyReward, accuracyScore } from "./accuracy-score.js";
export { type ComposedScore, composeRewards, type RewardComponent, type RewardComposition } from "./compose-rewards.js";
export { DEFAULT_DRA, type DraConfig, type DraParts, draConfigSchema, draParts, lintDra } from "./dra.js";
export { editDistance } from "./edit-distance.js";
export { type AlignedUnit, alignTexts, errorRate, errorRateUnits } from "./error-rate.js";
export { formatReward, formatScore } from "./format-score.js";
export { type HackingReport, hackingReport, type JudgedBatch, type LabelUse } from "./hacking-report.js";
export { type JudgeCache, type JudgeOptions, type JudgeReward, judgeReward } from "./judge-reward.js";
export { languageConsistency } from "./language-consistency.js";
export {
  type LengthBonusOptions,
  lengthBonus,
  type OverlongOptions,
  overlongPenalty,
  temporalBonus,
} from "./length-rewards.js";
export { parseNumber } from "./parse-number.js";
export { porterStem } from "./porter-stemmer.js";
export {
  batchRows,
  type RewardBatch,
  type RewardExample,
  type RewardFunction,
  type RewardRow,
  type RowReward,
  rewardFunction,
} from "./reward-batch.js";
export { meanRouge, type RougeScore, type RougeType, rouge } from "./rouge.js";
export { readLabel, type SafetyScoreOptions, safetyScore } from "./safety-score.js";
export { type Score, scored, unscorable } from "./score.js";
export { type ScoreRowOptions, scoreRow } from "./score-row.js";
export { repetitionPenalty, thinkLeakagePenalty } from "./text-penalties.js";
export { type TokenizeOptions, tokenize } from "./tokenize.js";
export { vsr1AccuracyRewards, vsr1FormatReward } from "./vsr1.js";
