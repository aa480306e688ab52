export {
  ADVANTAGE_ESTIMATORS,
  type AdvantageConfig,
  type AdvantageOptions,
  advantageConfigSchema,
} from "./advantage-config.js";
export { type AdvantageInput, type AdvantageResult, computeAdvantages, type GroupReport } from "./advantages.js";
export { type Alarm, CollapseMonitor, type CollapseMonitorOptions, type RunObservation } from "./collapse-monitor.js";
export { combineRewards, type RewardColumn } from "./combine-rewards.js";
export {
  correlation,
  RATIO_FRACTIONS,
  ratioQuantiles,
  rewardVarianceShares,
  slope,
  type ZeroVarianceCauses,
  zeroVarianceCauses,
} from "./diagnostics.js";
export {
  GrpoCheckpointError,
  GrpoConfigError,
  GrpoDataError,
  GrpoError,
  GrpoNumericError,
  GrpoRolloutError,
} from "./errors.js";
export {
  type LengthRewardOptions,
  lengthRewards,
  type TemporalRewardOptions,
  temporalRewards,
} from "./extra-rewards.js";
export { GroupAccumulator, type RewardStatistics, rewardStatistics } from "./group-statistics.js";
export { type GrpoLossExtras, type GrpoLossResult, grpoLoss, type TokenTerms } from "./grpo-loss.js";
export { type KlOutput, klEstimate } from "./kl-terms.js";
export { type ConfigFinding, type LintContext, lintGrpoConfig } from "./lint-config.js";
export type { LossBatch, TokenRow } from "./loss-batch.js";
export {
  AGGREGATIONS,
  type Aggregation,
  aggregationOf,
  KL_ESTIMATORS,
  type KlEstimator,
  LOSS_TYPES,
  type LossConfig,
  type LossOptions,
  type LossType,
  lossConfigSchema,
  ZERO_VARIANCE_POLICIES,
} from "./loss-config.js";
export { type LossMetrics, LossTally } from "./loss-metrics.js";
export { type LossNormalizers, lossNormalizers, quantileSorted } from "./loss-normalizers.js";
export type {
  Completion,
  GenerateOptions,
  LogProbOptions,
  Policy,
  PolicyGradientOptions,
  PolicyItem,
  TrainableTensor,
} from "./policy.js";
export { GRPO_PRESETS, type GrpoPreset, grpoPreset } from "./presets.js";
export {
  type LogitsGradientOptions,
  logitsGradientInto,
  type SelectiveLogSoftmaxOptions,
  type SelectiveLogSoftmaxResult,
  selectiveLogSoftmax,
} from "./selective-log-softmax.js";
export {
  advantageOptionsOf,
  type GrpoConfig,
  type GrpoOptions,
  grpoConfigSchema,
  lossOptionsOf,
  resolveGrpoConfig,
} from "./train-config.js";
