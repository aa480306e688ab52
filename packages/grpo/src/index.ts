export {
  type AdvantageInput,
  type AdvantageResult,
  computeAdvantages,
  type GroupReport,
} from "./advantages/advantages.js";
export { GroupAccumulator, type RewardStatistics, rewardStatistics } from "./advantages/group-statistics.js";
export type { RewardColumn } from "./advantages/weighted-rewards.js";
export {
  ADVANTAGE_ESTIMATORS,
  type AdvantageConfig,
  type AdvantageOptions,
  advantageConfigSchema,
} from "./config/advantage-config.js";
export { grpoOptionsFromTrl } from "./config/from-trl.js";
export { type ConfigFinding, type LintContext, lintGrpoConfig } from "./config/lint-config.js";
export {
  AGGREGATIONS,
  type Aggregation,
  KL_ESTIMATORS,
  type KlEstimator,
  LOSS_TYPES,
  type LossConfig,
  type LossOptions,
  type LossType,
  lossConfigSchema,
  ZERO_VARIANCE_POLICIES,
} from "./config/loss-config.js";
export { GRPO_PRESETS, type GrpoPreset, grpoPreset } from "./config/presets.js";
export {
  advantageOptionsOf,
  type GrpoConfig,
  type GrpoOptions,
  grpoConfigSchema,
  lossOptionsOf,
  resolveGrpoConfig,
} from "./config/train-config.js";
export {
  type Alarm,
  CollapseMonitor,
  type CollapseMonitorOptions,
  type RunObservation,
} from "./diagnostics/collapse-monitor.js";
export {
  correlation,
  RATIO_FRACTIONS,
  ratioQuantiles,
  rewardVarianceShares,
  slope,
  type ZeroVarianceCauses,
  zeroVarianceCauses,
} from "./diagnostics/diagnostics.js";
export {
  GrpoCheckpointError,
  GrpoConfigError,
  GrpoDataError,
  GrpoError,
  GrpoNumericError,
  GrpoRolloutError,
} from "./errors.js";
export { type GrpoLossExtras, type GrpoLossResult, grpoLoss, type TokenTerms } from "./loss/grpo-loss.js";
export { type KlOutput, klEstimate } from "./loss/kl-terms.js";
export type { LossBatch, TokenRow } from "./loss/loss-batch.js";
export type { LossMetrics, LossTally } from "./loss/loss-metrics.js";
export { type LossNormalizers, lossNormalizers } from "./loss/loss-normalizers.js";
export {
  type LogitsGradientOptions,
  logitsGradientInto,
  type SelectiveLogSoftmaxOptions,
  type SelectiveLogSoftmaxResult,
  selectiveLogSoftmax,
} from "./loss/selective-log-softmax.js";
export type {
  Completion,
  GenerateOptions,
  LogProbOptions,
  Policy,
  PolicyGradientOptions,
  PolicyItem,
  TrainableTensor,
} from "./training/policy.js";
