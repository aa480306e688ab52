export { wordsOf } from "@videosafety/safety-data";
export { balancedAccuracy } from "./baselines/balanced-accuracy.js";
export { BASELINE_ANSWERS, createDecisionResponder } from "./baselines/decision-responder.js";
export {
  featureDecision,
  type LabelledFeatures,
  meanOfTokens,
  trainFeatureRegression,
} from "./baselines/feature-decision.js";
export { frameFeatures } from "./baselines/frame-features.js";
export {
  type LogisticRegression,
  type LogisticRegressionOptions,
  type SparseRow,
  standardizer,
  trainLogisticRegression,
} from "./baselines/logistic-regression.js";
export {
  type LabelledText,
  type TextScore,
  trainNaiveBayes,
  trainWordRegression,
} from "./baselines/text-classifier.js";
export { type Decision, wordDecisions } from "./baselines/word-decisions.js";
export { wordFeatures } from "./baselines/word-features.js";
