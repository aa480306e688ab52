export {
  type ComposedScore,
  composeRewards,
  type RewardComponent,
  type RewardComposition,
} from "./compose/compose-rewards.js";
export { type HackingReport, hackingReport, type JudgedBatch, type LabelUse } from "./compose/hacking-report.js";
export { type NamedRewardOptions, namedRewards } from "./compose/named-rewards.js";
export { type BatchOptions, type RewardBatch, type RewardFunction, rewardFunction } from "./compose/reward-batch.js";
export { accuracyReward, formatReward } from "./compose/rule-rewards.js";
export { type ScoreRowOptions, scoreRow } from "./compose/score-row.js";
export { weightedTotal } from "./compose/weighted-total.js";
export { type AccuracyOptions, accuracyOptionsSchema } from "./scores/accuracy/accuracy-options.js";
export { accuracyScore } from "./scores/accuracy/accuracy-score.js";
export {
  DEFAULT_DRA,
  type DraConfig,
  type DraParts,
  draConfigSchema,
  draParts,
  lintDra,
} from "./scores/accuracy/dra.js";
export { readLabel, type SafetyScoreOptions, safetyScore } from "./scores/accuracy/safety-score.js";
export { vsr1AccuracyRewards, vsr1FormatReward } from "./scores/accuracy/vsr1.js";
export { formatScore } from "./scores/format-score.js";
export { type LengthBonusOptions, lengthBonus, temporalBonus } from "./scores/group-bonus.js";
export type { JudgeCache, JudgeEndpoint, JudgeReward } from "./scores/judge/judge-question.js";
export { type JudgeOptions, judgeReward } from "./scores/judge/judge-reward.js";
export { languageConsistency } from "./scores/language-consistency.js";
export { type OverlongOptions, overlongPenalty } from "./scores/overlong-penalty.js";
export type { RewardExample, RewardRow, RowReward } from "./scores/reward-row.js";
export {
  ANSWER_OUTCOMES,
  type AnswerOutcome,
  answerOutcome,
  type OutcomePhrases,
} from "./scores/safe-completion/answer-outcome.js";
export {
  type SafeCompletionOptions,
  safeCompletionOptionsSchema,
} from "./scores/safe-completion/safe-completion-options.js";
export { safeCompletionJudge, safeCompletionReward } from "./scores/safe-completion/safe-completion-reward.js";
export { type Score, scored, unscorable } from "./scores/score.js";
export { repetitionPenalty, thinkLeakagePenalty } from "./scores/text-penalties.js";
export { editDistance } from "./text/edit-distance.js";
export { type AlignedUnit, alignTexts, errorRate } from "./text/error-rate.js";
export { parseNumber } from "./text/parse-number.js";
export { porterStem } from "./text/porter-stemmer.js";
export { meanRouge, type RougeScore, type RougeType, rouge } from "./text/rouge/rouge.js";
export { type TokenizeOptions, tokenize } from "./text/tokenize.js";
