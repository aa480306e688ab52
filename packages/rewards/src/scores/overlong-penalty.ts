import type { RowReward } from "./reward-row.js";
import { scored, unscorable } from "./score.js";

const NO_LENGTH = unscorable("expected the completion's length in tokens, found none: pass completionTokens");

/** Options of `overlongPenalty`. */
export interface OverlongOptions {
  /** Hard limit in tokens. */
  readonly maxTokens: number;
  /** Tokens before the limit over which the penalty grows. */
  readonly bufferTokens: number;
}

/**
 * Soft overlong punishment: 0 up to maxTokens - bufferTokens, then linear down to -1 at maxTokens, -1 beyond.
 * Source: DAPO (arXiv 2503.14476), equation 13.
 */
export function overlongPenalty({ maxTokens, bufferTokens }: OverlongOptions): RowReward {
  if (!(bufferTokens > 0 && bufferTokens <= maxTokens))
    throw new RangeError(`expected 0 < bufferTokens <= maxTokens, found ${bufferTokens} and ${maxTokens}`);
  return ({ completionTokens }) => {
    if (completionTokens === undefined) return NO_LENGTH;
    const over = completionTokens - (maxTokens - bufferTokens);
    return scored(over <= 0 ? 0 : -Math.min(1, over / bufferTokens));
  };
}
