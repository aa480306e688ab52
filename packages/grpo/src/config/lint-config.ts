import type { GrpoConfig } from "./train-config.js";

/** One thing in a configuration that is allowed and probably not meant. */
export interface ConfigFinding {
  /** Stable name of the rule. */
  readonly rule: string;
  /** "error": the run cannot learn what it is meant to; "warning": it will learn something slightly else. */
  readonly severity: "error" | "warning";
  /** What is the case, why it matters, what to do. */
  readonly message: string;
}

/** What the linter may know beside the configuration. */
export interface LintContext {
  /** Completions come from an engine of their own (vLLM), not from the policy. */
  readonly externalRollouts?: boolean;
  /** The rewards use dynamic reward adaptation with these numbers. */
  readonly dynamicRewardAdaptation?: {
    readonly gammaVisual: number;
    readonly gammaTextual: number;
    readonly alphaMin: number;
    readonly alphaMax: number;
  };
}

type Rule = (config: GrpoConfig, context: LintContext) => string | false | undefined;

const RULES: readonly (readonly [rule: string, severity: ConfigFinding["severity"], check: Rule])[] = [
  [
    "cispo-epsilon-high",
    "error",
    (c) =>
      c.lossType === "cispo" &&
      c.cispoClip === "cap" &&
      (c.epsilonHigh ?? c.epsilon) < 1 &&
      `cispo with cispoClip "cap" reads epsilonHigh as an absolute cap on the ratio, so ${c.epsilonHigh ?? c.epsilon} shrinks even on-policy updates; the papers use about 5`,
  ],
  [
    "group-too-small",
    "error",
    (c) =>
      c.numGenerations < 2 &&
      !["remax", "reinforce_plus_plus"].includes(c.advantageEstimator) &&
      c.singletonAdvantage === "zero" &&
      "numGenerations is 1, so every advantage is 0: use at least 2, or an estimator without a group (remax, reinforce_plus_plus)",
  ],
  [
    "truncated-sampling",
    "warning",
    (c, { externalRollouts }) =>
      (c.topP < 1 || c.topK > 0) &&
      (c.numIterations > 1 || c.rolloutLag > 0 || externalRollouts) &&
      "topP < 1 or topK > 0 samples from a renormalised distribution, while importance ratios divide full softmaxes: tokens of the cut tail can never be sampled, and ratios are biased by the missing mass",
  ],
  [
    "kl-on-dead-groups",
    "warning",
    (c) =>
      c.beta > 0 &&
      c.zeroVarianceGroups === "keep" &&
      "beta > 0 with zeroVarianceGroups keep: groups without signal still pull towards the reference, so the effective KL weight grows as groups die; consider maskAll",
  ],
  [
    "zero-variance-without-groups",
    "warning",
    (c) =>
      c.zeroVarianceGroups !== "keep" &&
      ["remax", "reinforce_plus_plus"].includes(c.advantageEstimator) &&
      `${c.advantageEstimator} has signal in groups of equal rewards too, and zeroVarianceGroups ${c.zeroVarianceGroups} removes it: set it to keep`,
  ],
  [
    "fixed-length-divisor",
    "warning",
    (c) =>
      c.lossType === "dr_grpo" &&
      c.scaleRewards !== "none" &&
      "dr_grpo was published without dividing by the std: set scaleRewards to none",
  ],
  [
    "gmpo-clip",
    "warning",
    (c) =>
      c.lossType === "gmpo" && c.epsilon < 0.3 && `gmpo clips log-ratios; its paper uses 0.4, this run ${c.epsilon}`,
  ],
  [
    "luspo-level",
    "warning",
    (c) =>
      c.lossType === "luspo" &&
      c.importanceSamplingLevel === "token" &&
      "luspo was published with sequence ratios: set importanceSamplingLevel to sequence",
  ],
  [
    "delta-below-clip",
    "error",
    (c) =>
      c.delta !== null &&
      c.delta <= 1 + (c.epsilonHigh ?? c.epsilon) &&
      `delta (${c.delta}) is not above the clip (${1 + (c.epsilonHigh ?? c.epsilon)}), so it cuts gradients the clip would keep`,
  ],
  [
    "ratio-overflow",
    "warning",
    (c, { externalRollouts }) =>
      c.logRatioClamp === null &&
      (c.rolloutLag > 0 || externalRollouts) &&
      "off-policy rollouts without logRatioClamp: one mismatched token can overflow exp; 20 changes nothing else",
  ],
  [
    "no-update",
    "error",
    (c) =>
      c.learningRate === 0 &&
      Object.keys(c.learningRates).length === 0 &&
      "learningRate is 0, so nothing will be learned",
  ],
  [
    "dra-inversion",
    "error",
    (_c, { dynamicRewardAdaptation: d }) =>
      d &&
      Math.min(d.gammaVisual, d.gammaTextual) < d.alphaMax - d.alphaMin &&
      `the smaller gamma (${Math.min(d.gammaVisual, d.gammaTextual)}) is below alphaMax - alphaMin (${d.alphaMax - d.alphaMin}): one wrong label can earn more than two right ones`,
  ],
];

/** Checks a resolved configuration for combinations that are legal and probably a mistake. */
export function lintGrpoConfig(config: GrpoConfig, context: LintContext = {}): ConfigFinding[] {
  return RULES.flatMap(([rule, severity, check]) => {
    const message = check(config, context);
    return message ? [{ rule, severity, message }] : [];
  });
}
