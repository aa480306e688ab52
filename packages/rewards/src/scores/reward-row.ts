import type { ProblemType } from "@videosafety/safety-data";
import type { Score } from "./score.js";

/** The columns of a training row that the rewards read. `GrpoSample` of safety-data has them. */
export interface RewardExample {
  /** Reference completion, tagged. */
  readonly solution: string;
  /** Decides how the answer is graded. */
  readonly problemType: ProblemType;
}

/** One completion to judge. */
export interface RewardRow extends RewardExample {
  /** The completion's text. */
  readonly completion: string;
  /** What the model was asked, when the reward needs it. */
  readonly prompt?: string;
  /** Length of the completion in tokens, when known. */
  readonly completionTokens?: number;
}

/** Judges one completion. May throw: the row is then unscorable, with the message as its reason. */
export type RowReward = (row: RewardRow, options: { readonly signal?: AbortSignal }) => Score | Promise<Score>;
