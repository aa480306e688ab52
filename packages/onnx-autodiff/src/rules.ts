import { elementwiseRules } from "./ops/elementwise.js";
import { indexingRules } from "./ops/indexing.js";
import { layoutRules } from "./ops/layout.js";
import { matmulRules } from "./ops/matmul.js";
import { normalizationRules } from "./ops/normalization.js";
import { reduceRules } from "./ops/reduce.js";
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
