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
  REFUSAL_LANGUAGES,
  REFUSAL_RULES_VERSION,
  type RuleFinding,
} from "./judge/refusal-rules.js";
export { createRuleJudge } from "./judge/rule-judge.js";
export type { Judge, JudgeInput, Stance, Verdict, Vote } from "./judge/verdict.js";
export { type CompletionParts, splitCompletion } from "./judge/visible-answer.js";
export { createVotingJudge } from "./judge/voting-judge.js";
