import { AlarmShapeError } from "../errors.js";

/** An alarm token classification head: Linear(d, 1) on the alarm token's last hidden state, after the final norm. */
export interface AtcHead {
  /** [d] (or [1, d] flattened), `*_tokens_cls.weight`. */
  readonly weight: ArrayLike<number>;
  /** `*_tokens_cls.bias`. */
  readonly bias: number;
}

/**
 * The head whose tensors are `<name>.weight` and `<name>.bias` among a model's or an auxiliary head's parameters, as they
 * are now.
 *
 * @throws AlarmShapeError when there are none.
 */
export function atcHeadOf(
  parameters: ReadonlyMap<string, { readonly data: ArrayLike<number> }>,
  name: string,
): AtcHead {
  const [weight, bias] = [parameters.get(`${name}.weight`), parameters.get(`${name}.bias`)];
  if (weight === undefined || bias?.data[0] === undefined) {
    throw new AlarmShapeError(`expected tensors ${name}.weight and ${name}.bias, found [${[...parameters.keys()]}]`);
  }
  return { weight: Float64Array.from(weight.data), bias: bias.data[0] };
}

/** Derivatives of a loss through one head. */
export interface AtcHeadGradients {
  /** [d]. */
  readonly weight: Float64Array;
  /** Scalar. */
  readonly bias: number;
  /** [B, d] with respect to the hidden states. */
  readonly hidden: Float64Array;
}

/**
 * Logits [B] of hidden states [B, d]: hidden weight^T + bias, summed in float64.
 *
 * @throws AlarmShapeError when `hidden` is not a whole number of rows of width d.
 */
export function atcLogits(hidden: ArrayLike<number>, head: AtcHead): Float64Array {
  const width = head.weight.length;
  const logits = new Float64Array(rowsOf(hidden, width));
  for (let i = 0; i < logits.length; i++) {
    let sum = head.bias;
    for (let j = 0; j < width; j++) sum += (hidden[i * width + j] as number) * (head.weight[j] as number);
    logits[i] = sum;
  }
  return logits;
}

/**
 * Carries d loss / d logits [B] back to the head and to the hidden states.
 *
 * @throws AlarmShapeError when the rows of `hidden` and of `logitGradient` differ in number.
 */
export function atcGradients(
  hidden: ArrayLike<number>,
  head: AtcHead,
  logitGradient: ArrayLike<number>,
): AtcHeadGradients {
  const width = head.weight.length;
  const rows = rowsOf(hidden, width);
  if (rows !== logitGradient.length) {
    throw new AlarmShapeError(`expected ${rows} logit gradients, one per hidden state, found ${logitGradient.length}`);
  }
  const weight = new Float64Array(width);
  const hiddenGradient = new Float64Array(rows * width);
  let bias = 0;
  for (let i = 0; i < rows; i++) {
    const gradient = logitGradient[i] as number;
    bias += gradient;
    for (let j = 0; j < width; j++) {
      weight[j] = (weight[j] as number) + gradient * (hidden[i * width + j] as number);
      hiddenGradient[i * width + j] = gradient * (head.weight[j] as number);
    }
  }
  return { weight, bias, hidden: hiddenGradient };
}

function rowsOf(hidden: ArrayLike<number>, width: number): number {
  if (width === 0 || hidden.length % width !== 0) {
    throw new AlarmShapeError(`expected hidden states [B, ${width}], found ${hidden.length} values`);
  }
  return hidden.length / width;
}
