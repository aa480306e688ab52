import { elementwiseRules } from "./elementwise.js";
import { indexingRules } from "./indexing.js";
import { layoutRules } from "./layout.js";
import { matmulRules } from "./matmul.js";
import { normalizationRules } from "./normalization.js";
import { reduceRules } from "./reduce.js";
import type { Rules } from "./rule.js";

/** Every gradient rule, by op. */
export const gradientRules: Rules = {
  ...elementwiseRules,
  ...layoutRules,
  ...reduceRules,
  ...matmulRules,
  ...indexingRules,
  ...normalizationRules,
};

/** Ops whose gradient is zero (or that return no floats): the backward pass stops there on purpose. */
export const zeroGradientOps: ReadonlySet<string> = new Set([
  "StopGradient",
  "Sign",
  "Floor",
  "Ceil",
  "Round",
  "Equal",
  "Less",
  "LessOrEqual",
  "Greater",
  "GreaterOrEqual",
  "And",
  "Or",
  "Not",
  "IsNaN",
  "ArgMax",
  "ArgMin",
  "Shape",
  "Size",
]);
