import type { SafetyLabel } from "@videosafety/safety-data";
import { AlarmShapeError, NonFiniteError } from "../errors.js";
import type { AtSftNormalizers } from "../model/trainable-model.js";
import { atSftScale } from "./at-sft-scale.js";
import {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyResult,
  binaryCrossEntropy,
} from "./binary-cross-entropy.js";

/** What the AT-SFT loss is computed from. */
export interface AtSftLossInput {
  /** [N] log-probabilities of the target tokens, of all samples one after the other. */
  readonly tokenLogProbs: ArrayLike<number>;
  /** [N] 1 on assistant tokens, 0 elsewhere (labels -100); default all 1. */
  readonly tokenWeights?: ArrayLike<number>;
  /** [B] logits of the visual head. */
  readonly visualLogits: ArrayLike<number>;
  /** [B] logits of the textual head. */
  readonly textualLogits: ArrayLike<number>;
  /** [B] each 0 = safe, 1 = harmful, null = unknown. */
  readonly visualLabels: readonly (SafetyLabel | null)[];
  /** [B] each 0 = safe, 1 = harmful, null = unknown. */
  readonly textualLabels: readonly (SafetyLabel | null)[];
  /** lambda_1; the authors use 0.1. */
  readonly lambdaVisual: number;
  /** lambda_2; the authors use 0.1. */
  readonly lambdaTextual: number;
  /** Denominators; default: the counts of this batch (at least 1). */
  readonly normalizers?: AtSftNormalizers;
  /** "vsr1": weighed as the authors' code does (`atSftScale`); not together with `normalizers`. Default null, the paper's equation. */
  readonly compat?: "vsr1" | null;
  /** Class weights and focal gamma of the visual head. */
  readonly visualOptions?: Omit<BinaryCrossEntropyOptions, "normalizer">;
  /** Class weights and focal gamma of the textual head. */
  readonly textualOptions?: Omit<BinaryCrossEntropyOptions, "normalizer">;
}

/** Loss terms and their derivatives. */
export interface AtSftLossResult {
  /** lossLm + lambda_1 lossVisual + lambda_2 lossTextual. */
  readonly loss: number;
  /** Mean cross-entropy of the assistant tokens, nats. */
  readonly lossLm: number;
  /** Mean binary cross-entropy of the visual head, nats. */
  readonly lossVisual: number;
  /** Mean binary cross-entropy of the textual head, nats. */
  readonly lossTextual: number;
  /** Derivatives of `loss` (lambdas included) with respect to the inputs. */
  readonly gradients: {
    /** [N]. */
    readonly tokenLogProbs: Float64Array;
    /** [B]. */
    readonly visualLogits: Float64Array;
    /** [B]. */
    readonly textualLogits: Float64Array;
  };
}

/**
 * The loss of stage 2, L = L_LM + lambda_1 L_ATC^v + lambda_2 L_ATC^t (arXiv 2505.16643, section on AT-SFT), in float64
 * with analytic gradients. Stages 1 and 3 are the same with both lambdas 0.
 *
 * @throws AlarmShapeError, NonFiniteError, SafetyLabelError for inputs that do not fit.
 */
export function atSftLoss(input: AtSftLossInput): AtSftLossResult {
  const { tokenLogProbs, tokenWeights } = input;
  const { normalizers, lambdaVisual, lambdaTextual } = scaleOf(input);
  const tokens = tokenTerm(tokenLogProbs, tokenWeights, normalizers?.tokens);
  const head = (
    logits: ArrayLike<number>,
    labels: readonly (SafetyLabel | null)[],
    options: BinaryCrossEntropyOptions | undefined,
    normalizer: number | undefined,
  ): BinaryCrossEntropyResult =>
    binaryCrossEntropy(logits, labels, { ...options, ...(normalizer === undefined ? {} : { normalizer }) });
  const visual = head(input.visualLogits, input.visualLabels, input.visualOptions, normalizers?.visual);
  const textual = head(input.textualLogits, input.textualLabels, input.textualOptions, normalizers?.textual);
  return {
    loss: tokens.loss + lambdaVisual * visual.loss + lambdaTextual * textual.loss,
    lossLm: tokens.loss,
    lossVisual: visual.loss,
    lossTextual: textual.loss,
    gradients: {
      tokenLogProbs: tokens.gradient,
      visualLogits: visual.gradient.map((value) => lambdaVisual * value),
      textualLogits: textual.gradient.map((value) => lambdaTextual * value),
    },
  };
}

function scaleOf(
  input: AtSftLossInput,
): Pick<AtSftLossInput, "lambdaVisual" | "lambdaTextual"> & { readonly normalizers?: AtSftNormalizers | undefined } {
  if (input.compat !== "vsr1") return input;
  if (input.normalizers !== undefined) {
    throw new AlarmShapeError(
      "expected compat or normalizers, found both; leave normalizers out, or scale them with atSftScale",
    );
  }
  const known = (labels: readonly (SafetyLabel | null)[]) => labels.filter((label) => label !== null).length;
  const { tokenLogProbs, tokenWeights, visualLabels, textualLabels } = input;
  let tokens = 0;
  for (let i = 0; i < tokenLogProbs.length; i++) tokens += tokenWeights?.[i] ?? 1;
  const counts = { tokens, visual: known(visualLabels), textual: known(textualLabels), samples: visualLabels.length };
  return atSftScale(counts, input, "vsr1");
}

function tokenTerm(
  logProbs: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
  normalizer: number | undefined,
): { loss: number; gradient: Float64Array } {
  if (weights !== undefined && weights.length !== logProbs.length) {
    throw new AlarmShapeError(
      `expected one weight per token, found ${weights.length} weights and ${logProbs.length} log-probabilities`,
    );
  }
  const gradient = Float64Array.from(logProbs, (_, i) => weights?.[i] ?? 1);
  const denominator =
    normalizer ??
    Math.max(
      gradient.reduce((sum, weight) => sum + weight, 0),
      1,
    );
  let loss = 0;
  for (let i = 0; i < gradient.length; i++) {
    const weight = (gradient[i] as number) / denominator;
    gradient[i] = -weight;
    if (weight === 0) continue;
    const logProb = logProbs[i] as number;
    if (!Number.isFinite(logProb)) {
      throw new NonFiniteError(`expected finite token log-probabilities, found ${logProb} at ${i}`);
    }
    loss -= weight * logProb;
  }
  return { loss, gradient };
}
