export { type Agreement, agreementOf, cohenKappa, type Ratings } from "@videosafety/safety-data";
export {
  type Coverage,
  coverageOf,
  type Defense,
  defenseOf,
  type MacroRate,
  macroDefense,
} from "./metrics/defense.js";
export {
  type ControlPoint,
  type DuplicateControl,
  duplicateControl,
} from "./metrics/duplicate-control.js";
export { type FalseRefusal, falseRefusalOf } from "./metrics/false-refusal.js";
export { type PairBounds, pairBounds } from "./metrics/pair-bounds.js";
export { comparePaired, type PairedComparison, pairUnits, relativeDrop, type UnitPair } from "./metrics/paired-arms.js";
export { type Rate, rateOf } from "./metrics/rate.js";
export {
  type CompletionKind,
  completionKindOf,
  type SafeCompletion,
  safeCompletionOf,
} from "./metrics/safe-completion.js";
export { clusterOf, collectUnits, refusedOf, type ScoredUnit, safeOf, stanceOf } from "./metrics/scored-unit.js";
export { type TaggedOutput, taggedOutputOf } from "./metrics/tagged-output.js";
export { type Understanding, understandingOf } from "./metrics/understanding.js";
export {
  BOOTSTRAP_DRAWS,
  type BootstrapOptions,
  type BootstrapResult,
  clusterBootstrap,
} from "./stats/cluster-bootstrap.js";
export { type McNemarResult, mcNemar } from "./stats/mcnemar.js";
export {
  differenceOf,
  type Estimate,
  meanOfRates,
  type PairedCluster,
  pairedDifference,
  pairedRelativeDrop,
} from "./stats/mover.js";
export { benjaminiHochbergAdjust, holmAdjust } from "./stats/multiple-testing.js";
export {
  type ClusterCount,
  type ClusteredProportion,
  clopperPearsonInterval,
  clusteredProportion,
  type Interval,
  wilsonInterval,
} from "./stats/proportion-interval.js";
export { roganGladen } from "./stats/rogan-gladen.js";
export { type SignFlipResult, signFlipTest } from "./stats/sign-flip-test.js";
